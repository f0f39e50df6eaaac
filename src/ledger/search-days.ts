import type { SearchPlace, TaskSearch } from '../domain/task-search.ts';
import type { Db } from './database.ts';
import { secondsOf, sumConditions, type Piece } from './reports/pieces.ts';

/** Half-open, epoch seconds: what is searched in one go, from `from` back. */
export type Stretch = { readonly since: number; readonly from: SearchPlace };

const DAY_SECONDS = 86_400;
const END = Number.MAX_SAFE_INTEGER;

/**
 * Where tasks that fit can be, newest first: of the days those whose kept sums have some of the API, the endpoint, the state or the
 * tag, and for a target any with metadata. So a search for what is on few days, or on none, reads these alone.
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
  const ofTag = tagConditions(search);
  return database
    .prepare<unknown[], number>(
      `select distinct day from (select distinct day, api from day_cost where ${ofDay.sql}) as listed
       where ${ofTag.sql} order by day desc`,
    )
    .pluck()
    .all(...ofDay.values, ...ofTag.values);
}

/** Each by a few searches of the index a day: the sums by tag may be as many as the tasks. */
function tagConditions({ tag, target }: TaskSearch): Piece {
  const any = 'select 1 from tag_cost where tag_cost.day = listed.day and tag_cost.api = listed.api';
  const tagged = `exists (${any} and metadata_state in ('held', 'pending', 'none', 'lost') and ifnull(tag, x'') = ? and tasks <> 0)`;
  const described = `exists (${any} and metadata_state = 'held' and tasks <> 0)`;
  return {
    sql: [...(tag === null ? [] : [tagged]), ...(target === null ? [] : [described]), 'true'].join(' and '),
    values: tag === null ? [] : [tag],
  };
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
