import { hostname } from 'node:os';
import type { PageAnswer } from '../domain/call.ts';
import type { ApiPicture, Gap, PlanPolicy } from '../domain/gaps.ts';
import type { Walk, WalkOutcome, WalkPlan } from '../domain/walk.ts';
import type { Refusal } from '../domain/window.ts';
import { checkAccount, createBinder } from './account.ts';
import { createAlertBook, type AlertBook } from './alert-book.ts';
import { createCoverageStore } from './coverage.ts';
import { createDaemonStateWriter, forgetDaemonState, type DaemonState } from './daemon-state.ts';
import { asLedgerError, type Db } from './database.ts';
import { createDictionary } from './dictionary.ts';
import { createDoubtBook, type Doubt } from './doubts.ts';
import { createFactBook } from './facts.ts';
import {
  accountLosses,
  ensureFrontiers,
  hasLosses,
  moveFrontiers,
  refuse,
  type Lost,
  type RefusedWidth,
} from './frontiers.ts';
import { createJournalFolder, type Folded } from './fold-journal.ts';
import { createJournal, type LedgerJournal } from './journal.ts';
import { mendSums } from './mend-sums.ts';
import { createMemory } from './memory.ts';
import { readMeta, writeMeta } from './meta.ts';
import { keepOpenedAt } from './opened-at.ts';
import { readPicture } from './picture.ts';
import { openUnderLock } from './open-under-lock.ts';
import { createProof } from './proof.ts';
import { createRecheckBook } from './rechecks.ts';
import { createRefusedApis, type ApiRefusal } from './refused-apis.ts';
import type { LedgerRooms, PageCircumstances } from './rooms.ts';
import { savePage, type SavedPage } from './save-page.ts';
import { saveSounding } from './save-sounding.ts';
import { toSeconds } from './seconds.ts';
import { seldom, unlessTheSame } from './seldom.ts';
import { createSums } from './sums.ts';
import { createTaskStore } from './tasks.ts';
import { createUpkeep, type Upkeep } from './upkeep.ts';
import { createWal, type Wal } from './wal.ts';
import { createWalkStore, handOver } from './walks.ts';

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
  /** Folds some of the oldest calls into sums by day; a small transaction. */
  readonly foldJournal: (now: number) => Folded;
  /** Adds up the tasks anew; takes a while on a large ledger. */
  readonly mendSums: () => void;
  readonly lastSkewMs: () => number;
  readonly keepSkewMs: (skewMs: number) => void;
  readonly close: () => void;
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
 * @throws {LedgerError} `held`, `shared_disk`, `not_a_ledger`, `newer_schema`, `other_account`, `unwritable`, `broken`.
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

