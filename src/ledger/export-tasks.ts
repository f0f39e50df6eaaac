import { NO_FILTER, type ReportFilter } from '../domain/report.ts';
import { EXPORT_COLUMNS, type ExportRow, type TaskExport } from '../domain/task-export.ts';
import type { Db } from './database.ts';
import { costs, totalsOf } from './reports/costs.ts';
import { secondsOf } from './reports/pieces.ts';

/** Few enough that a page of large tasks fits into memory, and short enough a reading that the writer's log can be cut in between. */
const PAGE_ROWS = 500;

/** Every task posted in the range as the view `tasks` has it, a page at a time: memory does not grow with the ledger. */
export function exportTasks(database: Db, range: Pick<ReportFilter, 'since' | 'until'>): Omit<TaskExport, 'complete'> {
  return {
    total: totalsOf(costs(database, { ...NO_FILTER, ...range }, [])).tasks,
    pages: pagesOf(database, range),
  };
}

const COLUMNS = EXPORT_COLUMNS.map(({ name }) => name);
const ID = COLUMNS.indexOf('id');
const POSTED_AT = COLUMNS.indexOf('posted_at');

function* pagesOf(database: Db, range: Pick<ReportFilter, 'since' | 'until'>): Generator<ExportRow[]> {
  const { since, until } = secondsOf({ ...NO_FILTER, ...range });
  const page = database
    .prepare<[number, number, number, string, number], (string | number | null)[]>(
      `select ${COLUMNS.join(', ')} from tasks
       where posted_at >= ? and posted_at < ? and (posted_at > ? or id > ?) order by posted_at, id limit ?`,
    )
    .raw();
  let last = { at: since ?? 0, id: '' };
  for (;;) {
    const rows = page.all(last.at, until ?? Number.MAX_SAFE_INTEGER, last.at, last.id, PAGE_ROWS);
    if (rows.length > 0) yield rows;
    const end = rows.at(-1);
    if (end === undefined || rows.length < PAGE_ROWS) return;
    last = { at: Number(end[POSTED_AT]), id: String(end[ID]) };
  }
}
