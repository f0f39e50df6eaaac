import type { ChangeLine, ChangeTotals, ReportFilter } from '../../domain/report.ts';
import type { Db } from '../database.ts';
import { toMs } from '../seconds.ts';
import { secondsOf, taskConditions, type Piece } from './pieces.ts';

const PAGE_ROWS = 1_000;

/** Changes that later readings brought, newest first. The filter's range is that of when they were seen. */
export function* changes(database: Db, filter: ReportFilter): Generator<ChangeLine> {
  const { sql, values } = meant(filter);
  const page = database.prepare<unknown[], ChangeRow>(
    `select task_change.id as n, task.id as task_id, api.name as api, endpoint.name as endpoint, task.tag,
       task_change.seen_at, task_change.field, task_change.old, task_change.new, ${DELTA} as delta
     from task_change join task on task.n = task_change.task
     join api on api.id = task.api join url on url.id = task.url join endpoint on endpoint.id = url.endpoint
     where task_change.id < ? and ${sql} order by task_change.id desc limit ?`,
  );
  for (let last = Number.MAX_SAFE_INTEGER; ;) {
    const rows = page.all(last, ...values, PAGE_ROWS);
    for (const { task_id: taskId, api, endpoint, tag, seen_at: seenAt, delta, ...change } of rows) {
      const { field, old, new: next } = change;
      yield { taskId, api, endpoint, tag, seenAt: toMs(seenAt), field, old, new: next, deltaMicros: delta };
    }
    const end = rows.at(-1);
    if (end === undefined || rows.length < PAGE_ROWS) return;
    last = end.n;
  }
}

/** What the changes of costs come to. */
export function changeTotals(database: Db, filter: ReportFilter): ChangeTotals {
  const { sql, values } = meant(filter);
  const totals = database
    .prepare<unknown[], ChangeTotals>(
      `select count(*) as changes,
         count(case when delta < 0 then 1 end) as refunds, ifnull(-sum(case when delta < 0 then delta end), 0) as refundedMicros,
         count(case when delta > 0 then 1 end) as increases, ifnull(sum(case when delta > 0 then delta end), 0) as increasedMicros
       from (select ${DELTA} as delta from task_change join task on task.n = task_change.task where ${sql})`,
    )
    .get(...values);
  if (totals === undefined) throw new Error('A sum without groups has one row.');
  return totals;
}

/** Costs are kept as the text of their dollars. */
const DELTA = `case when task_change.field = 'cost' then
  cast(round(task_change.new * 1e6) as integer) - cast(round(task_change.old * 1e6) as integer) end`;

function meant(filter: ReportFilter): Piece {
  const ofTask = taskConditions(filter, { since: null, until: null });
  const seen = seenIn(filter);
  return { sql: `${ofTask.sql} and ${seen.sql}`, values: [...ofTask.values, ...seen.values] };
}

/** That a task has changed, as a condition on it. */
export function isChanged(filter: ReportFilter): Piece {
  const { sql, values } = seenIn(filter);
  return { sql: `task.n in (select task_change.task from task_change where ${sql})`, values };
}

function seenIn(filter: ReportFilter): Piece {
  const { since, until } = secondsOf(filter);
  const seen = [
    { sql: 'true', values: [] },
    ...(since === null ? [] : [{ sql: 'task_change.seen_at >= ?', values: [since] }]),
    ...(until === null ? [] : [{ sql: 'task_change.seen_at < ?', values: [until] }]),
  ];
  return { sql: seen.map(({ sql }) => sql).join(' and '), values: seen.flatMap(({ values }) => values) };
}

type ChangeRow = Omit<ChangeLine, 'taskId' | 'seenAt' | 'deltaMicros'> & {
  readonly n: number;
  readonly task_id: string;
  readonly seen_at: number;
  readonly delta: number | null;
};
