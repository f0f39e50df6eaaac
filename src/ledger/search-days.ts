import type { SearchPlace, TaskSearch } from '../domain/task-search.ts';
import type { Db } from './database.ts';
import { secondsOf, sumConditions, type Piece, type SumsTable } from './reports/pieces.ts';
import { DAY_SECONDS } from './seconds.ts';

/** Half-open, epoch seconds: what is searched in one go, from `from` back. */
export type Stretch = { readonly since: number; readonly from: SearchPlace };

const END = Number.MAX_SAFE_INTEGER;

/**
 * Where tasks that fit can be, newest first: of the days those whose kept sums have some of the API, the endpoint, the state, the tag
 * or the target. So a search for what is on few days, or on none, reads these alone.
 */
export function stretchesOf(database: Db, search: TaskSearch, from: SearchPlace | null): Stretch[] {
  const { since, until } = secondsOf(search);
  const whole = { since: since ?? -END, from: from ?? { at: until ?? END, n: -END } };
  const { api, endpoint, state, tag, target, id } = search;
  const isAnyDay = [api, endpoint, state, tag, target].every((each) => each === null);
  if (isAnyDay || id !== null) return [whole];
  return runsOf(daysWith(database, search)).flatMap((run) => within(run, whole));
}

/** @returns Days since 1970-01-01, the newest first. */
function daysWith(database: Db, search: TaskSearch): number[] {
  const { since, until } = secondsOf(search);
  const days = {
    since: since === null ? null : Math.floor(since / DAY_SECONDS) * DAY_SECONDS,
    until: until === null ? null : Math.ceil(until / DAY_SECONDS) * DAY_SECONDS,
  };
  const ofDay = sumConditions('day_cost', { ...search, tag: null }, days);
  const described = describedConditions(search);
  return database
    .prepare<unknown[], number>(
      `select distinct day from (select distinct day, api from day_cost where ${ofDay.sql}) as listed
       where ${described.sql} order by day desc`,
    )
    .pluck()
    .all(...ofDay.values, ...described.values);
}

/** Each by a few searches of a key a day: the sums by tag and by target may be as many as the tasks. */
function describedConditions({ tag, target }: TaskSearch): Piece {
  const pieces: Piece[] = [];
  if (tag !== null)
    pieces.push({
      sql: `${anyOf('tag_cost')} and metadata_state in ('held', 'pending', 'none', 'lost') and tag = ?)`,
      values: [tag],
    });
  if (target !== null) {
    const { sql, values } = targetCondition('target', target);
    pieces.push({ sql: `${anyOf('target_cost')} and metadata_state = 'held' and ${sql})`, values });
  }
  return {
    sql: [...pieces.map(({ sql }) => sql), 'true'].join(' and '),
    values: pieces.flatMap(({ values }) => values),
  };
}

function anyOf(table: SumsTable): string {
  return `exists (select 1 from ${table} where ${table}.day = listed.day and ${table}.api = listed.api and tasks <> 0`;
}

/** By its beginning: everything from the text itself up to it with the last character that there is. */
export function targetCondition(column: string, { text, match }: NonNullable<TaskSearch['target']>): Piece {
  if (match === 'exact') return { sql: `${column} = ?`, values: [text] };
  return { sql: `${column} >= ? and ${column} < ?`, values: [text, `${text}\u{10ffff}`] };
}

type Run = { first: number; readonly last: number };

/** Days that follow one another are one. */
function runsOf(days: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const day of days) {
    const run = runs.at(-1);
    if (run?.first === day + 1) run.first = day;
    else runs.push({ first: day, last: day });
  }
  return runs;
}

function within({ first, last }: Run, whole: Stretch): Stretch[] {
  const since = Math.max(first * DAY_SECONDS, whole.since);
  const end = (last + 1) * DAY_SECONDS;
  if (since > whole.from.at) return [];
  return [{ since, from: end <= whole.from.at ? { at: end, n: -END } : whole.from }];
}
