import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../time.ts';
import type { SimulatorOptions } from './options.ts';
import { chance } from './random.ts';

const JITTER = 1;
const SHAPE = 2;
const LIVE = 3;

/** Tasks that arrive after the start: from `firstAt` on, either `perMinute` for ever, or `count` at that moment. */
export type Arrivals =
  | { readonly kind: 'flow'; readonly firstIndex: number; readonly firstAt: number; readonly perMinute: number }
  | { readonly kind: 'burst'; readonly firstIndex: number; readonly firstAt: number; readonly count: number };

/** When each task was posted: monotone in the index, so it can be searched. Instants are epoch ms, whole seconds. */
export type Timeline = {
  readonly postedAt: (index: number) => number;
  /** How many tasks were posted before `at`, were it the future: 0 … 50 million and the live ones. */
  readonly countBefore: (at: number) => number;
};

/**
 * Lays the tasks of one API out in time. Index 0 is the oldest. Task `i` of `n` sits at the quantile `(i + jitter) / n` of the
 * chosen shape, which keeps the order without remembering anything.
 *
 * @param live - Ascending; each part ends where the next begins.
 */
export function createTimeline(
  options: SimulatorOptions,
  seed: number,
  startedAt: number,
  live: readonly Arrivals[],
): Timeline {
  const lastAt = wholeSecond(startedAt - options.newestAgoMs);
  const spanMs = Math.ceil((options.spanDays * DAY_MS) / SECOND_MS) * SECOND_MS;
  const firstAt = lastAt - spanMs;
  const law = quantiles(options, seed, spanMs);
  const postedAt = (index: number): number => {
    const jitter = chance(seed, index, JITTER);
    if (index < options.tasks) return wholeSecond(firstAt + law((index + jitter) / options.tasks));
    return livePostedAt(live, index, chance(seed, index, LIVE));
  };
  const most = (at: number): number => options.tasks + liveAtMost(live, at);
  return { postedAt, countBefore: (at) => firstIndexFrom(postedAt, at, most(at)) };
}

/** How many tasks `perMinute` has brought by the moment `at` (inclusive), counted from the part's first. */
export function arrivedInFlow(flow: Extract<Arrivals, { kind: 'flow' }>, seed: number, at: number): number {
  const most = Math.max(0, Math.ceil(((at - flow.firstAt) / MINUTE_MS) * flow.perMinute) + 1);
  const postedAt = (k: number) => flowPostedAt(flow, k, chance(seed, flow.firstIndex + k, LIVE));
  return flow.perMinute === 0 ? 0 : firstIndexFrom(postedAt, at + 1, most);
}

function flowPostedAt(flow: Extract<Arrivals, { kind: 'flow' }>, k: number, jitter: number): number {
  const at = flow.firstAt + ((k + jitter) / flow.perMinute) * MINUTE_MS;
  // Rounded up: it must not be there before its moment has come.
  return Math.ceil(at / SECOND_MS) * SECOND_MS;
}

function livePostedAt(live: readonly Arrivals[], index: number, jitter: number): number {
  const part = live.findLast((candidate) => candidate.firstIndex <= index);
  if (part === undefined) return Infinity;
  if (part.kind === 'flow')
    return part.perMinute === 0 ? Infinity : flowPostedAt(part, index - part.firstIndex, jitter);
  return index < part.firstIndex + part.count ? wholeSecond(part.firstAt) : Infinity;
}

function liveAtMost(live: readonly Arrivals[], at: number): number {
  const last = live.at(-1);
  const first = live[0];
  if (last === undefined || first === undefined) return 0;
  const before = last.firstIndex - first.firstIndex;
  if (last.kind === 'burst') return before + last.count;
  return before + Math.max(0, Math.ceil(((at - last.firstAt) / MINUTE_MS) * last.perMinute) + 1);
}

