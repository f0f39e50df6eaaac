import { hostname } from 'node:os';
import type { PageAnswer } from '../domain/call.ts';
import type { ApiPicture, Gap, PlanPolicy } from '../domain/gaps.ts';
import type { Walk, WalkOutcome, WalkPlan } from '../domain/walk.ts';
import type { Refusal } from '../domain/window.ts';
import { checkAccount } from './account.ts';
import type { AlertBook } from './alert-book.ts';
import { forgetDaemonState, type DaemonState } from './daemon-state.ts';
import { asLedgerError } from './database.ts';
import type { Doubt } from './doubts.ts';
import type { Lost, RefusedWidth } from './frontiers.ts';
import type { Folded } from './fold-journal.ts';
import type { LedgerJournal } from './journal.ts';
import { keepOpenedAt } from './opened-at.ts';
import { openUnderLock } from './open-under-lock.ts';
import type { ApiRefusal } from './refused-apis.ts';
import type { PageCircumstances } from './rooms.ts';
import type { SavedPage } from './save-page.ts';
import type { Upkeep } from './upkeep.ts';
import type { Wal } from './wal.ts';
import { compose } from './compose.ts';

/** The ledger as the harvest uses it: the one writer. Instants are epoch ms of the server's clock. */
export type Ledger = {
  readonly path: string;
  readonly journal: LedgerJournal;
  readonly savePage: (walk: Walk, answer: PageAnswer, circumstances: PageCircumstances) => SavedPage;
  /** What the one row at `soundingOffset` of an opening says of it. */
  readonly saveSounding: (walk: Walk, answer: PageAnswer, circumstances: PageCircumstances) => SavedPage;
  readonly beginWalk: (plan: WalkPlan, at: number) => Walk;
  readonly openWalks: () => readonly Walk[];
  readonly keepWalk: (walk: Walk) => void;
  readonly endWalk: (walk: Walk, outcome: WalkOutcome, at: number) => void;
  /** A walk that begins anew with another purpose and what was learned of the failure, in one transaction. */
  readonly handOver: (walk: Walk, purpose: Walk['purpose'], at: number) => Walk;
  /** Two walks in the place of one, in one transaction. */
  readonly splitWalk: (walk: Walk, plans: readonly WalkPlan[], at: number) => readonly Walk[];
  /**
   * Gives an API its window, at its first sight only. @returns Whether that was now.
   */
  readonly ensureFrontiers: (api: string, now: number, policy: PlanPolicy) => boolean;
  /** Whether the window of an API was reckoned before the server's clock was known for sure, and not since; a kill does not forget it. */
  readonly isFrontierGuessed: (api: string) => boolean;
  /** The window of a new API, reckoned once more by a clock that is sure. */
  readonly moveFrontiers: (api: string, now: number, policy: PlanPolicy) => void;
  readonly picture: (api: string) => ApiPicture;
  readonly refusals: (api: string) => readonly Refusal[];
  /** Posted times of the newest tasks posted at `since` or later, newest first. */
  readonly newestPosted: (api: string, since: number, most: number) => number[];
  /** Records what has left its window unread or unsettled since the last look (I7). @returns The new losses. */
  readonly accountLosses: (api: string, now: number) => Lost[];
  /** Ends a walk whose beginning the server refused as too old, and remembers how far back that was. */
  readonly refuse: (walk: Walk, refused: RefusedWidth, policy: PlanPolicy) => void;
  /** An API is refused until a person acts, or asked again; its next page takes it back. */
  readonly refuseApi: (api: string, refusal: ApiRefusal) => void;
  /** It has answered. */
  readonly forgiveApi: (api: string) => void;
  readonly recordDoubt: (doubt: Omit<Doubt, 'api'> & { readonly api: string }, at: number) => void;
  readonly upkeep: Upkeep;
  readonly setGaps: (gaps: readonly Gap[], at: number) => void;
  /** Writes as much as a page takes, and takes it back. @throws {LedgerError} `unwritable` while there is no room for it. */
  readonly tryWrite: () => void;
  readonly setDaemonState: (state: DaemonState) => void;
  readonly alerts: AlertBook;
  readonly wal: Wal;
  /** Forgets what it remembers where a person, or another program, has written to the ledger since it was asked last. */
  readonly heedOthers: () => void;
  /** Folds some of the oldest calls into sums by day; a small transaction. */
  readonly foldJournal: (now: number) => Folded;
  /** Adds up the tasks anew; takes a while on a large ledger. */
  readonly mendSums: () => void;
  /** Server minus wall clock as it was last known, ms, and when the server last answered, epoch ms by its clock; 0 for nothing. */
  readonly clockMemory: () => { readonly skewMs: number; readonly leastAt: number };
  readonly keepSkewMs: (skewMs: number) => void;
  /** @returns Whether the file alone is the ledger now; not while somebody reads, who keeps the log from being merged. */
  readonly close: () => boolean;
};

export type LedgerOptions = {
  readonly path: string;
  readonly login: string;
  readonly pid: number;
  readonly now: number;
};

/**
 * Takes the lock, opens or makes the file, brings its schema up to date and checks that it is this account's;
 * the first page that is saved binds a new one to it.
 * @throws {LedgerError} `held`, `shared_disk`, `mounted_alone`, `not_a_ledger`, `newer_schema`, `other_account`, `unwritable`, `broken`.
 */
export function openLedger(options: LedgerOptions): Ledger {
  const { path } = options;
  const since = new Date(options.now).toISOString().slice(0, 19).replace('T', ' ');
  const database = openUnderLock(path, `process ${options.pid} on ${hostname()}, since ${since} UTC`);
  try {
    checkAccount(database.db, options.login);
    forgetDaemonState(database.db);
    keepOpenedAt(database.db, options.now);
    return compose(options, database.db, database.close);
  } catch (error) {
    database.close();
    throw asLedgerError(path, error);
  }
}
