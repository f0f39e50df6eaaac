import { nearestNames } from '../../domain/nearest.ts';
import type { ReportFilter } from '../../domain/report.ts';
import type { UnknownValue } from '../../domain/unknown-value.ts';
import type { Db } from '../database.ts';

type Narrowed = Pick<ReportFilter, UnknownValue['name']>;

const MOST_NEAR = 3;
/** So few can be named whatever was typed. */
const FEW = 6;
/** Of tags there may be as many as tasks: so many of the newest days are looked through for a near one. */
const MOST_COMPARED = 5_000;

/** Each by a few searches of the kept sums a day; none reads the tasks. */
const HAS: Readonly<Record<UnknownValue['name'], string>> = {
  api: 'select 1 from tally where api = (select id from api where name = ?) and tasks <> 0',
  state: 'select 1 from tally where state = ? and tasks <> 0',
  endpoint: 'select 1 from day_cost where endpoint = (select id from endpoint where name = ?) and tasks <> 0',
  tag: `select 1 from (select distinct day, api from day_cost) as listed where exists (
    select 1 from tag_cost where tag_cost.day = listed.day and tag_cost.api = listed.api
    and metadata_state in ('held', 'pending', 'none', 'lost') and tag = ? and tasks <> 0)`,
};

const THERE_ARE: Readonly<Record<UnknownValue['name'], string>> = {
  api: 'select name from api where exists (select 1 from tally where api = api.id and tasks <> 0)',
  state: 'select distinct state from tally where tasks <> 0',
  endpoint: `select name from endpoint where id in (select endpoint from day_cost where tasks <> 0) limit ${MOST_COMPARED}`,
  tag: `select distinct tag from
    (select tag from tag_cost where tag <> x'' and tasks <> 0 order by day desc limit ${MOST_COMPARED})`,
};

/** What of a filter no task of the ledger has, whatever the time; by the kept sums, so at once in a ledger of any size. */
export function unknownValues(database: Db, filter: Narrowed): UnknownValue[] {
  const names = ['api', 'endpoint', 'tag', 'state'] as const;
  return names.flatMap((name) => {
    const value = filter[name];
    if (value === null || has(database, name, value)) return [];
    return [{ name, value, near: nearOf(database, name, value) }];
  });
}

function has(database: Db, name: UnknownValue['name'], value: string): boolean {
  return database.prepare<[string], number>(`${HAS[name]} limit 1`).pluck().get(value) !== undefined;
}

function nearOf(database: Db, name: UnknownValue['name'], value: string): string[] {
  const known = database.prepare<[], string>(THERE_ARE[name]).pluck().all();
  const near = nearestNames(value, known, MOST_NEAR);
  return near.length > 0 || known.length > FEW ? near : known.toSorted();
}
