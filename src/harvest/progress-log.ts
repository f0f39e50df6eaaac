import { loggedProgress } from '../domain/progress.ts';
import type { Harvest } from './harvester.ts';
import { progressOf } from './progress.ts';
import type { Scene } from './scene.ts';

/** Says in the log now and then how far the daemon is, while it has something to catch up with. */
export type ProgressLog = {
  /** @param at - Whether it has something to catch up with and may call, and how many calls a period the newest tasks take. */
  readonly look: (scene: Scene, at: { readonly isBehind: boolean; readonly tailCalls: number }) => void;
};

/** A backfill of a day is read in the log at a glance, and does not fill it. */
const SAY_EVERY_MS = 60_000;

export function createProgressLog(harvest: Harvest): ProgressLog {
  const { clock, log, ledger } = harvest.deps;
  const callsBefore = ledger.journal.newestCall();
  let saidAt = Number.NEGATIVE_INFINITY;
  return {
    look: (scene, { isBehind, tailCalls }) => {
      const now = clock.monotonic();
      if (!isBehind || now - saidAt < SAY_EVERY_MS) return;
      saidAt = now;
      const calls = ledger.journal.newestCall() - callsBefore;
      const sight = { pictures: scene.all, now: scene.now, upper: scene.upper, tailCalls };
      log.info(loggedProgress(progressOf(harvest, sight, calls)), 'progress');
    },
  };
}
