import type { Dimension, ReportFilter } from '../../domain/report.ts';
import type { TaskState } from '../../domain/task.ts';
import { DAY_SECONDS, toSeconds } from '../seconds.ts';

/** A piece of SQL and what is bound to its question marks. */
export type Piece = { readonly sql: string; readonly values: readonly (string | number)[] };

/** Half-open, epoch seconds; null: without end on that side. */
export type Seconds = { readonly since: number | null; readonly until: number | null };

/** Which kept sums hold all that is asked, or `task` where only the tasks themselves do. */
export type Source = SumsTable | 'task';
export type SumsTable = 'day_cost' | 'tag_cost' | 'target_cost';

const OF_DAY_COST: readonly Dimension[] = ['day', 'month', 'endpoint', 'status'];
const OF_TAG_COST: readonly Dimension[] = [...OF_DAY_COST, 'tag'];
const OF_TARGET_COST: readonly Dimension[] = ['day', 'month', 'target'];

export function sourceOf(filter: ReportFilter, by: readonly Dimension[]): Source {
  const within = (kept: readonly Dimension[]) => by.every((dimension) => kept.includes(dimension));
  if (filter.tag === null && within(OF_DAY_COST)) return 'day_cost';
  if (within(OF_TAG_COST)) return 'tag_cost';
  const isNarrow = filter.endpoint !== null || filter.tag !== null || filter.state !== null;
  return !isNarrow && within(OF_TARGET_COST) ? 'target_cost' : 'task';
}

/** A range cut at midnight: the sums are kept by whole days, what is left of the first and the last day is added up task by task. */
export function cutAtMidnight({ since, until }: Seconds): {
  readonly days: Seconds;
  readonly edges: readonly Seconds[];
} {
  const first = since === null ? null : Math.ceil(since / DAY_SECONDS) * DAY_SECONDS;
  const end = until === null ? null : Math.floor(until / DAY_SECONDS) * DAY_SECONDS;
  if (first !== null && end !== null && first >= end)
    return { days: { since: 0, until: 0 }, edges: [{ since, until }] };
  const edges = [
    ...(first === since ? [] : [{ since, until: first }]),
    ...(end === until ? [] : [{ since: end, until }]),
  ];
  return { days: { since: first, until: end }, edges };
}

export function secondsOf({ since, until }: ReportFilter): Seconds {
  return { since: since === null ? null : toSeconds(since), until: until === null ? null : toSeconds(until) };
}

/** Of the tasks. */
export function taskConditions(filter: ReportFilter, { since, until }: Seconds): Piece {
  return allOf([
    ...(since === null ? [] : [{ sql: 'task.posted_at >= ?', values: [since] }]),
    ...(until === null ? [] : [{ sql: 'task.posted_at < ?', values: [until] }]),
    ...(filter.api === null ? [] : [{ sql: 'task.api = (select id from api where name = ?)', values: [filter.api] }]),
    ...(filter.endpoint === null
      ? []
      : [
          {
            sql: 'task.url in (select id from url where endpoint = (select id from endpoint where name = ?))',
            values: [filter.endpoint],
          },
        ]),
    ...(filter.tag === null ? [] : [{ sql: 'task.tag = ?', values: [filter.tag] }]),
    ...(filter.state === null ? [] : [{ sql: STATE_IS[filter.state], values: [] }]),
  ]);
}

/** Of a table of kept sums. */
export function sumConditions(table: SumsTable, filter: ReportFilter, days: Seconds): Piece {
  return allOf([
    { sql: `${table}.tasks <> 0`, values: [] },
    ...(days.since === null ? [] : [{ sql: `${table}.day >= ?`, values: [days.since / DAY_SECONDS] }]),
    ...(days.until === null ? [] : [{ sql: `${table}.day < ?`, values: [days.until / DAY_SECONDS] }]),
    ...(filter.api === null
      ? []
      : [{ sql: `${table}.api = (select id from api where name = ?)`, values: [filter.api] }]),
    ...(filter.endpoint === null
      ? []
      : [{ sql: `${table}.endpoint = (select id from endpoint where name = ?)`, values: [filter.endpoint] }]),
    ...(filter.tag === null ? [] : [{ sql: `${table}.tag = ?`, values: [filter.tag] }]),
    ...(filter.state === null ? [] : [{ sql: `${table}.state = ?`, values: [filter.state] }]),
  ]);
}

/** Written out, so that the partial indexes of failed and of unfinished tasks can serve. */
const STATE_IS: Readonly<Record<TaskState, string>> = {
  finished: `task.state = 'finished'`,
  empty: `task.state = 'empty'`,
  partial: `task.state = 'partial'`,
  failed: `task.state = 'failed'`,
  pending: `task.state = 'pending'`,
};

function allOf(pieces: readonly Piece[]): Piece {
  return {
    sql: pieces.length === 0 ? 'true' : pieces.map(({ sql }) => sql).join(' and '),
    values: pieces.flatMap(({ values }) => values),
  };
}
