import type { CostRow, Dimension, ReportFilter } from '../../domain/report.ts';
import type { Db } from '../database.ts';
import { DAY_OF_TASK } from '../seconds.ts';
import { columnsIn, rangesOf, type Value } from './columns.ts';
import { secondsOf, taskConditions } from './pieces.ts';

/**
 * Sums of the tasks themselves, as of one moment, in no order. SQLite would sort all of them to bring groups together; here
 * each is looked up, which takes half of the time. Memory grows with the groups, not with the tasks.
 */
export function tally(database: Db, filter: ReportFilter, by: readonly Dimension[]): CostRow[] {
  const isDescribed = by.includes('tag') || by.includes('target');
  const levels = LEVELS.filter((level) => (level === 'metadataState' ? isDescribed : by.includes(level)));
  const tell = levels.map((level) => tellerOf(database, level));
  const root = newNode();
  const add = (cost: Value, columns: readonly Value[][], at: number) => {
    let node = root;
    for (let level = 0; level < levels.length; level += 1) {
      const value = columns[level]?.[at] ?? null;
      node = below(node, tell[level]?.(value) ?? null);
    }
    node.tasks += 1;
    node.costMicros += Number(cost);
  };
  database.transaction(() => {
    for (const [costs = [], ...columns] of readings(database, filter, levels))
      costs.forEach((cost, at) => add(cost, columns, at));
  })();
  return [...rowsOf(root, levels)].filter(({ tasks }) => tasks > 0);
}

type Level = Dimension | 'metadataState';

/** What has few values comes first, so that most of the looking up is in small maps. */
const LEVELS: readonly Level[] = ['metadataState', 'month', 'day', 'status', 'endpoint', 'tag', 'target'];

const COLUMNS: Readonly<Record<Level, string>> = {
  metadataState: 'metadata_state',
  month: DAY_OF_TASK,
  day: DAY_OF_TASK,
  status: 'status',
  endpoint: 'url',
  tag: 'tag',
  target: 'target',
};

type Node = { tasks: number; costMicros: number; below: Map<string | null, Node> | null };

function newNode(): Node {
  return { tasks: 0, costMicros: 0, below: null };
}

function below(node: Node, told: string | null): Node {
  const nodes = (node.below ??= new Map<string | null, Node>());
  const known = nodes.get(told);
  if (known !== undefined) return known;
  const added = newNode();
  nodes.set(told, added);
  return added;
}

function* rowsOf(node: Node, [level, ...others]: readonly Level[]): Generator<CostRow> {
  if (level === undefined) {
    yield { tasks: node.tasks, costMicros: node.costMicros };
    return;
  }
  for (const [told, each] of node.below ?? []) {
    for (const row of rowsOf(each, others)) yield { [level]: told, ...row };
  }
}

/** The costs of some tasks, and a list for each of the levels. */
function* readings(database: Db, filter: ReportFilter, levels: readonly Level[]): Generator<Value[][]> {
  const columns = ['ifnull(cost_micros, 0)', ...levels.map((level) => COLUMNS[level])];
  const where = taskConditions(filter, { since: null, until: null });
  const read = columnsIn(database, columns, { from: 'task', where });
  for (const { since, until } of rangesOf(database, secondsOf(filter))) yield read(since, until);
}

/** As people know it. Other numbers may mean the same: addresses of one endpoint, days of one month. */
function tellerOf(database: Db, level: Level): (value: Value) => string | null {
  switch (level) {
    case 'metadataState':
    case 'tag':
    case 'target':
      return (value) => (typeof value === 'string' ? value : null);
    case 'day':
      return remembered((day) => isoDay(day));
    case 'month':
      return remembered((day) => isoDay(day).slice(0, 7));
    case 'status':
      return remembered(looker(database, 'select status from status where id = ?'));
    case 'endpoint':
      return remembered(
        looker(database, 'select endpoint.name from url join endpoint on endpoint.id = url.endpoint where url.id = ?'),
      );
  }
}

function isoDay(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

function looker(database: Db, sql: string): (id: number) => string | null {
  const statement = database.prepare<[number], string | null>(sql).pluck();
  return (id) => statement.get(id) ?? null;
}

function remembered(tell: (value: number) => string | null): (value: Value) => string | null {
  const known = new Map<Value, string | null>();
  return (value) => {
    const told = known.get(value);
    if (told !== undefined) return told;
    const found = tell(Number(value));
    known.set(value, found);
    return found;
  };
}
