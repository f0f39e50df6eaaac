import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { NO_FILTER, type ReportFilter } from '../../../src/domain/report.ts';
import { exportTasks } from '../../../src/ledger/export-tasks.ts';
import { migrate, readMigrations } from '../../../src/ledger/migrate.ts';
import { certificate } from '../../../src/ledger/reports/certificate.ts';
import { changes, changeTotals } from '../../../src/ledger/reports/changes.ts';
import { costs } from '../../../src/ledger/reports/costs.ts';
import { duplicates } from '../../../src/ledger/reports/duplicates.ts';
import { retrievable } from '../../../src/ledger/reports/retrievable.ts';
import { unknownTag } from '../../../src/ledger/reports/unknown-tag.ts';
import { unknownValues } from '../../../src/ledger/reports/unknown-values.ts';
import { stretchesOf } from '../../../src/ledger/search-days.ts';
import { taskLines } from '../../../src/ledger/reports/task-lines.ts';
import { NOW, policy } from '../../support/ledger.ts';

type Db = Database.Database;

/** The plan of every query that `work` really makes, one step a line. */
function plansOf(work: (database: Db) => unknown): string[] {
  const database = new Database(':memory:');
  migrate(database, readMigrations(), 0);
  database.exec(`insert into api (name) values ('backlinks'); insert into endpoint (name) values ('serp/task_post');
    insert into frontier (api, grade, origin, accounted_until) values (1, 'ids', 0, 0), (1, 'metadata', 0, 0);
    insert into walk (api, purpose, grade, since, until, row_limit, opening, started_at) values (1, 'backfill', 'ids', 0, 9, 1, 0, 0);
    insert into segment values (1, 0, 9, 'metadata', 1, 9, 0, '00')`);
  const made: string[] = [];
  const prepare = database.prepare.bind(database);
  database.prepare = (sql: string) => {
    made.push(sql);
    return prepare(sql);
  };
  work(database);
  for (const sql of made.filter((one) => one.includes(' limit ?'))) {
    const borders = [...sql.matchAll(/(?<!\+task\.)posted_at ([<>])=? \?(?! or)/g)].map(([, side]) => side);
    // With two of them on one side SQLite searches from the one that does not move, and pages become slower and slower.
    expect(new Set(borders).size, sql).toBe(borders.length);
  }
  return made.flatMap((sql) =>
    prepare<unknown[], { detail: string }>(`explain query plan ${sql.replace(/@\w+/g, '1')}`)
      .all(...(sql.match(/\?/g) ?? []).map(() => 1))
      .map(({ detail }) => detail),
  );
}

const filter = (over: Partial<ReportFilter>): ReportFilter => ({ ...NO_FILTER, ...over });
const SEARCH = { ...NO_FILTER, tag: 'x', id: null, target: { text: 'x', match: 'exact' } } as const;
const DAY = { since: NOW - 86_400_000, until: NOW };
const RANGE = 'SEARCH task USING INDEX task_by_posted (posted_at>? AND posted_at<?)';
const terms = {
  path: 'x',
  apis: ['backlinks'],
  lagMs: 30_000,
  tailPeriodMs: 60_000,
  policy,
  now: NOW,
  version: '1',
  filter: NO_FILTER,
};

