import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMigrations } from '../../src/ledger/migrate.ts';
import { openBench, type Bench } from '../support/bench.ts';
import { FIXTURE_LOGIN, placeFixture } from '../support/fixtures.ts';
import { CAN_MOUNT, mountDisk } from '../support/mounts.ts';
import { ended, killGroup, lastWords, STRACE, startProcess } from '../support/process.ts';
import { inTurns, seeded } from '../support/sample.ts';
import { killedAt, systemCallsOn } from '../support/system-calls.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const NEXT = String(readMigrations().length + 1).padStart(4, '0');
const FIRST_PENDING = '0002';

/** Rewrites every row, and takes some seconds for it. */
const SLOW = `-- rewrites: every task
create table burnt as
  with recursive n (i) as (select 1 union all select i + 1 from n where i < 12000000) select max(i) as i from n;
update task set tag = 'rewritten';
drop table burnt;
`;
const SPOILT = `-- rewrites: every task
update task set tag = 'rewritten';
insert into task select * from task;
`;

let folder = '';

/** The program as it will be in its next version: this one and one more migration. @returns Its main.js. */
function nextVersion(name: string, sql: string): string {
  const root = join(folder, name);
  mkdirSync(root);
  for (const part of ['migrations', 'config', 'dist', 'package.json'])
    cpSync(join(ROOT, part), join(root, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'migrations', `${NEXT}_next.sql`), sql);
  return join(root, 'dist', 'main.js');
}

const QUICK = `-- rewrites: every task
update task set tag = 'rewritten';
`;

/** Takes eight megabytes for a while, which nobody could foresee. */
const GREEDY = `${QUICK}
create table ballast as
  with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000) select randomblob(4000) as b from n;
drop table ballast;
`;

let greedy = '';
let quick = '';
let slow = '';
let spoilt = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-next-'));
  greedy = nextVersion('greedy', GREEDY);
  quick = nextVersion('quick', QUICK);
  slow = nextVersion('slow', SLOW);
  spoilt = nextVersion('spoilt', SPOILT);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A bench with the ledger of the first schema, and nothing new on the server. */
async function openOld(): Promise<Bench> {
  const bench = await openBench({ tasks: 0, login: FIXTURE_LOGIN });
  placeFixture('schema-0001', bench.path);
  return bench;
}

function contentOf(path: string): Record<string, unknown> {
  const database = new Database(path, { readonly: true });
  try {
    const version: unknown = database.pragma('user_version', { simple: true });
    const tags = database.prepare('select n, tag from task order by n').raw().all();
    const schema = database.prepare('select type, name, sql from sqlite_schema order by type, name').raw().all();
    return { version, tags, schema };
  } finally {
    database.close();
  }
}

/** Nobody has it open; a log that a kill has left belongs to the file before. */
function placeAnew(path: string): void {
  for (const end of ['-wal', '-shm', `.before-${FIRST_PENDING}`]) rmSync(`${path}${end}`, { force: true });
  placeFixture('schema-0001', path);
}

const logged = (stderr: string, message: string) =>
  stderr
    .split('\n')
    .flatMap((line) => (line.includes(`"msg":"${message}`) ? [JSON.parse(line) as Record<string, unknown>] : []));

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += 20) {
    if (waitedMs > 20_000) throw new Error('it never came to that');
    await delay(20);
  }
}

