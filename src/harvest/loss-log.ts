import type { Grade } from '../domain/task.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { HOUR_MS } from '../time.ts';
import type { HarvestDeps } from './harvester.ts';

type Loss = TimeRange & { readonly api: string; readonly grade: Grade; readonly reason: string };

/** Tells the log of what is lost: at once, and of what goes on from there an hour's worth at a time. */
export type LossLog = {
  readonly lost: (loss: Loss) => void;
  /** Tells what has waited for its hour. */
  readonly look: () => void;
};

/** A stretch that is growing, and what of it the log does not have yet. Instants are monotonic ms. */
type Growing = { readonly loss: Loss; readonly untold: TimeRange | null; readonly toldAt: number };

/** Of an API that stays refused a few seconds leave the window at each turn: a line for each would be 11,000 a day. */
export function createLossLog({ log, clock }: Pick<HarvestDeps, 'log' | 'clock'>): LossLog {
  const growing = new Map<string, Growing>();
  const tell = ({ api, grade, reason }: Loss, { since, until }: TimeRange) => {
    const range = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
    log.warn({ api, grade, ...range, reason }, 'a stretch is lost');
  };
  return {
    lost: (loss) => {
      const key = `${loss.api} ${loss.grade} ${loss.reason}`;
      const before = growing.get(key);
      if (before?.loss.until === loss.since) {
        const since = before.untold?.since ?? loss.since;
        growing.set(key, { ...before, loss, untold: { since, until: loss.until } });
        return;
      }
      if (before?.untold) tell(before.loss, before.untold);
      tell(loss, loss);
      growing.set(key, { loss, untold: null, toldAt: clock.monotonic() });
    },
    look: () => {
      for (const [key, { loss, untold, toldAt }] of growing) {
        if (clock.monotonic() - toldAt < HOUR_MS) continue;
        growing.delete(key);
        if (untold === null) continue;
        tell(loss, untold);
        growing.set(key, { loss, untold: null, toldAt: clock.monotonic() });
      }
    },
  };
}
