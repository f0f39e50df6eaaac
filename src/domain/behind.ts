import { clip, heldOf, lengthOf, subtract } from './coverage.ts';
import type { ApiPicture } from './gaps.ts';
import type { TimeRange } from './time-range.ts';

/** How far the newest part of an API is read. Instants epoch ms of one clock. */
export type Frontline = {
  /** What is not read yet; of it counts what came since `startedAt`. */
  readonly unread: readonly TimeRange[];
  /** The end of its last reading. */
  readonly readUpTo: number;
  /** The end of what can be read, exclusive. */
  readonly upper: number;
  /** Since when the tail is read: what was not read before is a backlog, and no sign that it cannot keep up. */
  readonly startedAt: number;
  /** How long the daemon means to be between two readings of this tail, ms. */
  readonly everyMs: number;
};

/** What of an API is neither read nor lost since `startedAt`: what has left the window will never be read, and is not late. */
export function unreadSince(
  startedAt: number,
  { segments, losses }: Pick<ApiPicture, 'segments' | 'losses'>,
  upper: number,
): TimeRange[] {
  if (startedAt >= upper) return [];
  const lost = losses.filter(({ grade }) => grade === 'ids');
  return subtract([{ since: startedAt, until: upper }], [...heldOf(segments, 'ids'), ...lost]);
}

/** A reading may take a period, and one may fail. */
export const LATE_PERIODS = 3;

/**
 * How far an API is behind, ms: the time since the end of its last reading, or what was left unread on the way there, as by a tail
 * that had too much to read and began anew near the end; 0 while that is no more than a few readings are apart.
 */
export function behindMs({ unread, readUpTo, upper, startedAt, everyMs }: Frontline): number {
  const patienceMs = LATE_PERIODS * everyMs;
  const within = { since: startedAt, until: upper - patienceMs };
  const worst = Math.max(upper - readUpTo, lengthOf(unread.flatMap((range) => clip(range, within) ?? [])));
  return worst > patienceMs ? worst : 0;
}
