import { intersect, subtract } from './coverage.ts';
import { BOUND_MARGIN_MS, type ApiPicture } from './gaps.ts';
import { neighbour, pagesOfRows, SHORTEST_SLICE_MS, SLICE_PAGES, sliceLength } from './slicing.ts';
import type { Grade } from './task.ts';
import type { TimeRange } from './time-range.ts';
import { windowEdge } from './window.ts';

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

export type SettlingMoment = {
  readonly now: number;
  readonly upper: number;
  readonly settleMs: number;
  /** How long a slice may take to read, ms: nearer to an edge nothing is begun. */
  readonly readingMs: number;
  readonly limit: number;
};

export type SettlingSlice = { readonly range: TimeRange; readonly grade: Grade };

/**
 * The next stretch whose settling is due: what was read too early to be final and is old enough by now, at most a slice of it;
 * null while there is little. Only what is covered is settled, gaps are the backlog's; what has left the window stays as it is.
 */
export function settlingSlice(picture: ApiPicture, moment: SettlingMoment): SettlingSlice | null {
  const { upper, settleMs, limit } = moment;
  const until = upper - settleMs;
  const since = safeEdge(picture, 'ids', moment);
  if (since >= until) return null;
  const early = picture.segments.filter((segment) => segment.settledAt === null);
  const [oldest] = subtract(intersect(early, [{ since, until }]), picture.taken);
  if (oldest === undefined || until - oldest.since < settleMs) return null;
  const density = neighbour(picture.densities, oldest.since);
  const length =
    density === null ? oldest.until - oldest.since : sliceLength(oldest, density, { pages: SLICE_PAGES, limit });
  return {
    range: { since: oldest.since, until: oldest.since + length },
    // A reading of ids keeps the grade that the stretch has.
    grade: oldest.since >= safeEdge(picture, 'metadata', moment) ? 'metadata' : 'ids',
  };
}

function safeEdge(picture: ApiPicture, grade: Grade, { now, readingMs }: SettlingMoment): number {
  return windowEdge(grade, now, picture.refusals) + BOUND_MARGIN_MS + readingMs;
}
