import { createTask, setLogger } from 'node-cron';
import type { HarvestLog } from './harvester.ts';

/** node-cron is a wake-up only: it skips what it missed, so what is due is worked out from the ledger. */
export type Schedule = {
  readonly stop: () => void;
};

/** @param cron - 5 or 6 fields, UTC. */
export function startSchedule(cron: string, onTick: () => void, log: HarvestLog): Schedule {
  setLogger({
    info: (message) => log.debug({}, message),
    warn: (message) => log.warn({}, message),
    error: (message) => log.error({ error: String(message) }, 'the schedule reports an error'),
    debug: () => undefined,
  });
  // A tick that is late only makes the next read a little longer.
  const task = createTask(cron, onTick, { timezone: 'UTC', suppressMissedWarning: true });
  void task.start();
  return {
    stop: () => {
      void task.destroy();
    },
  };
}

/** How many runs ahead the longest pause of a schedule is looked for: a day of minutes. */
const RUNS_AHEAD = 1_440;

/** The longest time between two ticks, ms. @param cron - 5 or 6 fields, UTC. */
export function longestPauseMs(cron: string): number {
  const task = createTask(cron, () => undefined, { timezone: 'UTC' });
  const runs = task.getNextRuns(RUNS_AHEAD).map((date) => date.getTime());
  void task.destroy();
  return Math.max(...runs.slice(1).map((at, index) => at - (runs[index] ?? at)), 1_000);
}
