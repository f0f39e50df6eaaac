import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { createOpenApp } from '../src/app.ts';
import type { ListedTask } from '../src/domain/task.ts';
import { cli } from './cli/fakes.ts';
import { createFakeClock } from './support/fake-clock.ts';
import {
  asRow,
  BARE,
  DAY,
  listed,
  LOGIN,
  policy,
  readSlice,
  sliceOf,
  tempLedger,
  withDatabase,
} from './support/ledger.ts';

const PAGE = readFileSync('docs/recipes.md', 'utf8');
const MARCH = Date.UTC(2026, 2, 1);
const POSTED = Date.UTC(2026, 2, 14, 9, 26, 53);
const NOW = Date.UTC(2026, 3, 2);

const blocks = (language: string) =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);

const TASKS: readonly ListedTask[] = [
  listed('march', MARCH, { costMicros: 1_000_001 }),
  listed('bare', MARCH + DAY, BARE),
  listed('timed-out', POSTED, { costMicros: 20_000 }),
  listed('again', POSTED + 60_000, { costMicros: 20_000 }),
  listed('other', MARCH + 20 * DAY, { tag: null, metadata: '{}', costMicros: 7 }),
  listed('april', MARCH + 31 * DAY, { costMicros: 9_000_000 }),
];

/** A ledger that knows March 2026, at the beginning of April. */
function marchLedger(failedAt: number) {
  const temp = tempLedger();
  const ledger = temp.open({ now: NOW });
  ledger.ensureFrontiers('backlinks', NOW, policy);
  const failed = listed('failed', failedAt, { status: '40501', statusCode: 40_501, state: 'failed', costMicros: 0 });
  const late = { at: { now: NOW, metadataEdge: NOW - 31 * DAY }, answer: { serverDate: NOW } };
  readSlice(ledger, sliceOf(MARCH, MARCH + 31 * DAY + DAY / 2), TASKS.map(asRow), late);
  readSlice(ledger, sliceOf(failedAt - 1000, failedAt + 1000), [asRow(failed)], late);
  const clock = createFakeClock({ now: NOW });
  const openApp = createOpenApp({ clock, fetch, pid: 1, version: '9.8.7' });
  const run = (line: string) => {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    const argv = words.slice(2).map((word) => (word === 'tasks.parquet' ? join(temp.folder, word) : word));
    return cli([...argv, '--database', temp.path], { openApp, clock, env: {} });
  };
  return { ...temp, run };
}

