import type { MetadataState } from './merge-task.ts';
import type { TaskState } from './task.ts';

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