/** The first index, 0 … most, whose instant is not before `at`. */
function firstIndexFrom(instantOf: (index: number) => number, at: number, most: number): number {
  let low = 0;
  let high = most;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (instantOf(middle) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Knot = { readonly mass: number; readonly ms: number };

/** From the share of tasks before a moment (0 … 1) to that moment, ms from the beginning of the span. */
function quantiles(options: SimulatorOptions, seed: number, spanMs: number): (mass: number) => number {
  const knots = shapeKnots(options, seed, spanMs);
  return (mass) => {
    const after = firstIndexFrom((index) => knots[index]?.mass ?? 1, mass, knots.length - 1);
    const right = knots[Math.max(1, after)];
    const left = knots[Math.max(1, after) - 1];
    if (left === undefined || right === undefined) return 0;
    const share = right.mass === left.mass ? 0 : (mass - left.mass) / (right.mass - left.mass);
    return left.ms + share * (right.ms - left.ms);
  };
}

function shapeKnots(options: SimulatorOptions, seed: number, spanMs: number): readonly Knot[] {
  switch (options.arrivals) {
    case 'uniform':
      return cells([[1, 0, 1]], spanMs);
    case 'bursty':
      return cells(burstyCells(seed, spanMs), spanMs);
    case 'heavy_tailed':
      return cells(heavyCells(seed, spanMs), spanMs);
    case 'sparse':
      return cells(islands(seed), spanMs);
    case 'crowded_minute':
      return crowd(options, spanMs, MINUTE_MS);
    case 'crowded_second':
      return crowd(options, spanMs, SECOND_MS);
  }
}

/** [weight, from, to]: so much of the mass lies evenly between these shares of the span; between cells lies nothing. */
type Cell = readonly [weight: number, from: number, to: number];

function cells(list: readonly Cell[], spanMs: number): Knot[] {
  const total = list.reduce((sum, [weight]) => sum + weight, 0);
  let mass = 0;
  return list.flatMap(([weight, from, to], index) => {
    const left = { mass, ms: from * spanMs };
    mass = index === list.length - 1 ? 1 : mass + weight / total;
    return [left, { mass, ms: to * spanMs }];
  });
}

function burstyCells(seed: number, spanMs: number): Cell[] {
  const days = Math.max(1, Math.round(spanMs / DAY_MS));
  const width = 0.02;
  return Array.from({ length: days }, (_, day): Cell[] => {
    const at = chance(seed, day, SHAPE) * (1 - width);
    const edge = (share: number) => (day + share) / days;
    return [
      [0.05, edge(0), edge(at)],
      [0.9, edge(at), edge(at + width)],
      [0.05, edge(at + width), edge(1)],
    ];
  }).flat();
}

/** Pareto with exponent 1.2, cut at a thousand: an hour may have a thousand times the tasks of the emptiest. */
function heavyCells(seed: number, spanMs: number): Cell[] {
  const hours = Math.min(20_000, Math.max(2, Math.round(spanMs / HOUR_MS)));
  return Array.from({ length: hours }, (_, hour) => {
    const weight = Math.min(1_000, (1 - chance(seed, hour, SHAPE)) ** (-1 / 1.2));
    return [weight, hour / hours, (hour + 1) / hours] as const;
  });
}

function islands(seed: number): Cell[] {
  return Array.from({ length: 5 }, (_, island) => {
    const from = (island + chance(seed, island, SHAPE) * 0.9) / 5;
    return [1, from, from + 0.002] as const;
  });
}

function crowd(options: SimulatorOptions, spanMs: number, widthMs: number): Knot[] {
  const inside = Math.min(options.crowdTasks, options.tasks) / Math.max(1, options.tasks);
  const before = Math.round(options.crowdAt * options.tasks * (1 - inside)) / Math.max(1, options.tasks);
  const ms = wholeSecond(options.crowdAt * (spanMs - widthMs));
  const end = { mass: 1, ms: spanMs };
  return [{ mass: 0, ms: 0 }, { mass: before, ms }, { mass: before + inside, ms: ms + widthMs }, end];
}

function wholeSecond(at: number): number {
  return Math.floor(at / SECOND_MS) * SECOND_MS;
}
