import { OVERLAP } from './evidence.ts';
import type { Walk } from './walk.ts';

/** Pages overlap by one row: with one row a page the offset would never move. */
export const SMALLEST_LIMIT = OVERLAP + 1;

/** So many pages must succeed below a limit that has failed before it is tried again: else every second call of a walk would fail. */
const PAGES_BEFORE_MORE = 20;

/** What a walk has learned of the rows a page may have. */
export type PageLimit = Pick<Walk, 'limit' | 'failedLimit' | 'pagesSinceFailed'>;

/** What the next walk of the same kind begins with; null where whole pages are no trouble. @param most - Rows a page, 1 … 1000. */
export function learnedLimit({ limit, failedLimit, pagesSinceFailed }: Walk, most: number): PageLimit | null {
  return limit >= most && failedLimit === null ? null : { limit, failedLimit, pagesSinceFailed };
}

/** Half the rows a page, because a page was too large or too slow. */
export function withSmallerPages(walk: Walk): Walk {
  const limit = Math.max(Math.ceil(walk.limit / 2), SMALLEST_LIMIT);
  return { ...walk, limit, failedLimit: walk.limit, pagesSinceFailed: 0 };
}

/**
 * After a page that succeeded: pages that had to be made small grow back, but stay below the limit that failed for a while.
 *
 * @param most - Rows a page, 1 … 1000.
 */
export function withLargerPages(walk: Walk, most: number): Walk {
  if (walk.limit >= most) return walk;
  const limit = Math.min(walk.limit * 2, most);
  const pagesSinceFailed = walk.pagesSinceFailed + 1;
  const tooEarly = walk.failedLimit !== null && limit >= walk.failedLimit && pagesSinceFailed < PAGES_BEFORE_MORE;
  if (tooEarly) return { ...walk, pagesSinceFailed };
  const failedLimit = walk.failedLimit !== null && limit >= walk.failedLimit ? null : walk.failedLimit;
  return { ...walk, limit, failedLimit, pagesSinceFailed };
}
