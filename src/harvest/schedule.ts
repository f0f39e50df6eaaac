import { createTask, setLogger } from 'node-cron';
import type { Clock } from '../time.ts';
import type { HarvestLog } from './harvester.ts';

/** node-cron is a wake-up only: it skips what it missed, so what is due is worked out from the ledger. */
export type Schedule = {
  /** To be called every few seconds: a schedule that waits for a wall clock which was put back would be silent for as long. */
  readonly lookUp: () => void;
  readonly stop: () => void;
};

export type ScheduleDeps = { readonly log: HarvestLog; readonly clock: Clock };

/** NTP slews by less between two looks; a person, a restored machine or the end of a suspension steps by more. */
const STEP_MS = 2_000;

/** @param cron - 5 or 6 fields, UTC. */
export function startSchedule(cron: string, onTick: () => void, { log, clock }: ScheduleDeps): Schedule {
  setLogger({
    info: (message) => log.debug({}, message),
    warn: (message) => log.warn({}, message),
    error: (message) => log.error({ error: String(message) }, 'the schedule reports an error'),
    debug: () => undefined,
  });
  // A tick that is late only makes the next read a little longer.
  const begin = () => {
    const task = createTask(cron, onTick, { timezone: 'UTC', suppressMissedWarning: true });
    void task.start();
    return task;
  };
  const wallOffset = () => clock.now() - clock.monotonic();
  let task = begin();
  let offset = wallOffset();
  return {
    lookUp: () => {
      if (Math.abs(wallOffset() - offset) < STEP_MS) return;
      offset = wallOffset();
      void task.destroy();
      task = begin();
      onTick();
    },
    stop: () => {
      void task.destroy();
    },
  };
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Pauses come back after a week at the latest, or so rarely that a few runs show them. */
const LOOKED_AHEAD_MS = 8 * 24 * HOUR_MS;
const FEW_RUNS = 8;
/** The hours of those days. */
const MANY_RUNS = 200;

/**
 * The longest time between two ticks, ms. Hours, minutes and seconds are looked at one by one: a week has ten thousand
 * minutes, and node-cron takes a second for them.
 *
 * @param cron - 5 or 6 fields, UTC.
 */
export function longestPauseMs(cron: string): number {
  const fields = cron.trim().split(/\s+/);
  const [second = '0', minute = '0', ...days] = fields.length === 5 ? ['0', ...fields] : fields;
  const seconds = within(MINUTE_MS, runsOf(`${second} * * * * *`, MINUTE_MS / SECOND_MS));
  const minutes = within(HOUR_MS, runsOf(`0 ${minute} * * * *`, HOUR_MS / MINUTE_MS));
  const hours = runsOfDays(`0 0 ${days.join(' ')}`);
  return Math.max(
    longestStep(seconds),
    longestStep(minutes) - span(seconds),
    longestStep(hours) - span(minutes) - span(seconds),
    SECOND_MS,
  );
}

function runsOfDays(cron: string): number[] {
  const few = runsOf(cron, FEW_RUNS);
  return span(few) >= LOOKED_AHEAD_MS ? few : runsOf(cron, MANY_RUNS);
}

function runsOf(cron: string, most: number): number[] {
  const task = createTask(cron, () => undefined, { timezone: 'UTC' });
  const runs = task.getNextRuns(most).map((date) => date.getTime());
  void task.destroy();
  return runs;
}

/** Their places in a minute or an hour, in order. */
function within(unitMs: number, runs: readonly number[]): number[] {
  return [...new Set(runs.map((at) => at % unitMs))].sort((a, b) => a - b);
}

function longestStep(instants: readonly number[]): number {
  return Math.max(...instants.slice(1).map((at, index) => at - (instants[index] ?? at)), 0);
}

function span(instants: readonly number[]): number {
  return (instants.at(-1) ?? 0) - (instants[0] ?? 0);
}
