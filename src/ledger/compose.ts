import type { Gap } from '../domain/gaps.ts';
import { createBinder } from './account.ts';
import { createAlertBook } from './alert-book.ts';
import { createCoverageStore } from './coverage.ts';
import { createDaemonStateWriter } from './daemon-state.ts';
import { asLedgerError, type Db } from './database.ts';
import { createDictionary, type Dictionary } from './dictionary.ts';
import { createDoubtBook } from './doubts.ts';
import { createFactBook } from './facts.ts';
import { accountLosses, ensureFrontiers, hasLosses, moveFrontiers, refuse } from './frontiers.ts';
import { createJournalFolder } from './fold-journal.ts';
import { createJournal, type LedgerJournal } from './journal.ts';
import { mendSums } from './mend-sums.ts';
import { createMemory, type Memory } from './memory.ts';
import { writeMeta } from './meta.ts';
import { createRefusedApis } from './refused-apis.ts';
import { readPicture } from './picture.ts';
import { createProof } from './proof.ts';
import { createRecheckBook } from './rechecks.ts';
import type { LedgerRooms } from './rooms.ts';
import { savePage } from './save-page.ts';
import { saveSounding } from './save-sounding.ts';
import { toSeconds } from './seconds.ts';
import { seldom, unlessTheSame } from './seldom.ts';
import { clockMemory } from './server-now.ts';
import { createSums } from './sums.ts';
import { createTaskStore } from './tasks.ts';
import { createUpkeep, type Upkeep } from './upkeep.ts';
import { createWal } from './wal.ts';
import { createWalkStore, handOver } from './walks.ts';
import type { Ledger, LedgerOptions } from './ledger.ts';

/** What all parts of the ledger work with. */
type Work = {
  readonly database: Db;
  readonly rooms: LedgerRooms;
  readonly memory: Memory;
  readonly inWords: InWords;
  /** The same, all or nothing. */
  readonly transaction: InWords;
};

/** The one writer over an open database, whole: every failed write is told in words and leaves nothing half done. */
export function compose({ path, login }: LedgerOptions, database: Db, close: () => boolean): Ledger {
  const dictionary = createDictionary(database);
  const sums = createSums(database);
  const memory = createMemory({
    coverage: createCoverageStore(database),
    walks: createWalkStore(database, dictionary),
    journal: createJournal(database, dictionary),
    rechecks: createRecheckBook(database),
    tasks: createTaskStore(database, dictionary, sums),
  });
  const rooms = furnish({ database, dictionary, sums }, memory);
  const forget = () => {
    rooms.sums.forget();
    rooms.dictionary.forget();
    memory.forget();
  };
  const inWords: InWords = (work) => guarded(path, forget, work);
  const transaction: InWords = (work) => {
    const atomic = database.transaction(work);
    return inWords((...args) => atomic.immediate(...args));
  };
  const work = { database, rooms, memory, inWords, transaction };
  const alerts = createAlertBook(database);
  const wal = createWal(database, path);
  return {
    path,
    journal: journalInWords(rooms.journal, inWords),
    ...composeWalks(work, createBinder(database, login)),
    ...composeWindow(work),
    ...composeUpkeep(work, dictionary),
    alerts: { ...alerts, write: transaction(alerts.write), drop: inWords(alerts.drop) },
    wal: { ...wal, truncate: inWords(wal.truncate) },
    heedOthers: inWords(createHeed(database, forget)),
    close,
  };
}

function furnish(own: Pick<LedgerRooms, 'database' | 'dictionary' | 'sums'>, memory: Memory): LedgerRooms {
  const { database } = own;
  return {
    ...own,
    tasks: memory.tasks,
    walks: memory.walks,
    coverage: memory.coverage,
    doubts: createDoubtBook(database),
    journal: memory.journal,
    proof: createProof(database),
    facts: createFactBook(database),
    rechecks: memory.rechecks,
    refusedApis: createRefusedApis(database),
  };
}

type WalkPart = Pick<
  Ledger,
  'savePage' | 'saveSounding' | 'beginWalk' | 'openWalks' | 'keepWalk' | 'endWalk' | 'splitWalk' | 'handOver'
