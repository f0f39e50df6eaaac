import type { ApiPicture } from './gaps.ts';
import { safeEdge, type SettlingMoment } from './settling.ts';
import type { TimeRange } from './time-range.ts';

/** A covered stretch and when it was last read, epoch ms. */
export type AgedStretch = TimeRange & { readonly readAt: number };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A reading within so long of the end of its month counts as the last one. */
const LAST_LOOK_MS = 3 * DAY;
/** A stretch is read for the last time when it is so near the edge; what lies beside it is then read too, a day at a time. */
const LAST_LOOK_DUE_MS = 12 * HOUR;
const LAST_LOOK_REACH_MS = 36 * HOUR;

/** What is looked through for stretches whose last reading in their month is due. */
export function lastLookRange(picture: ApiPicture, moment: SettlingMoment): TimeRange {
  const since = safeEdge(picture, 'metadata', moment);
  return { since, until: Math.min(since + LAST_LOOK_REACH_MS, moment.upper) };
}

/**
 * What is read a last time, for refunds, before it leaves the month; empty while nothing is near enough to the edge. A stretch
 * that was read within the last three days of its month has had its last reading.
 *
 * @param aged - What is covered of {@link lastLookRange}.
 */
export function lastLooks(aged: readonly AgedStretch[], { since }: TimeRange, now: number): TimeRange[] {
  const due = aged.filter(({ readAt }) => now - readAt > LAST_LOOK_MS);
  return due.some((stretch) => stretch.since < since + LAST_LOOK_DUE_MS) ? due : [];
}

/** Evidence that is older than this is proven anew with what is left of the budget. */
export const VERIFY_AFTER_MS = 30 * DAY;
/** What lies beside it and is not much younger is proven with it, so that many small readings become one. */
const VERIFY_BESIDE_MS = 20 * DAY;

/**
 * What is read again because nobody has looked for a month: the first stretch that old, and those that follow it.
 * @param aged - What is covered, in order of time, from some stretch on whose evidence is old.
 */
export function oldEvidence(aged: readonly AgedStretch[], now: number): TimeRange[] {
  const [first] = aged;
  if (first === undefined || now - first.readAt < VERIFY_AFTER_MS) return [];
  const young = aged.findIndex(({ readAt }) => now - readAt < VERIFY_BESIDE_MS);
  return young < 0 ? [...aged] : aged.slice(0, young);
}
