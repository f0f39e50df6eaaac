import { BOUND_MARGIN_MS, type PlanPolicy } from './gaps.ts';
import { pagesOfRows, SLICE_PAGES } from './slicing.ts';
import type { Walk } from './walk.ts';
import { windowEdge, type Refusal } from './window.ts';

/** The moment at which walks near an edge are looked at. */
export type EdgeMoment = {
  readonly now: number;
  readonly policy: PlanPolicy;
  readonly refusals: (api: string) => readonly Refusal[];
};

/**
 * How many walks may be in flight at once, so that each of these still ends before its first second leaves the window: they
 * share the calls of a period, and a walk that its window overtakes has to be begun anew, all its pages lost.
 *
 * @returns At least 1; Infinity where no walk is pressed.
 */
export function mostBesideEdge(walks: readonly Walk[], moment: EdgeMoment): number {
  const callMs = moment.policy.periodMs / moment.policy.tokens;
  const shares = walks.map((walk) => {
    const edge = windowEdge(walk.grade, moment.now, moment.refusals(walk.api));
    const leftMs = walk.range.since - BOUND_MARGIN_MS - edge;
    return leftMs / (pagesLeft(walk) * callMs);
  });
  return Math.max(Math.floor(Math.min(...shares)), 1);
}

/** By what the walk has shown so far; before its first page, and where it does not go forward in time, as much as a slice may have. */
function pagesLeft({ range, reading, openingPages, limit, firstPostedAt }: Walk): number {
  const unknown = openingPages > 0 ? openingPages : SLICE_PAGES;
  const { linkPostedAt, ordered, rows } = reading;
  if (linkPostedAt === null || firstPostedAt === null || !ordered) return Math.max(unknown - reading.pages, 1);
  const seenMs = Math.max(linkPostedAt - firstPostedAt, 1);
  const ahead = (rows * Math.max(range.until - linkPostedAt, 0)) / seenMs;
  return Math.max(pagesOfRows(ahead, limit), 1);
}