>;

/** Slices being read, page by page. */
function composeWalks({ rooms, memory, inWords, transaction }: Work, bind: () => void): WalkPart {
  const openWalks = memory.remembered(() => rooms.walks.open());
  return {
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
  };
}

type WindowPart = Pick<
  Ledger,
  | 'moveFrontiers'
  | 'isFrontierGuessed'
  | 'ensureFrontiers'
  | 'picture'
  | 'refusals'
  | 'newestPosted'
  | 'accountLosses'
  | 'refuse'
  | 'refuseApi'
  | 'forgiveApi'
  | 'setGaps'
>;

/** What the window holds, lacks and has lost. */
function composeWindow({ database, rooms, memory, inWords, transaction }: Work): WindowPart {
  const { dictionary } = rooms;
  const picture = memory.remembered((name) => readPicture(rooms, { name, number: dictionary.api(name) }));
  const frontiers = memory.remembered((name) => rooms.coverage.frontiers(dictionary.api(name)));
  const newest = database
    .prepare<[number, number, number], number>(
      'select posted_at from task where api = ? and posted_at >= ? order by posted_at desc limit ?',
    )
    .pluck();
  return {
    moveFrontiers: transaction((api, now, policy) => moveFrontiers(rooms, { api, now, policy })),
    isFrontierGuessed: inWords((api) => rooms.coverage.isGuessed(dictionary.api(api))),
    ensureFrontiers: transaction((api, now, policy) => ensureFrontiers(rooms, { api, now, policy })),
    picture: inWords(picture),
    refusals: inWords((api) => picture(api).refusals),
    newestPosted: inWords((api, since, most) =>
      newest.all(dictionary.api(api), toSeconds(since), most).map((seconds) => seconds * 1000),
    ),
    accountLosses: seldom(
      (api, now) => hasLosses(picture(api), frontiers(api), now),
      transaction((api: string, now: number) => accountLosses(rooms, api, now)),
    ),
    refuse: transaction((walk, refused, policy) => refuse(rooms, walk, { refused, policy })),
    refuseApi: inWords((api, refusal) => rooms.refusedApis.refuse(dictionary.api(api), refusal)),
    forgiveApi: inWords((api) => rooms.refusedApis.forgive(dictionary.api(api))),
    setGaps: unlessTheSame(
      memory.coverageVersion,
      transaction((gaps: readonly Gap[], at: number) =>
        rooms.coverage.setGaps(
          gaps.map((gap) => ({ ...gap, number: dictionary.api(gap.api) })),
          at,
        ),
      ),
    ),
  };
}

type UpkeepPart = Omit<
  Ledger,
  keyof WalkPart | keyof WindowPart | 'path' | 'journal' | 'alerts' | 'wal' | 'heedOthers' | 'close'
>;

/** What is read again, what is kept, and what is forgotten. */
function composeUpkeep({ database, rooms, memory, inWords, transaction }: Work, dictionary: Dictionary): UpkeepPart {
  return {
    upkeep: upkeepInWords(memory.upkeep(createUpkeep(database, dictionary)), inWords),
    recordDoubt: transaction((doubt, at) => void rooms.doubts.record({ ...doubt, api: dictionary.api(doubt.api) }, at)),
    tryWrite: inWords(() => {
      writeMeta(database, 'trial', '.'.repeat(TRIAL_BYTES));
      writeMeta(database, 'trial', '');
    }),
    setDaemonState: inWords(createDaemonStateWriter(database)),
    foldJournal: inWords(createJournalFolder(database).fold),
    mendSums: transaction(() => mendSums(database)),
    clockMemory: () => clockMemory(database),
    keepSkewMs: inWords((skewMs) => writeMeta(database, 'clock_skew_ms', String(Math.round(skewMs)))),
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

/** SQLite tells by a number that another connection has written: our own commits leave it as it is (sqlite.org/pragma.html, data_version). */
function createHeed(database: Db, forget: () => void): () => void {
  const version = database.prepare('pragma data_version').pluck();
  let seen = version.get();
  return () => {
    const now = version.get();
    if (now === seen) return;
    seen = now;
    forget();
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