describe('the plan of', () => {
  it.each([
    ['costs by day', (database: Db) => costs(database, NO_FILTER, ['day'])],
    ['costs by endpoint and month', (database: Db) => costs(database, NO_FILTER, ['endpoint', 'month'])],
    ['costs of a tag by day', (database: Db) => costs(database, filter({ tag: 'x' }), ['day'])],
    [
      'what of a filter no task has',
      (database: Db) => unknownValues(database, { api: 'x', endpoint: 'x', tag: 'x', state: 'failed' }),
    ],
    [
      'the tasks whose tag is not known',
      (database: Db) => unknownTag(database, { kind: 'costs', filter: filter({ tag: 'x' }), now: NOW }),
    ],
    ['the days that a search looks at', (database: Db) => stretchesOf(database, SEARCH, null)],
  ])('%s reads no task', (_, work) => {
    const steps = plansOf(work);
    expect(steps.length).toBeGreaterThan(0);
    expect(steps.filter((step) => /\btask\b/.test(step) && !/task \(rowid|INDEX sqlite_autoindex_task_1/.test(step) && !step.includes('SEARCH task USING INTEGER'))).toEqual([]); // prettier-ignore
  });

  it('the days of a tag and a target finds each in its sums, however many these are', () => {
    const steps = plansOf((database) => stretchesOf(database, SEARCH, null)).filter((step) =>
      /t_cost|g_cost/.test(step),
    );
    expect(steps).toEqual([
      'SEARCH target_cost EXISTS USING PRIMARY KEY (day=? AND api=? AND metadata_state=? AND target=?)',
      'SEARCH tag_cost EXISTS USING PRIMARY KEY (day=? AND api=? AND metadata_state=? AND tag=?)',
    ]);
  });

  it('the days of what a target begins with finds each likewise', () => {
    const search = { ...SEARCH, target: { text: 'x', match: 'prefix' } } as const;
    expect(plansOf((database) => stretchesOf(database, search, null))).toContain(
      'SEARCH target_cost EXISTS USING PRIMARY KEY (day=? AND api=? AND metadata_state=? AND target>? AND target<?)',
    );
  });

  it.each([
    ['costs', filter({ tag: 'x', ...DAY })],
    ['costs', filter({ tag: 'x', endpoint: 'serp/task_post' })],
    ['failures', filter({ tag: 'x' })],
    ['duplicates', filter({ tag: 'x' })],
    ['retrievable', filter({ tag: 'x' })],
  ] as const)('the tasks of %s whose tag is not known looks at no day but those that have any', (kind, asked) => {
    const steps = plansOf((database) => unknownTag(database, { kind, filter: asked, now: NOW }));
    if (kind === 'costs' && asked.endpoint === null)
      expect(steps).toContain('SEARCH day_cost USING PRIMARY KEY (day>? AND day<?)');
    expect(steps.filter((step) => /^(SCAN|SEARCH) task\b/.test(step) && !step.includes('posted_at>? AND posted_at<?'))).toEqual([]); // prettier-ignore
  });

  it.each([
    ['the rest of a day beside the sums', (database: Db) => costs(database, filter(DAY), ['day']), RANGE],
    ['costs of a day by target', (database: Db) => costs(database, filter(DAY), ['target']), RANGE],
    ['failed tasks', (database: Db) => [...taskLines(database, filter({ state: 'failed' }), { order: 'newest_first' })], 'SEARCH task USING INDEX task_failed (posted_at<?)'], // prettier-ignore
    ['unfinished tasks', (database: Db) => [...taskLines(database, filter({ state: 'pending' }), { order: 'oldest_first' })], 'SEARCH task USING INDEX task_unfinished (posted_at>?)'], // prettier-ignore
    ['tasks of a day', (database: Db) => [...taskLines(database, filter(DAY), { order: 'newest_first' })], RANGE],
    ['changes', (database: Db) => [...changes(database, NO_FILTER)], 'SEARCH task_change USING INTEGER PRIMARY KEY (rowid<?)'], // prettier-ignore
    ['what changes come to', (database: Db) => changeTotals(database, NO_FILTER), 'SCAN task_change'],
    ['retrievable results', (database: Db) => [...retrievable(database, NO_FILTER, NOW)], 'SEARCH task USING INDEX task_by_posted (posted_at>?)'], // prettier-ignore
    ['a certificate', (database: Db) => certificate(database, terms), RANGE],
    ['duplicates of a day', (database: Db) => duplicates(database, filter(DAY), 1), RANGE],
    ['a page of an export', (database: Db) => [...exportTasks(database, NO_FILTER).pages], RANGE],
  ])('%s finds its tasks by an index and sorts at most those of one second', (_, work, step) => {
    const steps = plansOf(work);
    expect(steps.some((each) => each.includes(step)), steps.join('\n')).toBe(true); // prettier-ignore
    expect(steps.filter((each) => /^SCAN task( |$)(?!.*INDEX)/.test(each))).toEqual([]);
    expect(steps.filter((each) => each === 'USE TEMP B-TREE FOR ORDER BY' && !step.includes('task_by_posted (posted_at>? AND posted_at<?)'))).toEqual([]); // prettier-ignore
  });
});