describe('a migration that rewrites rows', { timeout: 120_000 }, () => {
  it('has the ledger copied first, and health checks answered meanwhile', async () => {
    const bench = await openOld();
    const before = contentOf(bench.path);
    writeFileSync(`${bench.path}.before-0000`, 'an older copy');
    writeFileSync(`${bench.path}.before-0001.part`, 'what a kill left');
    const child = startProcess(bench, ['run'], { main: slow });
    const done = ended(child);
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await until(() => stderr.includes('"url":"http'));
    const url = /"url":"(http[^"]*)"/.exec(stderr)?.[1] ?? '';
    const answers: { status: number; version: unknown; ms: number }[] = [];
    const versionNow = () => contentOf(bench.path)['version'];
    while (!stderr.includes('"the ledger is up to date"')) {
      const began = performance.now();
      const { status } = await fetch(`${url}/healthz`);
      answers.push({ status, version: versionNow(), ms: performance.now() - began });
      await delay(30);
    }
    child.kill('SIGTERM');
    expect((await done).code).toBe(0);
    const meanwhile = answers.filter(({ version }) => version !== Number(NEXT));
    expect(meanwhile.length).toBeGreaterThan(5);
    expect(meanwhile.every(({ status }) => status === 200)).toBe(true);
    expect(contentOf(bench.path)).toMatchObject({ version: Number(NEXT) });
    expect(bench.rows('select distinct tag from task')).toEqual([{ tag: 'rewritten' }]);
    const copy = `${bench.path}.before-${FIRST_PENDING}`;
    expect(contentOf(copy)).toEqual(before);
    expect(readdirSync(bench.folder).filter((name) => name.includes('before'))).toEqual([
      `ledger.db.before-${FIRST_PENDING}`,
    ]);
    expect(logged(stderr, 'the ledger as it was is kept in a copy')[0]).toMatchObject({ path: copy });
  });

  it('that is stopped or killed within leaves every row as it was, or does it all', async () => {
    const bench = await openOld();
    const before = contentOf(bench.path);
    for (const end of ['SIGTERM', 'SIGKILL', 'group'] as const) {
      const child = startProcess(bench, ['run'], { main: slow });
      const done = ended(child);
      await until(() => existsSync(`${bench.path}.before-${FIRST_PENDING}`));
      await delay(end === 'SIGTERM' ? 500 : 200);
      const began = performance.now();
      if (end === 'group') killGroup(child);
      else child.kill(end);
      const { code, signal } = await done;
      expect(code ?? signal).toBe(end === 'SIGTERM' ? 0 : 'SIGKILL');
      expect(performance.now() - began).toBeLessThan(3_000);
      if (end === 'SIGKILL') {
        // The process that migrates has outlived it, holds the ledger and ends by itself.
        const second = await ended(startProcess(bench, ['backfill'], { main: slow }));
        expect(second.code).toBe(4);
        expect(lastWords(second.stderr)).toContain('brings the ledger up to date');
        await until(() => contentOf(bench.path)['version'] === Number(NEXT));
        placeAnew(bench.path);
        continue;
      }
      // The migrations before it are whole by then; of its own there is nothing.
      const after = contentOf(bench.path);
      expect(after['tags']).toEqual(before['tags']);
      expect(after['version']).toBeLessThan(Number(NEXT));
      expect(JSON.stringify(after['schema'])).not.toContain('burnt');
      placeAnew(bench.path);
    }
  });

  it.skipIf(STRACE === null)(
    'killed at any write, sync or rename of the copy, it leaves a whole copy or none, and every row as it was',
    async () => {
      const trial = await openOld();
      const before = contentOf(trial.path);
      const start = (bench: Bench, under: readonly string[] = []) =>
        ended(startProcess(bench, ['backfill'], { main: quick, under }));
      const calls = await systemCallsOn('.before-', (under) => start(trial, under));
      const writes = calls.filter(({ name }) => name === 'pwrite64');
      const others = calls.filter(({ name }) => name !== 'pwrite64');
      expect(writes.length).toBeGreaterThan(100);
      expect(others.map(({ name }) => name)).toEqual(expect.arrayContaining(['rename', 'fsync']));
      const points = [...seeded('writes of a copy', writes, 2), ...seeded('steps of a copy', others, 4)];
      await inTurns(2, points, async (call) => {
        const bench = await openOld();
        const copy = `${bench.path}.before-${FIRST_PENDING}`;
        const { code } = await start(bench, killedAt(call));
        expect(code).not.toBe(0);
        expect(contentOf(bench.path)).toEqual(before);
        if (existsSync(copy)) expect(contentOf(copy)).toEqual(before);
        expect((await start(bench)).code).toBe(0);
        expect(contentOf(bench.path)).toMatchObject({ version: Number(NEXT) });
        expect(bench.rows('select distinct tag from task')).toEqual([{ tag: 'rewritten' }]);
        expect(bench.rows('select count(*) as n from task')).toEqual(trial.rows('select count(*) as n from task'));
        expect(contentOf(copy)).toEqual(before);
        expect(readdirSync(bench.folder).filter((name) => name.endsWith('.part'))).toEqual([]);
      });
    },
  );

  it('that fails is named, and leaves every row as the migration before it left it', async () => {
    const bench = await openOld();
    const tags = bench.rows('select n, tag from task order by n');
    writeFileSync(`${bench.path}.before-0000`, 'what an older version can open');
    const { code, stderr } = await ended(startProcess(bench, ['backfill'], { main: spoilt }));
    expect(existsSync(`${bench.path}.before-0000`)).toBe(true);
    expect(code).toBe(1);
    expect(lastWords(stderr)).toMatch(
      new RegExp(`Migration ${NEXT}_next.sql failed; the ledger is as it was before it.*Cause: `),
    );
    expect(bench.rows('select n, tag from task order by n')).toEqual(tags);
    expect(contentOf(bench.path)).toMatchObject({ version: readMigrations().length });
    expect(existsSync(`${bench.path}.before-${FIRST_PENDING}`)).toBe(true);
    expect(bench.simulator.stats().calls).toBe(0);
  });

  it.skipIf(!CAN_MOUNT)('for whose copy there is no room does not begin, and says how much it takes', async () => {
    const bench = await openOld();
    const bytes = readFileSync(bench.path);
    mountDisk(bench.folder, '1m');
    writeFileSync(bench.path, bytes);
    const { code, stderr } = await ended(startProcess(bench, ['backfill'], { main: slow }));
    expect(code).toBe(1);
    expect(lastWords(stderr)).toMatch(
      /There is no room for .*before-0002: it takes 2 MB, and 1 MB are free.*Make room/,
    );
    expect(readFileSync(bench.path).equals(bytes)).toBe(true);
    expect(readdirSync(bench.folder).filter((name) => name.includes('before'))).toEqual([]);
  });

  it.skipIf(!CAN_MOUNT).each([
    { what: 'the copy', size: '1m', words: 'There is no room for' },
    { what: 'the migration itself', size: '4m', words: `Migration ${NEXT}_next.sql failed` },
  ])(
    'for which a full disk has no room ($what) makes the daemon wait, and goes on with room',
    async ({ size, words }) => {
      const bench = await openOld();
      const bytes = readFileSync(bench.path);
      const before = contentOf(bench.path);
      const disk = mountDisk(bench.folder, size);
      writeFileSync(bench.path, bytes);
      const child = startProcess(bench, ['run'], { main: greedy });
      const done = ended(child);
      let stderr = '';
      child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      await until(() => stderr.includes('"state":"waiting"') || child.exitCode !== null);
      expect(logged(stderr, 'the ledger cannot be opened')[0]?.['reason']).toContain(words);
      const url = /"url":"(http[^"]*)"/.exec(stderr)?.[1] ?? '';
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      expect(contentOf(bench.path)['tags']).toEqual(before['tags']);
      disk.resize('100m');
      await until(() => stderr.includes('"the ledger is up to date"'));
      child.kill('SIGTERM');
      expect((await done).code).toBe(0);
      expect(contentOf(bench.path)).toMatchObject({ version: Number(NEXT) });
      expect(bench.rows('select distinct tag from task')).toEqual([{ tag: 'rewritten' }]);
    },
  );
});
