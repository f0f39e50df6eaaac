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
  const second = (at: number) => Math.floor(at / SECOND_MS) * SECOND_MS;
  // Without a field for seconds only whole minutes are meant.
  const stepMs = cron.trim().split(/\s+/).length === 5 ? MINUTE_MS : SECOND_MS;
  const stepFrom = (at: number) => Math.ceil(at / stepMs) * stepMs;
  const matches = matcherOf(cron);
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

/** So many hours are remembered: the loop asks for the present one and the next. */
const MOST_REMEMBERED = 200;

/**
 * Whether a whole second is meant. node-cron takes its time for each moment that it looks at, and the loop asks for every minute for
 * years: so seconds, minutes and hours are asked for apart, each once. A moment is meant where each of its fields is.
 */
function matcherOf(cron: string): (at: number) => boolean {
  const { second, minute, days } = fieldsOf(cron);
  const isSecond = remembered(`${second} * * * * *`, SECOND_MS);
  const isMinute = remembered(`* ${minute} * * * *`, MINUTE_MS);
  const isHour = remembered(`* * ${days}`, HOUR_MS);
  return (at) => isSecond(at % MINUTE_MS) && isMinute(at % HOUR_MS) && isHour(at);
}

/** What node-cron says of a moment, which is the same for all of a unit. The task is never started. */
function remembered(cron: string, unitMs: number): (at: number) => boolean {
  const task = createTask(cron, () => undefined, { timezone: 'UTC' });
  const known = new Map<number, boolean>();
  return (at) => {
    const unit = Math.floor(at / unitMs);
    const last = known.get(unit);
    if (last !== undefined) return last;
    if (known.size >= MOST_REMEMBERED) known.clear();
    const now = task.match(new Date(unit * unitMs));
    known.set(unit, now);
    return now;
  };
}

function fieldsOf(cron: string) {
  const fields = cron.trim().split(/\s+/);
  const [second = '0', minute = '0', ...days] = fields.length === 5 ? ['0', ...fields] : fields;
  return { second, minute, days: days.join(' ') };
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Pauses come back after a week at the latest, or so rarely that a few runs show them. */
const LOOKED_AHEAD_MS = 8 * 24 * HOUR_MS;
const FEW_RUNS = 8;

const pauses = new Map<string, number>();

/**
 * The longest time between two ticks, ms; worked out once for each schedule, since several ask at each start.
 *
 * @param cron - 5 or 6 fields, UTC.
 */
export function longestPauseMs(cron: string): number {
  const known = pauses.get(cron);
  if (known !== undefined) return known;
  const pause = findLongestPause(cron);
  pauses.set(cron, pause);
  return pause;
}

/**
 * Hours, minutes and seconds are looked at one by one, and each moment is asked for by itself: a week has ten thousand minutes, and
 * node-cron takes ten times as long to find the next of them as to say whether one is meant.
 */
function findLongestPause(cron: string): number {
  const { second, minute, days } = fieldsOf(cron);
  const seconds = meant(`${second} * * * * *`, 0, { stepMs: SECOND_MS, untilMs: MINUTE_MS });
  const minutes = meant(`* ${minute} * * * *`, 0, { stepMs: MINUTE_MS, untilMs: HOUR_MS });
  const hours = hoursOf(`0 0 ${days}`);
  return Math.max(
    longestStep(seconds),
    longestStep(minutes) - span(seconds),
    longestStep(hours) - span(minutes) - span(seconds),
    SECOND_MS,
  );
}

/** Those of the next eight days, or a few runs where they are rare. */
function hoursOf(cron: string): readonly number[] {
  const task = createTask(cron, () => undefined, { timezone: 'UTC' });
  const few = task.getNextRuns(FEW_RUNS).map((date) => date.getTime());
  void task.destroy();
  const [first] = few;
  if (first === undefined || span(few) >= LOOKED_AHEAD_MS) return few;
  return meant(cron, first, { stepMs: HOUR_MS, untilMs: LOOKED_AHEAD_MS + HOUR_MS });
}

/** Which of the moments from `since` on are meant, epoch ms. */
function meant(cron: string, since: number, { stepMs, untilMs }: { stepMs: number; untilMs: number }): number[] {
  const task = createTask(cron, () => undefined, { timezone: 'UTC' });
  const moments = Array.from({ length: untilMs / stepMs }, (_, n) => since + n * stepMs);
  const found = moments.filter((at) => task.match(new Date(at)));
  void task.destroy();
  return found;
}

function longestStep(instants: readonly number[]): number {
  return Math.max(...instants.slice(1).map((at, index) => at - (instants[index] ?? at)), 0);
}

function span(instants: readonly number[]): number {
  return (instants.at(-1) ?? 0) - (instants[0] ?? 0);
}
