import type { MetadataState } from '../domain/merge-task.ts';
import type { TaskState } from '../domain/task.ts';
import type { Db } from './database.ts';
import { DAY_SECONDS } from './seconds.ts';

/** What of a task enters the sums. `endpoint`, `api` and `status` are numbers of the dictionary. */
export type Summand = {
  readonly api: number;
  readonly endpoint: number;
  readonly postedAt: number; // epoch seconds
  readonly state: TaskState;
  readonly status: number;
  readonly metadataState: MetadataState;
  readonly tag: string | null;
  readonly target: string | null;
  readonly costMicros: number | null;
};

/** Costs by day, by tag and by target and the tally, gathered over a page and written once, in the page's own transaction. */
export type Sums = {
  readonly add: (summand: Summand) => void;
  readonly remove: (summand: Summand) => void;
  readonly flush: () => void;
  /** Drops what was gathered for a transaction that was rolled back. */
  readonly forget: () => void;
};

type Value = number | string | Buffer;
type Delta = { readonly of: readonly Value[]; tasks: number; micros: number };

/** Stands for none: a tag or a target may be any text, also the empty one. */
const NONE = Buffer.alloc(0);

export function createSums(database: Db): Sums {
  const sums = SUMS.map((kept) => createSum(database, kept));
  const gather = (summand: Summand, sign: 1 | -1) => {
    for (const sum of sums) sum.gather(summand, sign);
  };
  const forget = () => {
    for (const sum of sums) sum.forget();
  };
  return {
    add: (summand) => {
      gather(summand, 1);
    },
    remove: (summand) => {
      gather(summand, -1);
    },
    flush: () => {
      for (const sum of sums) sum.write();
      forget();
    },
    forget,
  };
}

type Column = keyof typeof VALUES;

const VALUES = {
  day: ({ postedAt }: Summand) => dayOf(postedAt),
  api: ({ api }: Summand) => api,
  endpoint: ({ endpoint }: Summand) => endpoint,
  state: ({ state }: Summand) => state,
  status: ({ status }: Summand) => status,
  metadata_state: ({ metadataState }: Summand) => metadataState,
  tag: ({ tag }: Summand) => tag ?? NONE,
  target: ({ target }: Summand) => target ?? NONE,
} as const;

function dayOf(postedAt: number): number {
  return Math.floor(postedAt / DAY_SECONDS);
}

/** A table of kept sums. `key` tells the same apart as its columns: what may hold any character goes last. */
type Kept = {
  readonly table: 'tally' | 'day_cost' | 'tag_cost' | 'target_cost';
  readonly columns: readonly Column[];
  readonly key: (summand: Summand) => string;
};

const SUMS: readonly Kept[] = [
  {
    table: 'tally',
    columns: ['api', 'state', 'metadata_state'],
    key: ({ api, state, metadataState }) => `${api}|${state}|${metadataState}`,
  },
  {
    table: 'day_cost',
    columns: ['day', 'api', 'endpoint', 'state', 'status', 'metadata_state'],
    key: (task) => `${dayOf(task.postedAt)}|${task.api}|${outcomeKey(task)}|${task.metadataState}`,
  },
  {
    table: 'tag_cost',
    columns: ['day', 'api', 'metadata_state', 'tag', 'endpoint', 'state', 'status'],
    key: (task) => `${dayOf(task.postedAt)}|${task.api}|${outcomeKey(task)}|${task.metadataState}|${textKey(task.tag)}`,
  },
  {
    table: 'target_cost',
    columns: ['day', 'api', 'metadata_state', 'target'],
    key: (task) => `${dayOf(task.postedAt)}|${task.api}|${task.metadataState}|${textKey(task.target)}`,
  },
];

function outcomeKey({ endpoint, state, status }: Summand): string {
  return `${endpoint}|${state}|${status}`;
}

/** None cannot be mistaken for the empty text. */
function textKey(text: string | null): string {
  return text === null ? '' : `=${text}`;
}

function createSum(database: Db, { table, columns, key }: Kept) {
  const deltas = new Map<string, Delta>();
  const { add, drop } = statements(database, table, columns);
  return {
    gather: (summand: Summand, sign: 1 | -1) => {
      const at = key(summand);
      let delta = deltas.get(at);
      if (delta === undefined) {
        delta = { of: columns.map((column) => VALUES[column](summand)), tasks: 0, micros: 0 };
        deltas.set(at, delta);
      }
      delta.tasks += sign;
      delta.micros += sign * (summand.costMicros ?? 0);
    },
    write: () => {
      for (const { of, tasks, micros } of deltas.values()) {
        if (tasks !== 0 || micros !== 0) add.run(...of, tasks, ...(table === 'tally' ? [] : [micros]));
        if (tasks < 0) drop.run(...of);
      }
    },
    forget: () => {
      deltas.clear();
    },
  };
}

function statements(database: Db, table: Kept['table'], columns: readonly Column[]) {
  const [kept, set] =
    table === 'tally'
      ? [['tasks'], 'tasks = tasks + excluded.tasks']
      : [['tasks', 'cost_micros'], 'tasks = tasks + excluded.tasks, cost_micros = cost_micros + excluded.cost_micros'];
  const all = [...columns, ...kept];
  return {
    add: database.prepare(
      `insert into ${table} (${all.join(', ')}) values (${all.map(() => '?').join(', ')})
       on conflict (${columns.join(', ')}) do update set ${set}`,
    ),
    /** What no task is in any longer: left behind, it would be a row for each task that has finished and bears its own tag. */
    drop: database.prepare(
      `delete from ${table} where ${[...columns.map((column) => `${column} = ?`), ...kept.map((sum) => `${sum} = 0`)].join(' and ')}`,
    ),
  };
}
