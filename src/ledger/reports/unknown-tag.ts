import type { ReportFilter, ReportKind, Totals } from '../../domain/report.ts';
import type { TaskSearch } from '../../domain/task-search.ts';
import type { Db } from '../database.ts';
import { isChanged } from './changes.ts';
import { cutAtMidnight, secondsOf, sumConditions, taskConditions, type Piece, type Seconds } from './pieces.ts';
import { askedOf } from './retrievable.ts';
import { DAY_SECONDS } from '../seconds.ts';

const UNKNOWN = `metadata_state in ('lost', 'pending', 'none')`;

/** Whose answer it is. `now` is the server's clock, epoch ms. */
type Answering = { readonly kind: ReportKind; readonly filter: ReportFilter; readonly now: number };

/**
 * The tasks that a report of one tag would leave out without a word: those that the rest of its filter means, and whose
 * metadata is lost, not read yet or never listed. From the kept sums, and only of the days on which there are any from the tasks themselves.
 *
 * @returns Null where no tag is asked for, or the tag of each is known.
 */
export function unknownTag(database: Db, { kind, filter, now }: Answering): Totals | null {
  if (filter.tag === null) return null;
  const untagged = { ...filter, tag: null };
  switch (kind) {
    case 'costs':
      return totalsOf(database, piecesOf(untagged));
    case 'failures':
      return totalsOf(database, piecesOf({ ...untagged, state: 'failed' }));
    case 'unfinished':
      return totalsOf(database, piecesOf({ ...untagged, state: 'pending' }));
    case 'duplicates':
      return totalsOf(database, piecesOf(untagged, filter.state === null ? `state <> 'failed'` : 'true'));
    case 'changes':
      return totalsOf(database, [tasksPiece(untagged, ANY_TIME, isChanged(filter))]);
    case 'retrievable': {
      const asked = askedOf(database, untagged, now);
      return asked === null
        ? null
        : totalsOf(database, [tasksPiece(asked.filter, secondsOf(asked.filter), asked.also)]);
    }
    case 'reconcile':
    case 'doubts':
    case 'coverage':
      return null;
  }
}

/**
 * The tasks that a search by tag or target leaves out without a word, of all the days that its range touches: from the kept sums alone,
 * for a search must answer in time, however many tasks a day has.
 *
 * @returns Null where it is by neither, or each is known.
 */
export function unknownMetadata(database: Db, search: TaskSearch): Totals | null {
  if (search.tag === null && search.target === null) return null;
  return totalsOf(database, piecesOf({ ...search, tag: null, ...wholeDays(search) }));
}

function wholeDays({ since, until }: TaskSearch): Pick<ReportFilter, 'since' | 'until'> {
  return {
    since: since === null ? null : Math.floor(since / DAY_MS) * DAY_MS,
    until: until === null ? null : Math.ceil(until / DAY_MS) * DAY_MS,
  };
}

const DAY_MS = DAY_SECONDS * 1000;

const ANY_TIME: Seconds = { since: null, until: null };

function totalsOf(database: Db, pieces: readonly Piece[]): Totals | null {
  const totals = database
    .prepare<unknown[], Totals>(
      `select ifnull(sum(tasks), 0) as tasks, ifnull(sum(micros), 0) as costMicros
       from (${pieces.map(({ sql }) => sql).join(' union all ')})`,
    )
    .get(...pieces.flatMap(({ values }) => values));
  return totals === undefined || totals.tasks === 0 ? null : totals;
}

/** @param also - On top of the filter: a condition on the sums and on the tasks, which call it the same. */
function piecesOf(filter: ReportFilter, also = 'true'): Piece[] {
  const { days, edges } = cutAtMidnight(secondsOf(filter));
  const { sql, values } = sumConditions('day_cost', filter, days);
  const sums = {
    sql: `select tasks, cost_micros as micros from day_cost where ${UNKNOWN} and ${sql} and ${also}`,
    values,
  };
  return [sums, ...edges.map((edge) => tasksPiece(filter, edge, { sql: also, values: [] }))];
}

/** @param also - On top of the filter: a condition on `task` and its `url`. */
function tasksPiece(filter: ReportFilter, range: Seconds, also: Piece = { sql: 'true', values: [] }): Piece {
  const { sql, values } = taskConditions(filter, range);
  const days = daysOf(range);
  return {
    sql: `select count(*) as tasks, ifnull(sum(task.cost_micros), 0) as micros from
      (select distinct day, api from day_cost where ${UNKNOWN} and tasks <> 0 and ${days.sql}) as unknown
      cross join task indexed by ${indexFor(filter)} on task.posted_at >= unknown.day * 86400 and task.posted_at < (unknown.day + 1) * 86400
        and task.api = unknown.api
      cross join url on url.id = task.url
      where task.${UNKNOWN} and ${sql} and ${also.sql}`,
    values: [...days.values, ...values, ...also.values],
  };
}

/** The days that a range touches: part of a day must not look at all days of the ledger. */
function daysOf({ since, until }: Seconds): Piece {
  return {
    sql: [...(since === null ? [] : ['day >= ?']), ...(until === null ? [] : ['day <= ?']), 'true'].join(' and '),
    values: [since, until].flatMap((at) => (at === null ? [] : [Math.floor(at / DAY_SECONDS)])),
  };
}

/** Named, for SQLite would rather make one of its own of all tasks. */
function indexFor({ state }: ReportFilter): string {
  if (state === 'failed') return 'task_failed';
  return state === 'pending' ? 'task_unfinished' : 'task_by_posted';
}
