import { BOUND_MARGIN_MS, type ApiPicture, type PlanPolicy } from './gaps.ts';
import { pagesOfRows } from './slicing.ts';
import type { Grade } from './task.ts';
import type { TimeRange } from './time-range.ts';
import { windowEdge } from './window.ts';

/** A covered stretch, when it was last read, and how many tasks it is likely to hold. */
export type AgedSegment = TimeRange & {
  readonly api: string;
  readonly grade: Grade;
  readonly readAt: number;
  readonly rows: number;
};

/** A stretch to read once more, at the highest grade that the server still has of it. */
export type RereadPlan = TimeRange & {
  readonly api: string;
  readonly grade: Grade;
  readonly readAt: number;
  /** The rest of the one before, which reaches out of the month. */
  readonly isRest: boolean;
};

export type RereadTerms = {
  readonly pictures: readonly ApiPicture[];
  readonly now: number;
  readonly policy: PlanPolicy;
};

/**
 * The first `count` of these that the server still answers for, cut to what stays inside its window until all of them are read
 * (I6: a walk whose beginning leaves the window would skip rows without a trace). One that reaches out of the month is two.
 */
export function slicesToReread(segments: Iterable<AgedSegment>, terms: RereadTerms, count: number): RereadPlan[] {
  const { policy } = terms;
  const pageMs = policy.periodMs / policy.tokens;
  const plans: RereadPlan[] = [];
  let chosen = 0;
  let pages = 0;
  for (const segment of segments) {
    if (chosen >= count) break;
    // Cut in two it takes another page.
    pages += pagesOfRows(segment.rows, policy.limit) + 1;
    const found = readable(segment, terms, pages * pageMs);
    if (found.length > 0) chosen += 1;
    plans.push(...found);
  }
  return plans;
}

/** How many slices these parts are, as many as were asked for where there are so many. */
export function slicesOf(parts: readonly RereadPlan[]): number {
  return parts.filter(({ isRest }) => !isRest).length;
}

/** How many of them are through with every part: of one that reaches out of the month the first part alone is no slice. */
export function slicesThrough(parts: readonly RereadPlan[], isThrough: (part: RereadPlan) => boolean): number {
  const open = parts.map((part) => !isThrough(part));
  const isOpen = (index: number) =>
    open[index] === true || (parts[index + 1]?.isRest === true && open[index + 1] === true);
  return parts.filter(({ isRest }, index) => !isRest && !isOpen(index)).length;
}

/** Metadata where the server still has it; ids, which never lower what is held, before that. */
function readable(segment: AgedSegment, { pictures, now }: RereadTerms, takesMs: number): RereadPlan[] {
  const picture = pictures.find(({ api }) => api === segment.api);
  if (picture === undefined) return [];
  const from = (grade: Grade) =>
    Math.ceil((windowEdge(grade, now, picture.refusals) + BOUND_MARGIN_MS + takesMs) / 1000) * 1000;
  const month = segment.grade === 'metadata' ? from('metadata') : Number.POSITIVE_INFINITY;
  const { api, readAt, since, until } = segment;
  const plans = [
    { api, readAt, grade: 'ids' as const, since: Math.max(since, from('ids')), until: Math.min(until, month) },
    { api, readAt, grade: 'metadata' as const, since: Math.max(since, month), until },
  ];
  return plans.filter((plan) => plan.since < plan.until).map((plan, index) => ({ ...plan, isRest: index > 0 }));
}
