import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { createOpenApp } from '../../src/app.ts';
import { EXPORT_COLUMNS } from '../../src/domain/task-export.ts';
import type { ListedTask } from '../../src/domain/task.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { BARE, HOUR, ledgerOf, listed, NOW, PENDING } from '../support/ledger.ts';
import { cli } from './fakes.ts';

const SINCE = NOW - 10 * HOUR;

const ODD = [
  listed('plain', SINCE),
  listed('bare', SINCE + 1000, BARE),
  listed('pending', SINCE + 2000, { ...PENDING, costMicros: null }),
  listed('formula', SINCE + 3000, {
    tag: '=HYPERLINK("http://x")',
    target: 'é漢字\u202e,"\n',
    metadata: '{"tag":"=HYPERLINK(\\"http://x\\")","n":12345678901234567890,"line":"a\\nb"}',
  }),
  listed('empty', SINCE + 4000, { tag: '', metadata: '{"tag":""}', extra: '{"priority":2}' }),
  listed('zone', SINCE + 5000, { postedText: '2024-05-15 04:00:05 +02:00', costMicros: 1 }),
];

function exporting(tasks: readonly ListedTask[] = ODD) {
  const temp = ledgerOf(tasks, SINCE, SINCE + HOUR);
  const clock = createFakeClock({ now: NOW });
  const openApp = createOpenApp({ clock, fetch, pid: 1, version: '9.8.7' });
  const out = join(temp.folder, 'out.file');
  const run = (argv: readonly string[], parts: Parameters<typeof cli>[1] = {}) =>
    cli(['export', ...argv, '--database', temp.path], { openApp, clock, env: {}, ...parts });
  const view = () => temp.rows('select * from tasks order by posted_at, id');
  const partials = () => readdirSync(temp.folder).filter((name) => name.includes('partial'));
  return { ...temp, out, run, view, partials };
}

