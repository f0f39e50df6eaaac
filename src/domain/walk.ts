import type { CallPurpose } from './call.ts';
import type { ReadingState } from './evidence.ts';
import type { Grade } from './task.ts';
import type { TimeRange } from './time-range.ts';

/** A slice being read. Range and grade never change; if one must, the walk ends and another begins at offset 0 (I6). */
export type Walk = {
  readonly id: number;
  readonly api: string;
  readonly purpose: CallPurpose;
  readonly grade: Grade;
  readonly range: TimeRange;
  /** Rows a page, 1 … 1000; halved when pages prove too large. */
  readonly limit: number;
  /** The limit that proved too large last; null while none has, and once it is tried again. */
  readonly failedLimit: number | null;
  /** Pages had since then. */
  readonly pagesSinceFailed: number;
  /** 0, or how many pages a walk into the unknown may take. */
  readonly openingPages: number;
  readonly reading: ReadingState;
  /** The server's clock when the first page of the present reading was answered; null before. */
  readonly firstPageAt: number | null;
  /** Finished rows inside the slice that this reading listed, and how many of them carried metadata. */
  readonly finishedRows: number;
  readonly describedRows: number;
  readonly firstPostedAt: number | null;
  readonly lastPostedAt: number | null;
  /** Failures in a row. */
  readonly failures: number;
  readonly retryAt: number | null;
  readonly failure: string | null;
  readonly firstCall: number | null;
  readonly lastCall: number | null;
  readonly calls: number;
  readonly doubts: number;
  /** Tasks that it added or changed; of a chase, whose changes are expected, only those that it added. */
  readonly found: number;
};

export type WalkPlan = Pick<Walk, 'api' | 'purpose' | 'grade' | 'range' | 'limit' | 'openingPages'>;

/**
 * How a walk ended. `covered`: proven, or covered with a doubt · `given_up`: an opening that turned out large · `halved`: two
 * walks took its place · `expired`: its beginning left the window · `shifted`: its end was not in the past · `dropped`: it
 * failed, and its turn comes again by itself (tail, probes).
 */
export type WalkOutcome = 'covered' | 'given_up' | 'halved' | 'expired' | 'shifted' | 'dropped';

/** What a doubt is about. */
export type DoubtKind =
  | 'quarantined'
  | 'reverted'
  | 'moved'
  | 'unproven'
  | 'unlisted'
  | 'repeating_page'
  | 'no_metadata'
  | 'filter'
  | 'rejected';
