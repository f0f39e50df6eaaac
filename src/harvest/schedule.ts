import { createTask } from 'node-cron';
import type { Clock } from '../time.ts';

/**
 * When the schedule says that new tasks are read. node-cron reads the fields; the loop that asks brings the time, so that no
 * timer waits for a wall clock which was put back, and simulated time does as well as real time.
 */
export type Schedule = {
  /** Whether a tick has come since this was last asked; true at first, and after a step of the wall clock. */
  readonly ticked: () => boolean;
  /** Until the next tick, 0 … `mostMs`, ms. */
  readonly untilTick: (mostMs: number) => number;
};

/** Who has not asked for so long, or is told an earlier time than before, reads at once: a read too many costs one call. */
const STEP_MS = 120_000;

/** @param cron - 5 or 6 fields, UTC. */
export function createSchedule(cron: string, clock: Pick<Clock, 'now'>): Schedule {
  // It is never started: it only tells which seconds are meant.
  const task = createTask(cron, () => undefined, { timezone: 'UTC' });
  const second = (at: number) => Math.floor(at / SECOND_MS) * SECOND_MS;
  // Without a field for seconds only whole minutes are meant; node-cron takes its time for each moment that it looks at.
  const stepMs = cron.trim().split(/\s+/).length === 5 ? MINUTE_MS : SECOND_MS;
  const stepFrom = (at: number) => Math.ceil(at / stepMs) * stepMs;
  const matches = remembered((at) => task.match(new Date(at)));
  let asked = Number.NEGATIVE_INFINITY;
  const isTick = (from: number, to: number) => {
    for (let at = stepFrom(from); at <= to; at += stepMs) if (matches(at)) return true;
    return false;
  };
  return {
    ticked: () => {
      const now = second(clock.now());
      const before = asked;
      asked = now;
      return now < before || now - before > STEP_MS || isTick(before + SECOND_MS, now);
    },
    untilTick: (mostMs) => {
      const now = clock.now();
      for (let at = stepFrom(second(now) + SECOND_MS); at < now + mostMs; at += stepMs) {
        if (matches(at)) return at - now;
      }
      return mostMs;
    },
  };
}

/** Each turn of the loop asks for the same moments, until they have come: as many as a few turns may ask for. */
const MOST_REMEMBERED = 200;

function remembered(match: (at: number) => boolean): (at: number) => boolean {
  const known = new Map<number, boolean>();
  return (at) => {
    const last = known.get(at);
    if (last !== undefined) return last;
    if (known.size >= MOST_REMEMBERED) known.clear();
    const now = match(at);
    known.set(at, now);
    return now;
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
