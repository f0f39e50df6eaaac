import type { DoubtLine, ReportFilter } from '../../domain/report.ts';
import type { Db } from '../database.ts';
import { toMs, toMsOrNull } from '../seconds.ts';
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

/** With the time that each is about: its stretch, or the second of its task. */
const PLACED_DOUBTS = `select doubt.id as n, api.name as api, doubt.kind, doubt.task_id, doubt.seen_at, doubt.detail,
    ifnull(doubt.since, task.posted_at) as since, ifnull(doubt.until, task.posted_at + 1) as until
  from doubt join api on api.id = doubt.api left join task on task.id = doubt.task_id`;
/** What is about no time belongs to every range. */
const IS_WITHIN = `(since is null or ((@until is null or since < @until) and (@since is null or until > @since)))`;

/** How many of each kind. @param range - Epoch seconds, half-open. */
export function countDoubts(
  database: Db,
  api: string,
  range: { readonly since: number; readonly until: number },
): { readonly kind: string; readonly count: number }[] {
  return database
    .prepare<unknown[], { kind: string; count: number }>(
      `select kind, count(*) as count from (${PLACED_DOUBTS}) where api = @api and ${IS_WITHIN} group by kind order by kind`,
    )
    .all({ api, ...range });
}

/**
 * Where DataForSEO contradicted itself, the newest first, as the certificate counts it: by the stretch or the task that
 * it is about.
 */
export function* doubts(database: Db, filter: ReportFilter): Generator<DoubtLine> {
  const { since, until } = secondsOf(filter);
  const page = database.prepare<unknown[], DoubtRow>(
    `select * from (${PLACED_DOUBTS}) where n < @last and (@api is null or api = @api) and ${IS_WITHIN}
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
  return { api, kind, since: toMsOrNull(since), until: toMsOrNull(until), taskId, seenAt: toMs(seenAt), detail };
}