function compose({ path, login }: LedgerOptions, database: Db, close: () => void): Ledger {
  const dictionary = createDictionary(database);
  const sums = createSums(database);
  const memory = createMemory({
    coverage: createCoverageStore(database),
    walks: createWalkStore(database, dictionary),
    journal: createJournal(database, dictionary),
    rechecks: createRecheckBook(database),
  });
  const rooms: LedgerRooms = {
    database,
    dictionary,
    sums,
    tasks: createTaskStore(database, dictionary, sums),
    walks: memory.walks,
    coverage: memory.coverage,
    doubts: createDoubtBook(database),
    journal: memory.journal,
    proof: createProof(database),
    facts: createFactBook(database),
    rechecks: memory.rechecks,
    refusedApis: createRefusedApis(database),
  };
  const forget = () => {
    rooms.sums.forget();
    rooms.dictionary.forget();
    memory.forget();
  };
  const inWords: InWords = (work) => guarded(path, forget, work);
  const transaction = <Arguments extends unknown[], Result>(work: (...args: Arguments) => Result) => {
    const atomic = database.transaction(work);
    return inWords((...args: Arguments) => atomic.immediate(...args));
  };
  const picture = memory.remembered((name) => readPicture(rooms, { name, number: dictionary.api(name) }));
  const frontiers = memory.remembered((name) => rooms.coverage.frontiers(dictionary.api(name)));
  const openWalks = memory.remembered(() => rooms.walks.open());
  const bind = createBinder(database, login);
  const alerts = createAlertBook(database);
  const wal = createWal(database, path);
  const newest = database
    .prepare<[number, number, number], number>(
      'select posted_at from task where api = ? and posted_at >= ? order by posted_at desc limit ?',
    )
    .pluck();
  return {
    path,
    journal: journalInWords(rooms.journal, inWords),
    savePage: transaction((walk, answer, circumstances) => {
      bind();
      return savePage(rooms, { walk, answer, circumstances });
    }),
    saveSounding: transaction((walk, answer, circumstances) => saveSounding(rooms, { walk, answer, circumstances })),
    beginWalk: inWords(rooms.walks.begin),
    openWalks: inWords(() => openWalks('')),
    keepWalk: inWords(rooms.walks.keep),
    endWalk: transaction((walk, outcome, at) => rooms.walks.end(walk.id, outcome, at)),
    splitWalk: transaction((walk, plans, at) => {
      rooms.walks.end(walk.id, 'halved', at);
      return plans.map((plan) => rooms.walks.begin(plan, at));
    }),
    handOver: transaction((walk, purpose, at) => handOver(rooms.walks, walk, { purpose, at })),
    moveFrontiers: transaction((api, now, policy) => moveFrontiers(rooms, { api, now, policy })),
    isFrontierGuessed: inWords((api) => rooms.coverage.isGuessed(dictionary.api(api))),
    ensureFrontiers: transaction((api, now, policy) => ensureFrontiers(rooms, { api, now, policy })),
    picture: inWords(picture),
    refusals: inWords((api) => picture(api).refusals),
    newestPosted: inWords((api, since, most) =>
      newest.all(dictionary.api(api), toSeconds(since), most).map((seconds) => seconds * 1000),
    ),
    upkeep: upkeepInWords(memory.upkeep(createUpkeep(database, dictionary)), inWords),
    accountLosses: seldom(
      (api, now) => hasLosses(picture(api), frontiers(api), now),
      transaction((api: string, now: number) => accountLosses(rooms, api, now)),
    ),
    refuse: transaction((walk, refused, policy) => refuse(rooms, walk, { refused, policy })),
    refuseApi: inWords((api, refusal) => rooms.refusedApis.refuse(dictionary.api(api), refusal)),
    forgiveApi: inWords((api) => rooms.refusedApis.forgive(dictionary.api(api))),
    recordDoubt: transaction((doubt, at) => void rooms.doubts.record({ ...doubt, api: dictionary.api(doubt.api) }, at)),
    setGaps: unlessTheSame(
      memory.coverageVersion,
      transaction((gaps: readonly Gap[], at: number) =>
        rooms.coverage.setGaps(
          gaps.map((gap) => ({ ...gap, number: dictionary.api(gap.api) })),
          at,
        ),
      ),
    ),
    tryWrite: inWords(() => {
      writeMeta(database, 'trial', '.'.repeat(TRIAL_BYTES));
      writeMeta(database, 'trial', '');
    }),
    setDaemonState: inWords(createDaemonStateWriter(database)),
    alerts: { ...alerts, write: transaction(alerts.write), drop: inWords(alerts.drop) },
    wal: { ...wal, truncate: inWords(wal.truncate) },
    foldJournal: inWords(createJournalFolder(database).fold),
    mendSums: transaction(() => mendSums(database)),
    lastSkewMs: () => Number(readMeta(database, 'clock_skew_ms') ?? 0),
    keepSkewMs: inWords((skewMs) => writeMeta(database, 'clock_skew_ms', String(Math.round(skewMs)))),
    close,
  };
}

/** A page of a thousand rows is about as large in the write-ahead log. */
const TRIAL_BYTES = 500_000;

type InWords = <Arguments extends unknown[], Result>(
  work: (...args: Arguments) => Result,
) => (...args: Arguments) => Result;

function journalInWords(journal: LedgerJournal, inWords: InWords): LedgerJournal {
  const { begin, end, newestCall, past, adopt } = journal;
  return { begin: inWords(begin), end: inWords(end), newestCall, past: inWords(past), adopt: inWords(adopt) };
}

function upkeepInWords(upkeep: Upkeep, inWords: InWords): Upkeep {
  const { rechecks, rowsIn, unfinished, aged, firstAged, pageLimit, keepPageLimit, sharedCalls } = upkeep;
  return {
    rechecks: inWords(rechecks),
    rowsIn: inWords(rowsIn),
    unfinished: inWords(unfinished),
    aged: inWords(aged),
    firstAged: inWords(firstAged),
    pageLimit: inWords(pageLimit),
    keepPageLimit: inWords(keepPageLimit),
    sharedCalls: inWords(sharedCalls),
  };
}

/** A failed write leaves nothing half done in memory, and says in words what to do. */
function guarded<Arguments extends unknown[], Result>(
  path: string,
  forget: () => void,
  work: (...args: Arguments) => Result,
): (...args: Arguments) => Result {
  return (...args) => {
    try {
      return work(...args);
    } catch (error) {
      forget();
      throw asLedgerError(path, error);
    }
  };
}
