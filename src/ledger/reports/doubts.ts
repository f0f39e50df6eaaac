import type { DoubtLine, ReportFilter } from '../../domain/report.ts';
import type { Db } from '../database.ts';
import { toMs } from '../seconds.ts';
import { secondsOf } from './pieces.ts';

const PAGE_ROWS = 1_000;

type DoubtRow = {
  readonly n: number;
  readonly api: string;
  readonly kind: string;
  readonly since: number | null;
  readonly until: number | null;
  readonly task_id: string | null;
  readonly seen_at: number;
  readonly detail: string;
};

/**
 * Where DataForSEO contradicted itself, the newest first, as the certificate counts it: by the stretch or the task that it is about; what is
 * about neither belongs to every range.
 */
export function* doubts(database: Db, filter: ReportFilter): Generator<DoubtLine> {
  const { since, until } = secondsOf(filter);
  const page = database.prepare<unknown[], DoubtRow>(
    `select n, api, kind, since, until, task_id, seen_at, detail from (
       select doubt.id as n, api.name as api, doubt.kind, doubt.task_id, doubt.seen_at, doubt.detail,
         ifnull(doubt.since, task.posted_at) as since, ifnull(doubt.until, task.posted_at + 1) as until
       from doubt join api on api.id = doubt.api left join task on task.id = doubt.task_id where doubt.id < @last)
     where (@api is null or api = @api)
       and (since is null or ((@until is null or since < @until) and (@since is null or until > @since)))
     order by n desc limit ${PAGE_ROWS}`,
  );
  for (let last = Number.MAX_SAFE_INTEGER; ;) {
    const rows = page.all({ last, api: filter.api, since, until });
    yield* rows.map(lineOf);
    const end = rows.at(-1);
    if (end === undefined || rows.length < PAGE_ROWS) return;
    last = end.n;
  }
}

function lineOf({ api, kind, since, until, task_id: taskId, seen_at: seenAt, detail }: DoubtRow): DoubtLine {
  return { api, kind, since: msOf(since), until: msOf(until), taskId, seenAt: toMs(seenAt), detail };
}

function msOf(seconds: number | null): number | null {
  return seconds === null ? null : toMs(seconds);
}
