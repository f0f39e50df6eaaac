import { DIMENSIONS, type CostRow, type Dimension, type ReportFilter, type Totals } from '../../domain/report.ts';
import type { Db } from '../database.ts';
import { DAY_OF_TASK } from '../seconds.ts';
import {
  cutAtMidnight,
  secondsOf,
  sourceOf,
  sumConditions,
  taskConditions,
  type Piece,
  type Seconds,
  type SumsTable,
} from './pieces.ts';
import { tally } from './tally.ts';

/**
 * Tasks and what they cost, told apart by any of the dimensions; none: one row of all. Exact, from kept sums where these hold
 * what is asked (all but by target and something else), with the parts of days at both ends added up from the tasks; else from
 * the tasks alone, which takes a while for a long time.
 *
 * @returns Days and months ascending, then what cost most first. Groups without a task are left out.
 */
export function costs(database: Db, filter: ReportFilter, by: readonly Dimension[]): CostRow[] {
  const asked = DIMENSIONS.filter((dimension) => by.includes(dimension));
  const source = sourceOf(filter, asked);
  if (source === 'task') return tally(database, filter, asked).toSorted(inOrder(namesOf(asked)));
  const { sql, values } = query(source, filter, asked);
  const rows = database.prepare<unknown[], CostRow>(sql).all(...values);
  return asked.length > 0 || rows[0]?.tasks !== 0 ? rows : [];
}

export function totalsOf(rows: readonly Totals[]): Totals {
  return {
    tasks: rows.reduce((sum, row) => sum + row.tasks, 0),
    costMicros: rows.reduce((sum, row) => sum + row.costMicros, 0),
  };
}

type Column = {
  /** In a table of kept sums, by what name, and in `task`. */
  readonly kept: string;
  readonly ofSums?: string;
  readonly ofTask: string;
  /** In the answer, over the union of the pieces. */
  readonly told: string;
  readonly order?: string;
};

const COLUMNS: Readonly<Record<Dimension | 'metadataState', Column>> = {
  day: { kept: 'day', ofTask: DAY_OF_TASK, told: `date(day * 86400, 'unixepoch')`, order: 'day' },
  month: {
    kept: 'day',
    ofTask: DAY_OF_TASK,
    told: `strftime('%Y-%m', day * 86400, 'unixepoch')`,
    order: 'month',
  },
  endpoint: { kept: 'endpoint', ofTask: 'url', told: '(select name from endpoint where id = piece.endpoint)' },
  tag: { kept: 'tag', ofSums: `nullif(tag, x'')`, ofTask: 'tag', told: 'tag' },
  target: { kept: 'target', ofSums: `nullif(target, x'')`, ofTask: 'target', told: 'target' },
  status: { kept: 'status', ofTask: 'status', told: '(select status from status where id = piece.status)' },
  metadataState: { kept: 'metadata_state', ofTask: 'metadata_state', told: 'metadata_state' },
};

type Name = keyof typeof COLUMNS;

function namesOf(by: readonly Dimension[]): readonly Name[] {
  const isDescribed = by.includes('tag') || by.includes('target');
  return isDescribed ? [...by, 'metadataState'] : by;
}

/** As the query below has them. */
function inOrder(names: readonly Name[]): (a: CostRow, b: CostRow) => number {
  const times = names.filter((name) => COLUMNS[name].order !== undefined);
  const compare = (a: CostRow, b: CostRow, all: readonly Name[]) => {
    for (const name of all) {
      const order = byText(a[name] ?? null, b[name] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  };
  return (a, b) => compare(a, b, times) || b.costMicros - a.costMicros || b.tasks - a.tasks || compare(a, b, names);
}

/** None comes first. */
function byText(a: string | null, b: string | null): number {
  if (a === b) return 0;
  return a === null || (b !== null && a < b) ? -1 : 1;
}

function query(source: SumsTable, filter: ReportFilter, by: readonly Dimension[]): Piece {
  const columns = namesOf(by).map((name) => ({ name, ...COLUMNS[name] }));
  const pieces = piecesOf(source, filter, columns);
  const told = columns.map(({ name, told: expression }) => `${expression} as ${name}, `).join('');
  const group = columns.length === 0 ? '' : `group by ${columns.map((_, at) => at + 1).join(', ')}`;
  const times = columns.flatMap(({ order }) => order ?? []);
  return {
    sql: `select ${told}ifnull(sum(tasks), 0) as tasks, ifnull(sum(micros), 0) as costMicros
      from (${pieces.map(({ sql }) => sql).join(' union all ')}) as piece ${group}
      order by ${[...times, 'costMicros desc', 'tasks desc', ...columns.map((_, at) => at + 1)].join(', ')}`,
    values: pieces.flatMap(({ values }) => values),
  };
}

type Named = Column & { readonly name: string };

function piecesOf(source: SumsTable, filter: ReportFilter, columns: readonly Named[]): Piece[] {
  const { days, edges } = cutAtMidnight(secondsOf(filter));
  return [sumsPiece(source, filter, days, columns), ...edges.map((edge) => tasksPiece(filter, edge, columns))];
}

function sumsPiece(source: SumsTable, filter: ReportFilter, days: Seconds, columns: readonly Named[]): Piece {
  const { sql, values } = sumConditions(source, filter, days);
  const kept = unique(
    columns.map((column) => (column.ofSums === undefined ? column.kept : `${column.ofSums} as ${column.kept}`)),
  );
  return {
    sql: `select ${[...kept, 'tasks', 'cost_micros as micros'].join(', ')} from ${source} where ${sql}`,
    values,
  };
}

/** Grouped by what the row itself holds, so that a name is looked up once a group and not once a task. */
function tasksPiece(filter: ReportFilter, range: Seconds, columns: readonly Named[]): Piece {
  const { sql, values } = taskConditions(filter, range);
  const raw = unique(columns.map(({ kept, ofTask }) => `${ofTask} as ${kept}`));
  const outer = unique(columns.map(({ kept }) => (kept === 'endpoint' ? ENDPOINT_OF_URL : kept)));
  const group = raw.length === 0 ? '' : `group by ${raw.map((_, at) => at + 1).join(', ')}`;
  return {
    sql: `select ${[...outer, 'tasks', 'micros'].join(', ')} from
      (select ${[...raw, 'count(*) as tasks', 'ifnull(sum(cost_micros), 0) as micros'].join(', ')}
       from task where ${sql} ${group}) as raw`,
    values,
  };
}

const ENDPOINT_OF_URL = '(select endpoint from url where url.id = raw.endpoint) as endpoint';

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
