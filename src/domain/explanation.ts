import type { MetadataState } from './merge-task.ts';
import type { Grade, TaskState } from './task.ts';

/** What `explain` is asked: a task by its id, or a moment. */
export type Question =
  { readonly kind: 'task'; readonly id: string } | { readonly kind: 'moment'; readonly at: number };

/** `explain --json` to the letter. Instants are ISO 8601 in UTC by the server's clock. */
export type Explanation =
  | { readonly kind: 'moment'; readonly moment: string; readonly at: string; readonly apis: readonly MomentOfApi[] }
  | { readonly kind: 'task'; readonly id: string; readonly at: string; readonly task: TaskStory | null };

/** What of a moment of an API is proven, and what is lacking. */
export type MomentOfApi = {
  readonly api: string;
  readonly covered: Covering | null;
  /** Null when nothing is: it is covered at the grade that the server still has of it. */
  readonly lack: Lack | null;
};

/** The reading that proves it. */
export type Covering = {
  readonly since: string;
  readonly until: string;
  readonly grade: Grade;
  readonly settledAt: string | null;
  readonly readAt: string;
  readonly walk: number;
  readonly purpose: string;
  /** What the walk read in all; a later one may have taken its place beside the moment. */
  readonly walkSince: string;
  readonly walkUntil: string;
  readonly rows: number;
  readonly length: number;
  readonly digest: string;
  readonly doubts: number;
  readonly calls: readonly CallMade[];
};

/** A page in the journal. */
export type CallMade = {
  readonly id: number;
  readonly sentAt: string;
  readonly answeredAt: string | null;
  readonly offset: number;
  readonly rows: number | null;
};

/** Why a moment is not covered at its grade. */
export type Lack =
  | { readonly kind: 'future' }
  /** Younger than the lag: it is read once it lies far enough behind the server's clock. */
  | { readonly kind: 'too_young'; readonly readableAt: string }
  | { readonly kind: 'never_read' }
  | { readonly kind: 'before_origin'; readonly origin: string }
  | { readonly kind: 'lost'; readonly grade: Grade; readonly lostAt: string; readonly reason: string }
  | { readonly kind: 'being_read'; readonly grade: Grade; readonly walk: number; readonly failure: string | null }
  /** It has its turn after so many calls, unless it expires before. */
  | {
      readonly kind: 'gap';
      readonly grade: Grade;
      readonly since: string;
      readonly until: string;
      readonly callsBefore: number;
      readonly etaSeconds: number;
      /** False while a density is unknown: then both are the least that it can be. */
      readonly exact: boolean;
      readonly expiresAt: string;
    }
  /** It left the window a moment ago, and that is not accounted for yet. */
  | { readonly kind: 'left' };

export type TaskStory = {
  readonly api: string;
  readonly endpoint: string;
  readonly url: string | null;
  readonly postedAt: string;
  readonly doneAt: string | null;
  readonly status: string | null;
  readonly state: TaskState;
  readonly cost: number | null;
  readonly tag: string | null;
  readonly target: string | null;
  readonly metadataState: MetadataState;
  readonly firstSeenAt: string;
  /** Null: it is as it was first seen. */
  readonly changedAt: string | null;
  /** Null once its call is no longer in the journal. */
  readonly firstListed: FirstListing | null;
  /** Its posted second, as `explain` tells any moment. */
  readonly posted: MomentOfApi;
  readonly changes: readonly {
    readonly seenAt: string;
    readonly field: string;
    readonly old: string | null;
    readonly new: string | null;
  }[];
  readonly doubts: readonly { readonly kind: string; readonly seenAt: string; readonly detail: string }[];
};

/** The walk that brought a task, and the call; more than one where several were answered in that second. */
export type FirstListing = { readonly walk: number; readonly purpose: string; readonly calls: readonly CallMade[] };
