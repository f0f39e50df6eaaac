import type { ReportFilter, TaskLine } from '../../domain/report.ts';
import type { Db } from '../database.ts';
import { lineOf, LINE_COLUMNS, type LineRow } from '../task-line.ts';
import { secondsOf, taskConditions, type Piece } from './pieces.ts';

/** So many tasks a reading: a reader that stays would keep the journal file from being cut. */
const PAGE_ROWS = 1_000;

export type Listing = {
  readonly order: 'newest_first' | 'oldest_first';
  /** On top of the filter. */
  readonly also?: Piece;
};

/**
 * Tasks, one by one, in the order of their posted times; memory does not grow with them. Each thousand is of one moment, all of
 * them need not be.
 */
export function* taskLines(database: Db, filter: ReportFilter, { order, also }: Listing): Generator<TaskLine> {
  const { sql, values } = pageQuery(filter, order, also);
  const page = database.prepare<unknown[], LineRow>(sql);
  const { since, until } = secondsOf(filter);
  // In both orders what follows the border itself has not come yet.
  let last = order === 'newest_first' ? { at: until ?? END, n: -END } : { at: since ?? -END, n: -END };
  for (;;) {
    const rows = page.all(...values, last.at, last.at, last.n, PAGE_ROWS);
    for (const row of rows) yield lineOf(row);
    const end = rows.at(-1);
    if (end === undefined || rows.length < PAGE_ROWS) return;
    last = { at: end.posted_at, n: end.n };
  }
}

const END = Number.MAX_SAFE_INTEGER;

/**
 * The border that moves is the only one on its side: with a fixed one beside it SQLite would search from that, and each page would
 * read all those before it once more.
 */
function pageQuery(filter: ReportFilter, order: Listing['order'], also: Piece | undefined): Piece {
  const { since, until } = secondsOf(filter);
  const far = order === 'newest_first' ? { since, until: null } : { since: null, until };
  const own = taskConditions(filter, far);
  const [ahead, way] = order === 'newest_first' ? ['<', 'desc'] : ['>', 'asc'];
  return {
    sql: `select ${LINE_COLUMNS}
      from task
      join api on api.id = task.api join url on url.id = task.url join endpoint on endpoint.id = url.endpoint
      join status on status.id = task.status
      where ${own.sql} and ${also?.sql ?? 'true'}
        and task.posted_at ${ahead}= ? and (task.posted_at ${ahead} ? or task.n ${ahead} ?)
      order by task.posted_at ${way}, task.n ${way} limit ?`,
    values: [...own.values, ...(also?.values ?? [])],
  };
}
