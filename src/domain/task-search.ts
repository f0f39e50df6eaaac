import type { ReportFilter, TaskLine } from './report.ts';

/** Which tasks are looked for. */
export type TaskSearch = ReportFilter & {
  readonly id: string | null;
  readonly target: { readonly text: string; readonly match: 'exact' | 'prefix' } | null;
};

/** A place in the order of posted times, newest first: what comes after it is older. Epoch seconds and the ledger's own number. */
export type SearchPlace = { readonly at: number; readonly n: number };

export type FoundTasks = {
  readonly tasks: readonly TaskLine[];
  /** Everything posted at or after this has been looked at, epoch ms; null: all that the search asks for. */
  readonly searchedBackTo: number | null;
  /** From where to go on; null: there is nothing more. */
  readonly next: SearchPlace | null;
};
