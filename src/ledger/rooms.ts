import type { PageAnswer } from '../domain/call.ts';
import type { Walk } from '../domain/walk.ts';
import type { CoverageStore } from './coverage.ts';
import type { Db } from './database.ts';
import type { Dictionary } from './dictionary.ts';
import type { DoubtBook } from './doubts.ts';
import type { FactBook } from './facts.ts';
import type { LedgerJournal } from './journal.ts';
import type { Proof } from './proof.ts';
import type { RecheckBook } from './rechecks.ts';
import type { RefusedApis } from './refused-apis.ts';
import type { Sums } from './sums.ts';
import type { TaskStore } from './tasks.ts';
import type { WalkStore } from './walks.ts';

/** Everything that keeps a part of the ledger, over one connection. */
export type LedgerRooms = {
  readonly database: Db;
  readonly dictionary: Dictionary;
  readonly sums: Sums;
  readonly tasks: TaskStore;
  readonly walks: WalkStore;
  readonly coverage: CoverageStore;
  readonly doubts: DoubtBook;
  readonly journal: LedgerJournal;
  readonly proof: Proof;
  readonly facts: FactBook;
  readonly rechecks: RecheckBook;
  readonly refusedApis: RefusedApis;
};

/** What the page's transaction has to know beside the page. Instants are epoch ms of the server's clock. */
export type PageCircumstances = {
  readonly now: number;
  /** Tasks posted before this have left the month. */
  readonly metadataEdge: number;
  readonly lagMs: number;
  readonly settleMs: number;
  /** The first page of this walk since the process began. */
  readonly resumed: boolean;
};

/** A page, the walk that it belongs to, and the moment. */
export type Page = { readonly walk: Walk; readonly answer: PageAnswer; readonly circumstances: PageCircumstances };
