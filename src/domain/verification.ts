/** What `verify` looks at, in this order. */
export type CheckName = 'file' | 'coverage' | 'losses' | 'gaps' | 'journal' | 'evidence' | 'tasks' | 'sums' | 'changes';

/** Something that does not agree, as a sentence for people. */
export type Problem = { readonly check: CheckName; readonly text: string };

/** How many of each were held against the rest of the ledger. */
export type Verified = {
  readonly tasks: number;
  readonly changes: number;
  readonly sums: number;
  readonly segments: number;
  readonly losses: number;
  readonly gaps: number;
  /** Finished walks whose calls the journal holds. */
  readonly walks: number;
  readonly calls: number;
  /** Walks that prove coverage and whose digest is that of the rows now in the ledger. */
  readonly digests: number;
};

/** What a verification found; `verify --json` to the letter. Instants are ISO 8601 in UTC by the server's clock. */
export type VerifyReport = {
  /** Everything agrees, and a slice that was read again brought nothing that differs. */
  readonly ok: boolean;
  readonly at: string;
  readonly verified: Verified;
  readonly problems: readonly Problem[];
  /** Problems beyond the first of their kind, which would say the same once more. */
  readonly moreProblems: number;
  /** What is no problem, but good to know. */
  readonly notes: readonly string[];
  /** Null unless slices were read again. */
  readonly reread: RereadReport | null;
};

export type RereadReport = {
  readonly calls: number;
  /** As many as were asked for, where there are so many: one that reaches out of the month is two slices. */
  readonly stretches: number;
  readonly slices: readonly RereadSlice[];
  /** The kept sums were not those of the tasks, and have been added up anew. */
  readonly sumsMended: boolean;
};

/** A slice that was read again, and what differed from what the ledger knew. */
export type RereadSlice = {
  readonly api: string;
  readonly grade: 'ids' | 'metadata';
  readonly since: string;
  readonly until: string;
  /** When its evidence was from. */
  readonly readAt: string;
  /** Null when it was read; why not, when it was not. */
  readonly failure: string | null;
  readonly rows: number;
  readonly newTasks: number;
  readonly changedTasks: number;
  readonly unlistedTasks: number;
  /** Ids of the first of those. */
  readonly examples: {
    readonly new: readonly string[];
    readonly changed: readonly string[];
    readonly unlisted: readonly string[];
  };
};

export type VerifyProgress =
  | {
      readonly kind: 'checking';
      readonly what: string;
      /** Rows, walks, calls or slices of this check so far. */
      readonly done: number;
    }
  | {
      readonly kind: 'rereading';
      /** Read to their end, or given up; counted as `stretches` are. */
      readonly slices: number;
      readonly of: number;
      readonly rows: number;
      readonly calls: number;
      /** Why nothing moves, where that is so. */
      readonly waiting: string | null;
    };
