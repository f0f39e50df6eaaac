import { heldOf, union } from './coverage.ts';
import type { ApiPicture } from './gaps.ts';
import { pagesOfRows, rowsOfPages, SLICE_PAGES } from './slicing.ts';
import type { TimeRange } from './time-range.ts';

export type Tail = {
  /** The end of what can be read now, exclusive. */
  readonly upper: number;
  /** The first instant that can still be asked for once the read has its turn. */
  readonly edge: number;
  readonly settleMs: number;
  /** How long the schedule of the tail pauses, ms. */
  readonly tailPeriodMs: number;
  /** Posted times of the newest known tasks, newest first, at most a few pages of them. */
  readonly newest: readonly number[];
  /** There are no older ones. */
  readonly newestIsAll: boolean;
  /** Pages that this read may take; Infinity while nothing else waits. */
  readonly mostPages: number;
  /** Rows a page, 2 … 1000. */
  readonly limit: number;
};

export type TailSlice = {
  readonly range: TimeRange;
  /** Pages that it is expected to take. */
  readonly pages: number;
  /** What is left to the backlog between the last read and this one; null where this one goes on from there. */
  readonly left: TimeRange | null;
};

/** What is expected must fit with room to spare: a page more than was planned costs a quarter of a minute of backlog. */
const SPARE = 1.1;
/** Into the unknown a read reaches back so many times as far as is known already. */
const REACH = 8;
const SHORTEST_MS = 60_000;
const RECENT_PERIODS = 3;

/**
 * The next read of the newest tasks; null while there is nothing new.
 *
 * It goes on where the last one ended. Where that takes fewer rows than its pages hold it reaches back, at most `settle`: that costs
 * nothing and catches what appeared late. Where it takes more than its share holds, it reads as much and is behind. After a stop, and
 * where catching up would take more than a slice, it begins anew near the end, and what is older is a gap.
 */
export function planTail(picture: ApiPicture, tail: Tail): TailSlice | null {
  const { upper, settleMs, limit } = tail;
  // No further, though it would settle what it reads for nothing: each read would leave a segment of a minute for ever.
  const floor = Math.max(upper - settleMs, picture.origins.metadata, tail.edge);
  const held = heldOf(picture.segments, 'ids');
  const known = held.at(-1) ?? null;
  // What a walk has begun counts as passed, for it has its own turn.
  const passed = union([...held, ...picture.taken].filter(({ since }) => since < upper)).at(-1)?.until ?? 0;
  if (floor >= upper || passed >= upper) return null;
  const rate = known === null ? null : rateIn(known, tail);
  const expected = (rate ?? 0) * (upper - passed);
  const isFar = known === null || passed < floor || pagesOfRows(expected, limit) > SLICE_PAGES;
  if (isFar) return startAnew({ since: Math.max(floor, passed), passed, rate }, tail);
  const needed = pagesOfRows(expected * SPARE, limit);
  if (needed > tail.mostPages) return aPart(passed, rate ?? 0, tail);
  const back = reachBack(known, { needed, expected, tail });
  const since = Math.min(Math.max(back, floor, endOfTaken(picture, passed)), passed);
  return { range: { since, until: upper }, pages: needed, left: null };
}

/** Rows a ms at the end of what was read last without a hole; null where that is too short to tell. */
function rateIn(known: TimeRange, { newest, newestIsAll, settleMs, tailPeriodMs }: Tail): number | null {
  const counted = newestIsAll ? known.since : Math.max(known.since, newest.at(-1) ?? known.since);
  const since = Math.max(counted, known.until - settleMs);
  if (known.until - since < 1_000) return null;
  const rateFrom = (from: number) =>
    newest.filter((at) => at >= from && at < known.until).length / (known.until - from);
  // What has become faster counts at once, what has become slower in time.
  return Math.max(rateFrom(since), rateFrom(Math.max(since, known.until - RECENT_PERIODS * tailPeriodMs)));
}

type Beginning = {
  /** Not before this. */
  readonly since: number;
  readonly passed: number;
  readonly rate: number | null;
};

/** Near the end, as far back as a read of the share holds by what is known; the time between two reads where nothing is. */
function startAnew({ since: least, passed, rate }: Beginning, tail: Tail): TailSlice {
  const { upper, limit } = tail;
  const shortest = Math.max(tail.tailPeriodMs, SHORTEST_MS);
  const pages = Math.min(tail.mostPages, SLICE_PAGES);
  const holds = rate === null ? 0 : rate === 0 ? Infinity : rowsOfPages(pages, limit) / SPARE / rate;
  const since = Math.max(least, wholeSecond(upper - Math.max(holds, shortest)));
  const left = passed > 0 && passed < since ? { since: passed, until: since } : null;
  return { range: { since, until: upper }, pages: rate === null ? 1 : pages, left };
}

/** More has come than the share can read: as much of it as its pages hold. */
function aPart(since: number, rate: number, tail: Tail): TailSlice {
  const holds = rowsOfPages(tail.mostPages, tail.limit) / SPARE / rate;
  const until = Math.min(Math.max(wholeSecond(since + holds), since + 1_000), tail.upper);
  return { range: { since, until }, pages: tail.mostPages, left: null };
}

/** From where on the rows fit into the pages that are needed anyway. */
function reachBack(known: TimeRange, at: { needed: number; expected: number; tail: Tail }): number {
  const { needed, expected, tail } = at;
  const room = Math.floor(rowsOfPages(needed, tail.limit) / SPARE - expected * SPARE);
  const before = tail.newest.filter((posted) => posted < known.until);
  const beyond = before[Math.max(room, 0)];
  if (beyond !== undefined && beyond >= known.since) return beyond + 1_000;
  return known.until - REACH * Math.max(known.until - known.since, SHORTEST_MS);
}

/** A walk that waits may be one that fails: to read its stretch once more would fail as well. */
function endOfTaken(picture: ApiPicture, before: number): number {
  return Math.max(
    0,
    ...picture.taken.filter(({ since }) => since < before).map(({ until }) => Math.min(until, before)),
  );
}

function wholeSecond(at: number): number {
  return Math.floor(at / 1000) * 1000;
}
