import { duplicatesIn, type Postings, type Repeated } from '../../domain/duplicates.ts';
import type { DuplicateGroup, DuplicateReport, ReportFilter } from '../../domain/report.ts';
import type { Db } from '../database.ts';
import { toMs, toSeconds } from '../seconds.ts';
import { columnsIn, rangesOf, type Range } from './columns.ts';
import { cutAtMidnight, secondsOf, sumConditions, taskConditions, type Piece } from './pieces.ts';

const DAY_MS = 86_400_000;
const ANY_TIME = { since: null, until: null };

/**
 * Tasks with the same endpoint and parameters within a day, and the money that the repeats have cost. A failed task has brought no
 * result, so to post it again is no waste. Tasks whose metadata the ledger lacks cannot be compared. All of one moment.
 *
 * @param most - So many groups at most, those that wasted most.
 */
export function duplicates(database: Db, filter: ReportFilter, most: number): DuplicateReport {
  return database.transaction(() => duplicatesOf(database, filter, most))();
}

function duplicatesOf(database: Db, filter: ReportFilter, most: number): DuplicateReport {
  const costOf = createCostOf(database);
  const since = filter.since === null ? null : toSeconds(filter.since);
  const totals = { groups: 0, repeats: 0, wastedMicros: 0 };
  let groups: Repeated[] = [];
  for (const group of duplicatesIn(postings(database, filter, costOf), { since, microsOf: costOf.find })) {
    totals.groups += 1;
    totals.repeats += group.count;
    totals.wastedMicros += group.micros;
    groups.push(group);
    // Kept short on the way, so that memory does not grow with the ledger.
    if (groups.length >= 2 * most + 1_000) groups = dearest(groups, most);
  }
  const told = teller(database);
  return { groups: dearest(groups, most).map(told), totals: { ...totals, ...comparedOf(database, filter) } };
}

function dearest(groups: readonly Repeated[], most: number): Repeated[] {
  return groups
    .toSorted((a, b) => b.micros - a.micros || b.count - a.count || a.firstPostedAt - b.firstPostedAt)
    .slice(0, most);
}

type Named = {
  readonly id: string;
  readonly endpoint: string;
  readonly target: string | null;
  readonly tag: string | null;
};

/** Looks up what people know the tasks of a group by; only of the groups that are told. */
function teller(database: Db): (group: Repeated) => DuplicateGroup {
  const task = database.prepare<[number], Named>(
    `select id, target, tag, (select name from endpoint where id = (select endpoint from url where id = task.url)) as endpoint
     from task where n = ?`,
  );
  const named = (n: number): Named => task.get(n) ?? { id: '', endpoint: '', target: null, tag: null };
  return ({ first, repeats, count, micros, firstPostedAt, lastPostedAt }) => {
    const [origin, later] = [named(first), repeats.map(named)];
    return {
      endpoint: origin.endpoint,
      target: origin.target,
      firstId: origin.id,
      firstPostedAt: toMs(firstPostedAt),
      lastPostedAt: toMs(lastPostedAt),
      repeats: count,
      wastedMicros: micros,
      repeatedIds: later.map(({ id }) => id),
      tags: [...new Set([origin, ...later].map(({ tag }) => tag))],
    };
  };
}

/** From a day before, for the tasks that later ones repeat. Where nothing is narrowed down, no row of a task is read. */
function* postings(database: Db, filter: ReportFilter, costOf: CostOf): Generator<Postings> {
  const earlier = { ...filter, since: filter.since === null ? null : filter.since - DAY_MS };
  const { sql, values } = taskConditions(filter, ANY_TIME);
  const failed = `task.n not in (select n from task where state = 'failed' and posted_at >= @since and posted_at < @until)`;
  const read = columnsIn(database, ['task.n', 'likeness.digest', 'task.posted_at'], {
    from: 'task cross join likeness on likeness.task = task.n',
    where: filter.state === null ? { sql: `${sql} and ${failed}`, values } : { sql, values },
  });
  for (const range of rangesOf(database, secondsOf(earlier))) {
    costOf.begin(range);
    const [numbers = [], digests = [], postedAt = []] = read(range.since, range.until);
    yield { numbers: numbers.map(Number), digests: digests.map(Number), postedAt: postedAt.map(Number) };
  }
}

type CostOf = { readonly begin: (range: Range) => void; readonly find: (n: number) => number };

/** Asked for so many tasks of one range, it reads all of them at once. */
const FEW = 250;

function createCostOf(database: Db): CostOf {
  const readAll = columnsIn(database, ['n', 'ifnull(cost_micros, 0)'], {
    from: 'task',
    where: { sql: 'true', values: [] },
  });
  const readOne = database.prepare<[number], number>('select ifnull(cost_micros, 0) from task where n = ?').pluck();
  let range: Range | null = null;
  let asked = 0;
  const known = new Map<number, number>();
  const readRange = ({ since, until }: Range) => {
    const [numbers = [], micros = []] = readAll(since, until);
    for (const [at, n] of numbers.entries()) known.set(Number(n), Number(micros[at]));
  };
  return {
    begin: (next) => {
      range = next;
      asked = 0;
      known.clear();
    },
    find: (n) => {
      asked += 1;
      if (asked === FEW && range !== null) readRange(range);
      return known.get(n) ?? readOne.get(n) ?? 0;
    },
  };
}

/** Of tasks, and of their sums, which call it the same. */
function thatCount({ state }: ReportFilter): string {
  return state === null ? `state <> 'failed'` : 'true';
}

/** How many tasks have been compared, and how many would be if their metadata were there. */
function comparedOf(database: Db, filter: ReportFilter): Pick<DuplicateReport['totals'], 'compared' | 'unknown'> {
  const { days, edges } = cutAtMidnight(secondsOf(filter));
  const sums = filter.tag === null ? 'day_cost' : 'tag_cost';
  const counted = ({ sql, values }: Piece, from: string): Piece => ({
    sql: `select metadata_state, ${from} where ${sql} and ${thatCount(filter)} group by 1`,
    values,
  });
  const pieces = [
    counted(sumConditions(sums, filter, days), `sum(tasks) as tasks from ${sums}`),
    ...edges.map((edge) => counted(taskConditions(filter, edge), 'count(*) as tasks from task')),
  ];
  const found = database
    .prepare<unknown[], DuplicateReport['totals']>(
      `select ifnull(sum(tasks) filter (where metadata_state = 'held'), 0) as compared,
         ifnull(sum(tasks) filter (where metadata_state <> 'held'), 0) as unknown
       from (${pieces.map(({ sql }) => sql).join(' union all ')})`,
    )
    .get(...pieces.flatMap(({ values }) => values));
  return { compared: found?.compared ?? 0, unknown: found?.unknown ?? 0 };
}
