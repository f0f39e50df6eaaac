import { disagreements, type JournalPage, type WalkWord } from '../domain/walk-evidence.ts';
import { count, counted } from '../domain/wording.ts';
import type { Db } from './database.ts';
import { stretchInWords } from './in-words.ts';
import type { VerifyScene } from './verify.ts';

/** Every finished walk with its calls: they are in the journal, each joins the one before, and their rows add up. */
export function* verifyJournal(scene: VerifyScene): Generator<void> {
  yield* verifyWalks(scene);
  yield* verifyCalls(scene);
  verifyNumbers(scene);
  noteUnanswered(scene);
}

type WalkRow = WalkWord & {
  readonly id: number;
  readonly api: string;
  readonly since: number;
  readonly until: number;
};

function* verifyWalks({ database, findings }: VerifyScene): Generator<void> {
  const pagesOf = pages(database);
  for (const walk of coveredWalks(database).iterate()) {
    const found =
      walk.firstCall === null || walk.lastCall === null ? [] : pagesOf.all(walk.firstCall, walk.lastCall, walk.id);
    for (const text of disagreements(walk, found))
      findings.problem('journal', `Walk ${walk.id} (${stretchInWords(walk)}) ${text}.`);
    findings.count('walks');
    yield;
  }
}

function coveredWalks(database: Db) {
  return database.prepare<[], WalkRow>(
    `select walk.id, api.name as api, since, until, calls, pages, rows, next_offset as nextOffset,
       length, distinct_rows as distinctRows, first_call as firstCall, last_call as lastCall
     from walk join api on api.id = walk.api where outcome = 'covered' order by walk.id`,
  );
}

/** A sounding, of one row, is no page: the smallest page has two. */
function pages(database: Db) {
  return database.prepare<[number, number, number], JournalPage>(
    `select id, row_offset as offset, row_limit as "limit", rows from call
     where id between ? and ? and walk = ? and row_limit > 1 and code is 20000 and rows is not null order by id`,
  );
}

type StrayCall = { readonly id: number; readonly walk: number; readonly known: number };

function* verifyCalls({ database, findings }: VerifyScene): Generator<void> {
  const stray = database.prepare<[], StrayCall>(
    `select call.id, call.walk, walk.id is not null as known from call left join walk on walk.id = call.walk
     where walk.id is null or call.api <> walk.api or call.grade <> walk.grade or call.purpose <> walk.purpose
       or call.since <> walk.since or call.until <> walk.until`,
  );
  for (const { id, walk, known } of stray.iterate()) {
    findings.problem(
      'journal',
      known === 1
        ? `Call ${id} asked for something else than its walk ${walk}.`
        : `Call ${id} belongs to walk ${walk}, which does not exist.`,
    );
    yield;
  }
  findings.count('calls', database.prepare<[], number>('select count(*) from call').pluck().get() ?? 0);
}

/** Calls are numbered without a hole, and none is removed but by being folded into the sums by day (fold-journal.ts). */
function verifyNumbers({ database, findings }: VerifyScene): void {
  const numberIn = (sql: string) => database.prepare<[], number | null>(sql).pluck().get() ?? 0;
  const made = numberIn(`select seq from sqlite_sequence where name = 'call'`);
  const kept = numberIn('select count(*) from call');
  const folded = numberIn('select sum(calls) from call_day');
  if (kept + folded !== made)
    findings.problem(
      'journal',
      `${counted(made, 'call was', 'calls were')} made, but the journal has ${count(kept)} and its sums by day have ${count(folded)} that were folded.`,
    );
  if (folded > 0) findings.note(`Of ${counted(folded, 'old call')} only the sums by day are kept.`);
}

/** A stopped process never learned how they ended; one that runs is waiting for them. Either way nothing is missing. */
function noteUnanswered({ database, findings }: VerifyScene): void {
  const unanswered =
    database.prepare<[], number>('select count(*) from call where token_back_mono_ms is null').pluck().get() ?? 0;
  if (unanswered > 0)
    findings.note(
      `${counted(unanswered, 'call')} without an answer on record: in flight, or the process that made ${unanswered === 1 ? 'it' : 'them'} was stopped.`,
    );
}