async function duckdb(sql: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

describe('an export', () => {
  it('as NDJSON has every column of the view and every text as it is, long numbers too', async () => {
    const { run, out, view } = exporting();
    expect((await run(['--format', 'ndjson', '--out', out])).stdout).toBe(`6 tasks in ${out}\n`);
    const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
    const text = (value: unknown) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value);
    const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const isJson = new Set<string>(EXPORT_COLUMNS.filter(({ type }) => type === 'json').map(({ name }) => name));
    const parsed = (row: Record<string, unknown>) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, isJson.has(name) && typeof value === 'string' ? text(JSON.parse(value)) : text(value)])); // prettier-ignore
    expect(rows.map((row) => parsed(row))).toEqual(view().map(parsed));
    expect(lines.join()).toContain('"n":12345678901234567890');
  });

  it('as CSV has no formula, and tells an empty text from none', async () => {
    const { run, out } = exporting();
    await run(['--format', 'csv', '--out', out]);
    const csv = readFileSync(out, 'utf8');
    expect(csv.split('\n')[0]).toBe(EXPORT_COLUMNS.map(({ name }) => name).join(','));
    expect(csv).toContain(`,"'=HYPERLINK(""http://x"")","é漢字\u202e,""\n",`);
    const [tag] = await duckdb(
      `select count(*) as held from read_csv('${out}', header = true, all_varchar = true) where id = 'empty'`,
    );
    expect(tag).toEqual({ held: '1' });
    expect(csv).toMatch(/^empty,.*,"",example\.com,/m);
    expect(csv).toMatch(/^bare,.*,20000,,,,none,,/m);
  });

  it('as Parquet is read by DuckDB with the same rows and types', async () => {
    const { run, out, view } = exporting();
    await run(['--format', 'parquet', '--out', out]);
    const types = await duckdb(`select column_name, column_type from (describe select * from read_parquet('${out}'))`);
    expect(Object.fromEntries(types.map(({ column_name, column_type }) => [column_name, column_type]))).toMatchObject({
      id: 'VARCHAR',
      posted_at: 'TIMESTAMP WITH TIME ZONE',
      cost: 'DOUBLE',
      cost_micros: 'BIGINT',
      status_code: 'BIGINT',
      metadata: 'VARCHAR',
    });
    const seconds = ['posted_at', 'done_at', 'first_seen_at', 'changed_at'];
    const numbers = [...seconds, 'cost_micros', 'status_code'];
    const rows = await duckdb(
      `select * replace (${seconds.map((name) => `epoch_ms(${name}) // 1000 as ${name}`).join(', ')}) from read_parquet('${out}') order by posted_at, id`,
    );
    const read = rows.map((row) => ({
      ...row,
      ...Object.fromEntries(numbers.map((name) => [name, row[name] === null ? null : Number(row[name])])),
    }));
    expect(read).toEqual(view());
  });

  it('goes to standard output in each format', async () => {
    const { run } = exporting();
    expect((await run(['--format', 'csv', '--out', '-'])).stdout.split('\n')[0]).toMatch(/^id,api,/);
    expect((await run(['--format', 'ndjson', '--out', '-'])).stdout.trimEnd().split('\n')).toHaveLength(6);
    expect((await run(['--format', 'parquet', '--out', '-'])).stdout.startsWith('PAR1')).toBe(true);
  });

  it('of a range has the tasks that were posted in it', async () => {
    const { run } = exporting();
    const range = ['--since', '2024-05-15 02:00:01', '--until', '2024-05-15 02:00:03'];
    const { stdout } = await run(['--format', 'ndjson', '--out', '-', ...range]);
    expect([...stdout.matchAll(/"id":"(\w+)"/g)].map(([, id]) => id)).toEqual(['bare', 'pending']);
  });

  it('of many tasks in one second has each once, in several pages and row groups', async () => {
    const many = Array.from({ length: 2_345 }, (_, at) => listed(`t${at}`, SINCE + (at % 3 === 0 ? 0 : at) * 1000));
    const { run, out } = exporting(many.toSorted((a, b) => a.postedAt - b.postedAt));
    await run(['--format', 'parquet', '--out', out]);
    const [row] = await duckdb(`select count(*) as n, count(distinct id) as ids from read_parquet('${out}')`);
    expect(row).toEqual({ n: '2345', ids: '2345' });
  });
});

