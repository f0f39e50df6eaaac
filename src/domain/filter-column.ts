import type { ListedTask } from './task.ts';
import type { TimeRange } from './time-range.ts';

/** The time that the server compares with the bounds of a question; unknown until a row shows it (docs/endpoint.md, bounds). */
export type FilterColumn = 'posted' | 'done';

/** Bounds are asked a second wider, and a server may round: only what lies beyond this betrays the column. */
const TOLERANCE_MS = 2_000;

/**
 * What one row shows of the filter column: a task that was posted outside the asked range and done inside it is listed by
 * completion, and the reverse. Null where it shows nothing.
 */
export function filterShownBy(task: Pick<ListedTask, 'postedAt' | 'doneAt'>, range: TimeRange): FilterColumn | null {
  if (task.doneAt === null) return null;
  const postedInside = isNear(task.postedAt, range);
  const doneInside = isNear(task.doneAt, range);
  if (postedInside === doneInside) return null;
  return doneInside ? 'done' : 'posted';
}

function isNear(at: number, range: TimeRange): boolean {
  return at >= range.since - TOLERANCE_MS && at < range.until + TOLERANCE_MS;
}