describe('each recipe', () => {
  const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));

  it.each(commands)('%s', async (line) => {
    const { run } = marchLedger(NOW - DAY / 4);
    const { code, stdout, stderr } = await run(line);
    // The rest of the window is not read here, which coverage must say; and the calls of this ledger are made up, which verify sees.
    expect(code).toBe(/(coverage|verify)$/.test(line) ? 1 : 0);
    // It lacks most of its window, which is said where rows have no place for it.
    expect(stderr.replace(/^CAREFUL: .*\n/, '')).toBe('');
    expect(stdout).not.toBe('');
  });

  it('for the command line answers its question', async () => {
    const { run } = marchLedger(NOW - DAY / 4);
    const answers = await Promise.all(commands.map(async (line) => [line, (await run(line)).stdout] as const));
    const answerOf = (part: string) => answers.find(([line]) => line.includes(part))?.[1] ?? '';
    expect(answerOf('--tag customer-7')).toContain('3 tasks, 1.040001 dollars');
    expect(answerOf('--by target --by status')).toContain('2 tasks, 0.040000 dollars');
    expect(answerOf('duplicates')).toContain('1 task repeated another');
    expect(answerOf('failures --since 12h')).toMatch(/^failed +2026-04-01 18:00:00 /m);
    expect(answerOf('2026-04-01 --format json')).toContain('"complete": true');
  });

  const shell = spawnSync('sqlite3', ['--version']).status === 0;
  if (!shell)
    console.warn('SKIPPED: no sqlite3 here, so its recipes are tried in better-sqlite3 only (apt-get install sqlite3)');

  it('for SQLite answers its question', () => {
    // These are of the last hours by this machine's clock.
    const { path } = marchLedger(Math.floor(Date.now() / 1000) * 1000 - DAY / 4);
    const answers = blocks('sql').map((sql) =>
      withDatabase(path, { readonly: true }, (database) => database.prepare<[], Record<string, unknown>>(sql).all()),
    );
    expect(answers).toHaveLength(4);
    const [costs, posted, failed, missing] = answers;
    expect(costs).toEqual([
      { customer: 'customer-7', tasks: 3, dollars: '1.040001' },
      { customer: '(unknown: none)', tasks: 1, dollars: '0.020000' },
      { customer: '(no tag)', tasks: 1, dollars: '0.000007' },
    ]);
    expect(posted?.map(({ id }) => id)).toEqual(['timed-out', 'again']);
    expect(failed).toEqual([expect.objectContaining({ status: '40501', tasks: 1, for_example: 'failed' })]);
    expect(missing).toEqual([]);
    if (!shell) return;
    for (const sql of blocks('sql')) execFileSync('sqlite3', ['-readonly', '-box', path, sql], { encoding: 'utf8' });
  });

  it('for DuckDB answers its question', async () => {
    const { run, folder } = marchLedger(Math.floor(Date.now() / 1000) * 1000 - DAY / 4);
    await run('npx dataforseo-ledger export --format parquet --out tasks.parquet');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const ask = async (sql: string) =>
      (
        await connection.runAndReadAll(sql.replaceAll('tasks.parquet', join(folder, 'tasks.parquet')))
      ).getRowObjectsJson();
    try {
      const answers: Record<string, unknown>[][] = [];
      for (const sql of blocks('sql duckdb')) answers.push(await ask(sql));
      expect(answers).toHaveLength(4);
      const [costs, posted, failed, whole] = answers;
      expect(costs?.map(({ customer, tasks, dollars }) => [customer, tasks, dollars])).toEqual([
        ['customer-7', '3', '1.040001'],
        ['(unknown: none)', '1', '0.020000'],
        ['(no tag)', '1', '0.000007'],
      ]);
      expect(posted?.map(({ id }) => id)).toEqual(['timed-out', 'again']);
      expect(failed).toEqual([expect.objectContaining({ status: '40501', tasks: '1', for_example: 'failed' })]);
      expect(whole?.[0]).toMatchObject({ tasks: '7', ids: '7' });
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  });

  it('for the account of the certificate makes the hash that stands there', async () => {
    const { run } = marchLedger(NOW - DAY / 4);
    const { stdout } = await run('npx dataforseo-ledger report coverage');
    const [, word = '', hash = ''] = /^Account +(\w+):(\w+)$/m.exec(stdout) ?? [];
    const [recipe = ''] = blocks('bash');
    const sum = execFileSync('bash', ['-c', recipe.replace('WORD', word).replace('LOGIN', LOGIN)], {
      encoding: 'utf8',
    });
    expect(sum.split(' ')[0]).toBe(hash);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('for Datasette is a query that answers', () => {
    const { path } = marchLedger(Math.floor(Date.now() / 1000) * 1000 - DAY / 4);
    const { databases } = parse(readFileSync('deploy/datasette/metadata.yaml', 'utf8')) as {
      databases: { ledger: { tables: Record<string, unknown>; queries: Record<string, { sql: string }> } };
    };
    const { queries, tables } = databases.ledger;
    const given = { tag: 'customer-7', month: '2026-03', moment: '2026-03-14 09:26:53', endpoint: '' };
    const rowsOf = (name: string) =>
      withDatabase(path, { readonly: true }, (database) => database.prepare(queries[name]!.sql).all(given) as Record<string, unknown>[]); // prettier-ignore
    expect(rowsOf('customer_in_a_month').map(({ dollars }) => dollars)).toEqual(['1.000001', '0.040000']);
    expect(rowsOf('posted_around').map(({ id }) => id)).toEqual(['timed-out', 'again']);
    expect(rowsOf('failed_last_night')).toHaveLength(1);
    expect(rowsOf('missing')).toEqual([]);
    const views = withDatabase(path, { readonly: true }, (database) =>
      database.prepare("select name from sqlite_schema where type = 'view'").pluck().all(),
    );
    expect(Object.keys(tables).filter((name) => !views.includes(name))).toEqual([]);
  });
});
