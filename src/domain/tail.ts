import type { ApiPicture } from './gaps.ts';
import { pagesOfRows, SHORTEST_SLICE_MS } from './slicing.ts';
import type { TimeRange } from './time-range.ts';

export type Tail = {
  readonly upper: number;
  readonly settleMs: number;
  /** Posted times of the newest known tasks, newest first, at most a few pages of them. */
  readonly newest: readonly number[];
};

/**
 * The range of a tail read: from as far back as fits into the pages that it needs anyway, at most `settle`, to `upper`.
 * Reading back costs nothing and catches what appeared late.
 */
export function tailRange(picture: ApiPicture, tail: Tail, limit: number): TimeRange {
  const oldest = Math.max(tail.upper - tail.settleMs, picture.origins.metadata);
  const readUpTo = Math.max(oldest, ...picture.segments.map((segment) => Math.min(segment.until, tail.upper)));
  // On a busy account the newest tasks do not reach back to `oldest`: their number belongs to the time that they span.
  const from = Math.max(oldest, tail.newest.at(-1) ?? oldest);
  const recent = tail.newest.filter((at) => at >= from && at < readUpTo).length;
  const expected = (recent * (tail.upper - readUpTo)) / Math.max(readUpTo - from, SHORTEST_SLICE_MS);
  const pages = pagesOfRows(expected * 1.2, limit);
  const room = Math.floor(pages * (limit - 1) * 0.9 - expected);
  const known = tail.newest.filter((at) => at < readUpTo);
  const beyond = known[Math.max(room, 0)];
  const since = beyond === undefined ? oldest : Math.min(Math.max(beyond + 1000, oldest), readUpTo);
  return { since: Math.min(since, tail.upper - 1000), until: tail.upper };
}

/** The stretch whose settling is due: everything read too early to be final and old enough by now; null while there is little. */
export function settlingRange(picture: ApiPicture, upper: number, settleMs: number): TimeRange | null {
  const settled = upper - settleMs;
  const unsettled = picture.segments.filter((segment) => segment.settledAt === null && segment.since < settled);
  if (unsettled.length === 0) return null;
  const since = Math.min(...unsettled.map((segment) => segment.since));
  return settled - since >= settleMs ? { since, until: settled } : null;
}
