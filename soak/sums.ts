import type Database from 'better-sqlite3';
import { defineLikeness } from '../src/ledger/likeness.ts';
import { claim } from './failure.ts';

/** The tables of kept sums, by the columns that tell their rows apart. */
const SUMS = {
  tally: ['api', 'state', 'metadata_state'],
  day_cost: ['day', 'api', 'endpoint', 'state', 'status', 'metadata_state'],
  tag_cost: ['day', 'api', 'metadata_state', 'tag', 'endpoint', 'state', 'status'],
  target_cost: ['day', 'api', 'metadata_state', 'target'],
} as const;

/** What of a task they are; an empty blob stands for none. */
const OF_TASK = {
  day: 'task.posted_at / 86400',
  api: 'task.api',
  endpoint: 'url.endpoint',
  state: 'task.state',
  status: 'task.status',
  metadata_state: 'task.metadata_state',
  tag: `ifnull(task.tag, x'')`,
  target: `ifnull(task.target, x'')`,
} as const;

/** The kept sums are those of the tasks, and which of them are alike is kept of each that could be. */
export function checkSums(database: Database.Database): void {
  for (const [table, columns] of Object.entries(SUMS)) {
    const told = (expressions: readonly string[], sums: string) =>
      `select ${expressions.map((each) => `quote(${each})`).join(` || ' ' || `)} || ': ' || ${sums}`;
    const [tasks, micros] =
      table === 'tally'
        ? ['tasks', 'count(*)']
        : [`tasks || ' ' || cost_micros`, `count(*) || ' ' || sum(ifnull(task.cost_micros, 0))`];
    const ofTask = columns.map((column) => OF_TASK[column]);
    const have = texts(database, `${told(columns, tasks)} from ${table} where tasks <> 0`);
    const want = texts(
      database,
      `${told(ofTask, micros)} from task join url on url.id = task.url group by ${ofTask.join(', ')}`,
    );
    const at = want.findIndex((row, index) => row !== have[index]);
    claim(
      at < 0 && have.length === want.length,
      () =>
        `${table} has ${have[Math.max(at, 0)] ?? 'nothing'}, the tasks add up to ${want[Math.max(at, 0)] ?? 'nothing'}.`,
    );
  }
  checkLikeness(database);
}

function texts(database: Database.Database, sql: string): string[] {
  return database.prepare<[], string>(sql).pluck().all().sort();
}

function checkLikeness(database: Database.Database): void {
  defineLikeness(database);
  const unlike = database
    .prepare<[], string>(
      `select task.id from task join url on url.id = task.url left join likeness on likeness.task = task.n
       where likeness.digest is not iif(task.metadata is null, null, likeness_of(url.endpoint, task.metadata))`,
    )
    .pluck()
    .all();
  claim(unlike.length === 0, () => `What task ${unlike[0] ?? ''} is like is not what its metadata says.`);
}