describe('the file of an export', () => {
  it('replaces an older one only when it is whole', async () => {
    const { run, out, partials } = exporting(
      Array.from({ length: 1_200 }, (_, at) => listed(`t${at}`, SINCE + at * 1000)),
    );
    writeFileSync(out, 'older');
    const controller = new AbortController();
    let pages = 0;
    const openApp: Parameters<typeof cli>[1] = {
      signal: controller.signal,
      app: {
        export: async ({ use }) => {
          const pagesOf = function* () {
            for (; pages < 10; pages += 1) {
              expect(partials()).toHaveLength(1);
              expect(readFileSync(out, 'utf8')).toBe('older');
              if (pages === 2) controller.abort(new Error('stopped by SIGINT'));
              yield [EXPORT_COLUMNS.map(() => 'x')];
            }
          };
          await use({ complete: true, total: 10, pages: pagesOf() });
        },
      },
    };
    const { code } = await cli(['export', '--format', 'csv', '--out', out], openApp);
    expect([code, pages]).toEqual([130, 2]);
    expect([readFileSync(out, 'utf8'), partials()]).toEqual(['older', []]);
    expect((await run(['--format', 'csv', '--out', out])).code).toBe(0);
    expect(readFileSync(out, 'utf8').split('\n')).toHaveLength(1_202);
    expect(partials()).toEqual([]);
  });

  it('leaves nothing of an export that fails', async () => {
    const { out, partials } = exporting();
    const fails: Parameters<typeof cli>[1] = {
      app: {
        export: async ({ use }) => {
          const pages = function* () {
            yield [EXPORT_COLUMNS.map(() => 'x')];
            throw new Error('the disk is on fire');
          };
          await use({ complete: true, total: 10, pages: pages() });
        },
      },
    };
    const { code, stderr } = await cli(['export', '--format', 'parquet', '--out', out], fails);
    expect([code, stderr]).toEqual([1, 'the disk is on fire.\n']);
    expect([existsSync(out), partials()]).toEqual([false, []]);
  });

  it('removes what a killed one left long ago, and nothing that another may be writing', async () => {
    const { run, out, partials, folder } = exporting();
    const [old, fresh, other] = [
      `${out}.0123abcd.partial`,
      `${out}.4567abcd.partial`,
      join(folder, 'else.0123abcd.partial'),
    ];
    for (const path of [old, fresh, other]) writeFileSync(path, '');
    for (const [path, at] of [[old, NOW - HOUR], [fresh, NOW], [other, NOW - HOUR]] as const) utimesSync(path, at / 1000, at / 1000); // prettier-ignore
    await run(['--format', 'csv', '--out', out]);
    expect(partials()).toEqual(['else.0123abcd.partial', 'out.file.4567abcd.partial']);
  });

  it('is neither the ledger nor what is no file', async () => {
    const { run, folder, path, value } = exporting();
    mkdirSync(join(folder, 'folder'));
    symlinkSync(path, join(folder, 'link'));
    for (const [out, words] of [
      [path, 'belongs to the ledger itself'],
      [`${path}-wal`, 'belongs to the ledger itself'],
      [join(folder, 'link'), 'belongs to the ledger itself'],
      [join(folder, 'folder'), 'is no file; name a file in it'],
      ['/dev/null', 'is no file; --out - writes to standard output'],
      [join(folder, 'none', 'x'), 'there is no folder'],
      ['', 'it must name a file'],
    ] as const) {
      const { code, stderr } = await run(['--format', 'csv', '--out', out]);
      expect([out, code, stderr]).toEqual([out, 2, expect.stringContaining(words)]);
    }
    expect(value('select count(*) from tasks')).toBe(6);
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('needs a format and a path', async () => {
    expect((await cli(['export', '--out', 'x'])).code).toBe(2);
    expect((await cli(['export', '--format', 'csv'])).code).toBe(2);
    expect((await cli(['export', '--format', 'xlsx', '--out', 'x'])).code).toBe(2);
  });
});

describe('an export on a terminal', () => {
  it('shows how far it is, and clears the line', async () => {
    const { out } = exporting();
    let elapsed = 0;
    const clock = { ...createFakeClock({ now: NOW }), monotonic: () => (elapsed += 400) };
    const slow: Parameters<typeof cli>[1] = {
      isTTY: true,
      clock,
      app: {
        export: async ({ use }) => {
          const pages = function* () {
            for (let page = 0; page < 5; page += 1) yield [EXPORT_COLUMNS.map(() => 'x')];
          };
          await use({ complete: true, total: 4_000, pages: pages() });
        },
      },
    };
    const { stderr } = await cli(['export', '--format', 'csv', '--out', out], slow);
    expect(stderr).toContain('of 4,000 tasks');
    expect(stderr.endsWith('\r\u001b[K') || stderr.endsWith('\r\u001b[2K') || stderr.endsWith('\u001b[K')).toBe(true);
  });
});

describe.skipIf(spawnSync('sqlite3', ['--version']).status !== 0)('the shell of SQLite', () => {
  it('imports the CSV with as many rows as there are tasks', async () => {
    const { run, out } = exporting();
    await run(['--format', 'csv', '--out', out]);
    const { stdout } = spawnSync('sqlite3', [':memory:', `.import --csv ${out} tasks`, 'select count(*) from tasks'], { encoding: 'utf8' }); // prettier-ignore
    expect(stdout.trim()).toBe('6');
  });
});
