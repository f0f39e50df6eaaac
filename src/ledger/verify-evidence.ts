import { hash } from 'node:crypto';
import { fewThatSumTo, judgeRows, NO_ROWS, withRow, type Group, type RowsVerdict } from '../domain/listed-rows.ts';
import { count, counted } from '../domain/wording.ts';
import type { Db } from './database.ts';
import { stretchInWords } from './in-words.ts';
import type { VerifyScene } from './verify.ts';

/** Of larger slices no single tasks are looked for: memory stays flat. */
const MOST_SEARCHED = 100_000;
/** The server's clock is known to the second, and a later answer may put it back a little. */
const CLOCK_GRAIN_SECONDS = 5;

type ProvingWalk = {
  readonly id: number;
  readonly api: string;
  readonly api_number: number;
  readonly since: number;
  readonly until: number;
  readonly finished_at: number;
  readonly rows: number;
  readonly digest: string;
};

/**
 * The tasks that each proving walk listed are still there, and no others are in their place. What the walk listed is known by
 * number and digest only; tasks that came later legitimately lie in the slice too (domain/listed-rows.ts says what is sound).
 */
export function* verifyEvidence({ database, findings }: VerifyScene): Generator<void> {
  let undecided = 0;
  for (const walk of provingWalks(database).iterate()) {
    const verdict = yield* judgeWalk(database, walk);
    switch (verdict.kind) {
      case 'same':
        findings.count('digests');
        break;
      case 'undecided':
        undecided += 1;
        break;
      case 'missing':
        findings.problem(
          'evidence',
          `${nameOf(walk)} listed ${counted(walk.rows, 'task')}; at least ${count(verdict.rows)} of them ${verdict.rows === 1 ? 'is' : 'are'} no longer in the ledger.`,
        );
        break;
      case 'other':
        findings.problem(
          'evidence',
          `${nameOf(walk)} listed ${counted(walk.rows, 'task')} with the digest ${walk.digest}; those in the ledger make another one.`,
        );
        break;
    }
  }
  if (undecided > 0)
    findings.note(
      `${undecided} walks listed fewer tasks than were known by then, so their digests can no longer be compared.`,
    );
}

function nameOf(walk: ProvingWalk): string {
  return `Walk ${walk.id} (${stretchInWords(walk)})`;
}

function provingWalks(database: Db) {
  return database.prepare<[], ProvingWalk>(
    `select walk.id, api.name as api, walk.api as api_number, since, until, finished_at, distinct_rows as rows, digest
     from walk join api on api.id = walk.api
     where walk.id in (select walk from segment) and outcome = 'covered' and digest is not null order by since`,
  );
}

type TaskRow = {
  readonly id: string;
  readonly first_seen_at: number;
  /** Done inside what the walk asked for. */
  readonly done_inside: number;
};

function* judgeWalk(database: Db, walk: ProvingWalk): Generator<void, RowsVerdict> {
  const groups = { all: NO_ROWS, until: NO_ROWS, within: NO_ROWS, doneInside: NO_ROWS };
  for (const task of tasksOf(database, walk)) {
    const number = idHash(task.id);
    const add = (group: keyof typeof groups) => {
      groups[group] = withRow(groups[group], number);
    };
    add('all');
    if (task.first_seen_at <= walk.finished_at + CLOCK_GRAIN_SECONDS) add('within');
    if (task.first_seen_at <= walk.finished_at) add('until');
    if (task.first_seen_at <= walk.finished_at && task.done_inside === 1) add('doneInside');
    yield;
  }
  const listed = { rows: walk.rows, sum: BigInt(`0x${walk.digest}`) };
  const verdict = judgeRows(listed, {
    all: groups.all,
    known: groups.within,
    guesses: [groups.until, groups.doneInside],
  });
  if (verdict.kind === 'same' || groups.all.rows > MOST_SEARCHED || groups.all.rows < walk.rows) return verdict;
  return fewDiffer(database, walk, { listed, ...groups }) ? { kind: 'same' } : verdict;
}

type Search = { readonly listed: Group; readonly all: Group; readonly within: Group };

/** One or two tasks that it did not list, or that were put back since, are found by their hashes. */
function fewDiffer(database: Db, walk: ProvingWalk, { listed, all, within }: Search): boolean {
  const hashes = (wanted: (task: TaskRow) => boolean) =>
    [...tasksOf(database, walk)].filter(wanted).map((task) => idHash(task.id));
  const isLater = (task: TaskRow) => task.first_seen_at > walk.finished_at + CLOCK_GRAIN_SECONDS;
  return (
    fewThatSumTo(
      hashes((task) => !isLater(task)),
      { from: listed, to: within },
    ) ||
    fewThatSumTo(hashes(isLater), { from: within, to: listed }) ||
    fewThatSumTo(
      hashes(() => true),
      { from: listed, to: all },
    )
  );
}

function tasksOf(database: Db, walk: ProvingWalk): IterableIterator<TaskRow> {
  return database
    .prepare<[number, number, number, number, number], TaskRow>(
      `select id, first_seen_at, ifnull(done_at >= ? - 1 and done_at <= ?, 0) as done_inside from task
       where posted_at >= ? and posted_at < ? and api = ?`,
    )
    .iterate(walk.since, walk.until, walk.since, walk.until, walk.api_number);
}

/** Worked out here once more, not with the function that made the digest: anyone can, and two do not share a mistake. */
function idHash(id: string): bigint {
  return BigInt(`0x${hash('sha256', id, 'hex').slice(0, 32)}`);
}
