import type { Certificate } from './certificate.ts';
import type { MetadataState } from './merge-task.ts';
import type { TaskState } from './task.ts';
import type { TimeRange } from './time-range.ts';
import type { UnknownValue } from './unknown-value.ts';

/** What a report is narrowed to; null: not narrowed. Instants are epoch ms of the server's clock, whole seconds, half-open, by posted time. */
export type ReportFilter = {
  readonly since: number | null;
  readonly until: number | null;
  readonly api: string | null;
  /** `backlinks/summary/live`, as the view `tasks` has it. */
  readonly endpoint: string | null;
  readonly tag: string | null;
  readonly state: TaskState | null;
};

export const NO_FILTER: ReportFilter = {
  since: null,
  until: null,
  api: null,
  endpoint: null,
  tag: null,
  state: null,
};

/** What sums are told apart by, in the order of the columns. Days and months are UTC. */
export const DIMENSIONS = ['day', 'month', 'endpoint', 'tag', 'target', 'status'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Money is micro-dollars, a whole number, so that sums are exact. */
export type Totals = { readonly tasks: number; readonly costMicros: number };

/**
 * One group. Of the dimensions it has those that were asked for: `day` as `2026-03-01`, `month` as `2026-03`. A `status` is null
 * where the server listed none.
 */
export type CostRow = Totals &
  Partial<Readonly<Record<Dimension, string | null>>> & {
    /** There with `tag` or `target`: where they are null, `held` says that the task had none, all else that it is unknown. */
    readonly metadataState?: MetadataState;
  };

/** A task in a list. Instants are epoch ms. */
export type TaskLine = {
  readonly id: string;
  readonly api: string;
  readonly endpoint: string;
  readonly postedAt: number;
  readonly doneAt: number | null;
  readonly status: string | null;
  readonly statusCode: number | null;
  readonly state: TaskState;
  readonly costMicros: number | null;
  readonly tag: string | null;
  readonly target: string | null;
  readonly metadataState: MetadataState;
};

/** A task whose result can still be fetched, and until when at least, epoch ms. */
export type RetrievableLine = TaskLine & { readonly until: number };

/** A change that a later reading brought. Instants are epoch ms. */
export type ChangeLine = {
  readonly taskId: string;
  readonly api: string;
  readonly endpoint: string;
  readonly tag: string | null;
  readonly seenAt: number;
  readonly field: 'status' | 'done' | 'cost';
  readonly old: string | null;
  readonly new: string | null;
  /** What it added to the cost, below 0 for a refund; null where no cost changed or one of the two is unknown. */
  readonly deltaMicros: number | null;
};

export type ChangeTotals = {
  readonly changes: number;
  readonly refunds: number;
  readonly refundedMicros: number;
  readonly increases: number;
  readonly increasedMicros: number;
};

/** A place where DataForSEO contradicted itself (glossary, "doubt"). Instants are epoch ms. */
export type DoubtLine = {
  readonly api: string;
  readonly kind: string;
  /** Half-open; null where it is about no stretch and no task of the ledger. */
  readonly since: number | null;
  readonly until: number | null;
  readonly taskId: string | null;
  readonly seenAt: number;
  /** For people; may hold texts of others. */
  readonly detail: string;
};

/** Tasks with the same endpoint and parameters: the first, and those that were posted within a day after it. */
export type DuplicateGroup = {
  readonly endpoint: string;
  readonly target: string | null;
  readonly firstId: string;
  readonly firstPostedAt: number;
  readonly lastPostedAt: number;
  readonly repeats: number;
  /** What the repeats cost. */
  readonly wastedMicros: number;
  /** The first of the repeats. */
  readonly repeatedIds: readonly string[];
  /** Tags of the first and of those repeats, each once; null: no tag. */
  readonly tags: readonly (string | null)[];
};

export type DuplicateReport = {
  /** What wasted most first, at most as many as were asked for. */
  readonly groups: readonly DuplicateGroup[];
  /** Of all groups, also those that are not in the list. */
  readonly totals: {
    readonly groups: number;
    readonly repeats: number;
    readonly wastedMicros: number;
    readonly compared: number;
    /** Tasks whose parameters are unknown. */
    readonly unknown: number;
  };
};

/** A day of one API, as the ledger and the vendor count it. */
export type ReconcileRow = {
  readonly api: string;
  readonly ledgerMicros: number;
  readonly ledgerTasks: number;
  /** Null where the vendor says nothing of that API. */
  readonly vendorMicros: number | null;
  /** Up to where the ledger has read; null: nothing yet. Epoch ms. */
  readonly readUpTo: number | null;
  /** What of the day before that it has not read. Epoch ms, sorted, disjoint. */
  readonly unread: readonly TimeRange[];
  /** What was posted in the hour before that has cost: the pace at which what is not read yet comes. */
  readonly lastHourMicros: number;
  readonly unfinished: number;
};

export const REPORT_KINDS = [
  'costs',
  'failures',
  'unfinished',
  'duplicates',
  'changes',
  'retrievable',
  'reconcile',
  'doubts',
  'coverage',
] as const;
export type ReportKind = (typeof REPORT_KINDS)[number];

export type ReportQuestion = {
  readonly kind: ReportKind;
  readonly filter: ReportFilter;
  /** Only of `costs`, `failures` and `unfinished`; empty for the tasks themselves, or for costs by day. */
  readonly by: readonly Dimension[];
  /** At most so many groups of duplicates. */
  readonly mostGroups: number;
};

/** Lists are read while they are gone through, so the ledger must stay open for so long. */
export type Report =
  | {
      readonly kind: 'groups';
      readonly by: readonly Dimension[];
      readonly rows: readonly CostRow[];
      readonly totals: Totals;
    }
  | { readonly kind: 'tasks'; readonly lines: Iterable<TaskLine>; readonly totals: Totals }
  | { readonly kind: 'changes'; readonly lines: Iterable<ChangeLine>; readonly totals: ChangeTotals }
  | { readonly kind: 'retrievable'; readonly lines: Iterable<RetrievableLine> }
  | { readonly kind: 'doubts'; readonly lines: Iterable<DoubtLine> }
  | ({ readonly kind: 'duplicates' } & DuplicateReport)
  | {
      readonly kind: 'reconcile';
      /** `2026-11-26`, as the vendor names it. */
      readonly day: string;
      /** What the vendor counts days in; null: it does not say. */
      readonly timezone: string | null;
      readonly rows: readonly ReconcileRow[];
    }
  | { readonly kind: 'coverage'; readonly certificate: Certificate };

export type ReportAnswer = {
  /** The server's clock, epoch ms. */
  readonly at: number;
  /** Whether the ledger lacks nothing of the range that was asked about, up to its last reading. */
  readonly complete: boolean;
  /** What of the filter no task has, at any time. */
  readonly unknown: readonly UnknownValue[];
  /** Tasks that may have the tag that was asked for, for theirs is not known: lost, or not read yet. Null: none, or no tag was asked for. */
  readonly unknownTag: Totals | null;
  readonly report: Report;
};
