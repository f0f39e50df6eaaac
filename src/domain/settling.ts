import { intersect, subtract, unsettledOf } from './coverage.ts';
import { BOUND_MARGIN_MS, type ApiPicture } from './gaps.ts';
import { mergeNeighbours, type MergeTerms } from './merging.ts';
import { neighbour, rowsAt, pagesOfRows, sliceLength } from './slicing.ts';
import type { Grade } from './task.ts';
import type { TimeRange } from './time-range.ts';
import { windowEdge } from './window.ts';

export type SettlingMoment = {
  readonly now: number;
  readonly upper: number;
  readonly settleMs: number;
  /** How long a slice may take to read, ms: nearer to an edge nothing is begun. */
  readonly readingMs: number;
  readonly limit: number;
  /** Pages that a slice may take. */
  readonly mostPages: number;
};

/** A stretch to read once more, and the pages that are expected. */
export type AgainSlice = { readonly range: TimeRange; readonly grade: Grade; readonly pages: number };

/**
 * The next stretch whose settling is due: what was read too early to be final and is old enough by now, at most a slice of it;
 * null while there is little. Only what is covered is settled, gaps are the backlog's; what has left the window stays as it is.
 */
export function settlingSlice(picture: ApiPicture, moment: SettlingMoment): AgainSlice | null {
  const { upper, settleMs, limit, mostPages } = moment;
  const until = upper - settleMs;
  const since = safeEdge(picture, 'ids', moment);
  if (since >= until) return null;
  const unsettled = subtract(intersect(unsettledOf(picture.segments), [{ since, until }]), picture.taken);
  const [oldest] = unsettled;
  if (oldest === undefined || until - oldest.since < settleMs) return null;
  // What has settled in between is read along: one call for all of it, not one for each of a hundred strips.
  const [piece = oldest] = subtract(intersect(picture.segments, [{ since: oldest.since, until }]), picture.taken);
  const stretch = { since: oldest.since, until: intersect(unsettled, [piece]).at(-1)?.until ?? oldest.until };
  const density = neighbour(picture.densities, stretch.since);
  const length =
    density === null ? stretch.until - stretch.since : sliceLength(stretch, density, { pages: mostPages, limit });
  const range = { since: stretch.since, until: stretch.since + length };
  const pages = density === null ? 1 : pagesOfRows(rowsAt(range, density), limit);
  return { range, grade: gradeAt(picture, range.since, moment), pages };
}

/** A stretch that showed something new or changed when it was read again, so that it is read once more. */
export type Recheck = TimeRange & { readonly dueAt: number };

/** So many times as old as at the reading that found something it is read again: 1 h, 4 h, 16 h, 64 h, … */
const FARTHER = 4;

/**
 * When a stretch is read once more after a reading that found something new or changed there.
 * @param readAt - When that reading began.
 */
export function recheckAt(range: TimeRange, readAt: number, settleMs: number): number {
  return range.until + FARTHER * Math.max(readAt - range.until, settleMs);
}

/** What of the rechecks is due and can still be read, by the fewest calls; oldest first. */
export function dueRechecks(
  picture: ApiPicture,
  rechecks: readonly Recheck[],
  at: { readonly moment: SettlingMoment; readonly terms: MergeTerms },
): AgainSlice[] {
  const { moment } = at;
  const due = rechecks.filter(({ dueAt }) => dueAt <= moment.now);
  return slicesAgain(picture, due, at);
}

/**
 * Cuts stretches to what can be read again, each at the highest grade that the server still has of it, and merges neighbours.
 * Reading them at another grade than they have lowers none: a reading of ids over metadata keeps the grade.
 */
export function slicesAgain(
  picture: ApiPicture,
  ranges: readonly TimeRange[],
  { moment, terms }: { readonly moment: SettlingMoment; readonly terms: MergeTerms },
): AgainSlice[] {
  // Most looks find nothing that is due, and there may be tens of thousands of segments.
  if (ranges.length === 0) return [];
  const month = safeEdge(picture, 'metadata', moment);
  const parts: readonly (TimeRange & { readonly grade: Grade })[] = [
    { since: safeEdge(picture, 'ids', moment), until: month, grade: 'ids' },
    { since: month, until: moment.upper, grade: 'metadata' },
  ];
  const covered = intersect(ranges, picture.segments);
  return parts.flatMap((part) => {
    const free = part.since < part.until ? subtract([part], picture.taken) : [];
    return free
      .flatMap((piece) => mergeNeighbours(intersect(covered, [piece]), terms))
      .map(({ since, until, pages }) => ({ range: { since, until }, grade: part.grade, pages }));
  });
}

function gradeAt(picture: ApiPicture, since: number, moment: SettlingMoment): Grade {
  // A reading of ids keeps the grade that the stretch has.
  return since >= safeEdge(picture, 'metadata', moment) ? 'metadata' : 'ids';
}

/** From here on a reading that begins now ends before its first second leaves the window. */
export function safeEdge(
  picture: ApiPicture,
  grade: Grade,
  { now, readingMs }: Pick<SettlingMoment, 'now' | 'readingMs'>,
): number {
  const edge = windowEdge(grade, now, picture.refusals) + BOUND_MARGIN_MS + readingMs;
  return Math.ceil(Math.max(edge, 0) / 1000) * 1000;
}
