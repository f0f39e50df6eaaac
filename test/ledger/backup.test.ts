import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { MadeBackup } from '../../src/ledger/backup.ts';
import { openBench, type Bench } from '../support/bench.ts';
import { CAN_MOUNT, mountDisk } from '../support/mounts.ts';
import { ended, killGroup, lastWords, STRACE, startProcess } from '../support/process.ts';
import { inTurns, seeded } from '../support/sample.ts';
import { killedAt, systemCallsOn } from '../support/system-calls.ts';

const HOUR_MS = 3_600_000;

let harvested: Buffer | null = null;

/** A ledger of 4,000 tasks, made once. */
async function openHarvested(): Promise<Bench> {
  if (harvested === null) {
    const bench = await openBench({ tasks: 4_000, newestAgoMs: HOUR_MS });
    await bench.backfill();
    harvested = readFileSync(bench.path);
  }
  const bench = await openBench({ tasks: 0 });
  writeFileSync(bench.path, harvested);
  return bench;
}

type Wish = { readonly overwrite?: boolean; readonly onCopied?: () => void; readonly signal?: AbortSignal };

function backUp(bench: Bench, target: string, wish: Wish = {}): Promise<MadeBackup> {
  const { overwrite = false, onCopied = () => undefined, signal = new AbortController().signal } = wish;
  return bench.app().backup({ target, overwrite, onCopied, onVerified: () => undefined }, signal);
}

function rowsOf(path: string, sql: string): unknown[] {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare<[]>(sql).all();
  } finally {
    database.close();
  }
}

function tamper(bench: Bench, sql: string): void {
  const database = new Database(bench.path);
  database.exec(sql);
  database.close();
}

function expectWhole(bench: Bench, copy: string): void {
  expect(rowsOf(copy, 'pragma integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  for (const view of ['tasks', 'coverage', 'calls'])
    expect(rowsOf(copy, `select * from ${view}`)).toEqual(bench.rows(`select * from ${view}`));
}

describe('a backup', () => {
  it('holds every row, is one file with the permissions of the ledger, and is verified', async () => {
    const bench = await openHarvested();
    chmodSync(bench.path, 0o640);
    const target = join(bench.folder, 'copies', 'ledger.db');
    mkdirSync(dirname(target));
    const { bytes, report } = await backUp(bench, target);
    expect(report).toMatchObject({ ok: true, problems: [], verified: { tasks: 4_000 } });
    expect(bytes).toBe(statSync(target).size);
    expect(statSync(target).mode & 0o777).toBe(0o640);
    expect(readdirSync(dirname(target))).toEqual(['ledger.db']);
    for (const view of ['tasks', 'coverage', 'calls'])
      expect(rowsOf(target, `select * from ${view}`)).toEqual(bench.rows(`select * from ${view}`));
    expect(rowsOf(target, 'pragma journal_mode')).toEqual([{ journal_mode: 'delete' }]);
    expect(readdirSync(dirname(target))).toEqual(['ledger.db']);
  });

  it('is a ledger that goes on where it was', async () => {
    const bench = await openBench({ tasks: 2_000, newestAgoMs: HOUR_MS });
    await bench.backfill();
    const target = join(bench.folder, 'restored.db');
    await backUp(bench, target);
    const { complete, newTasks } = await bench.backfill({ LEDGER_DATABASE: target });
    expect({ complete, newTasks }).toEqual({ complete: true, newTasks: 0 });
  });

  it(
    'is of one moment and ends, however often another process writes meanwhile, which it never holds up',
    { timeout: 180_000 },
    async () => {
      const bench = await openBench({ tasks: 400_000, newestAgoMs: HOUR_MS, rate: { periodMs: 300 } });
      const child = startProcess(bench, ['backfill']);
      const gone = ended(child);
      await new Promise<void>((resolve) => bench.onCall(() => bench.simulator.stats().calls >= 25 && resolve()));
      const { report } = await backUp(bench, join(bench.folder, 'copy.db'));
      expect(report.problems).toEqual([]);
      expect(report.verified.tasks).toBeGreaterThan(5_000);
      // It goes on: the copy is so quick that there need be no call within it.
      await new Promise<void>((resolve) => bench.onCall(resolve));
      killGroup(child);
      const { stderr } = await gone;
      expect(stderr).not.toMatch(/"level":"(warn|error)"/);
    },
  );

  it('does not replace a file that is there unless it is asked to', async () => {
    const bench = await openHarvested();
    const target = join(bench.folder, 'copy.db');
    writeFileSync(target, 'notes');
    await expect(backUp(bench, target)).rejects.toThrow(/exists.*--overwrite/);
    expect(readFileSync(target, 'utf8')).toBe('notes');
    await backUp(bench, target, { overwrite: true });
    expect(rowsOf(target, 'select count(*) as n from tasks')).toEqual([{ n: 4_000 }]);
  });

  it('asks for a folder that is not there', async () => {
    const bench = await openHarvested();
    await expect(backUp(bench, join(bench.folder, 'none', 'copy.db'))).rejects.toThrow(
      /There is no folder .*none: make it/,
    );
  });

  it('is never put over the ledger itself, by whatever name, over a folder, or where a killed process left a log', async () => {
    const bench = await openHarvested();
    const before = readFileSync(bench.path);
    symlinkSync(bench.path, join(bench.folder, 'link.db'));
    mkdirSync(join(bench.folder, 'folder'));
    writeFileSync(join(bench.folder, 'used.db-wal'), 'x');
    const asked = [
      [bench.path, /belongs to the ledger itself/],
      [`${bench.path}-wal`, /belongs to the ledger itself/],
      [`${bench.path}.lock`, /belongs to the ledger itself/],
      [join(bench.folder, 'link.db'), /belongs to the ledger itself/],
      [join(bench.folder, 'folder'), /is a folder/],
      [join(bench.folder, 'used.db'), /is a database that a process uses/],
    ] as const;
    for (const [target, words] of asked)
      await expect(backUp(bench, target, { overwrite: true })).rejects.toThrow(words);
    expect(readFileSync(bench.path).equals(before)).toBe(true);
  });

  it('that is interrupted leaves nothing', async () => {
    const bench = await openHarvested();
    const stop = new AbortController();
    const target = join(bench.folder, 'copy.db');
    const made = backUp(bench, target, { onCopied: () => stop.abort(new Error('enough')), signal: stop.signal });
    await expect(made).rejects.toThrow('enough');
    expect(readdirSync(bench.folder).filter((name) => name.startsWith('copy'))).toEqual([]);
  });

  it('of a ledger that contradicts itself is a true copy, and says so', async () => {
    const bench = await openHarvested();
    tamper(bench, 'update tally set tasks = tasks + 1');
    const target = join(bench.folder, 'copy.db');
    const { code, stdout } = await ended(startProcess(bench, ['backup', target]));
    expect(stdout).toMatch(/a true copy.*\n- The sum of all tasks, .*\n.*ledger\.db contradicts itself.*verify/s);
    expect(code).toBe(1);
    expect(rowsOf(target, 'select tasks from tally')).toEqual(bench.rows('select tasks from tally'));
  });

  it('of a damaged ledger is none', async () => {
    const bench = await openHarvested();
    const root = Number(bench.rows(`select rootpage from sqlite_schema where name = 'task_by_done'`)[0]?.['rootpage']);
    const bytes = readFileSync(bench.path);
    bytes.fill(0xa7, (root - 1) * 4096, root * 4096);
    writeFileSync(bench.path, bytes);
    const target = join(bench.folder, 'copy.db');
    await expect(backUp(bench, target)).rejects.toMatchObject({ code: 'broken' });
    expect(existsSync(target)).toBe(false);
    expect(readdirSync(bench.folder).filter((name) => name.startsWith('copy'))).toEqual([]);
  });

  it('made twice at a time to one file is whole each time, and what a killed one left is removed', async () => {
    const bench = await openHarvested();
    const target = join(bench.folder, 'copy.db');
    const dead = spawnSync('true').pid;
    const here = hostname();
    const kept = [
      `copy.db.${here}.${process.ppid}.part`, // of a living process
      `copy.db.elsewhere.1.part`, // of another container
      `other.db.${here}.${dead}.part`, // of another copy
    ];
    const old = join(bench.folder, 'copy.db.gone.1.part');
    for (const name of [...kept, `copy.db.${here}.${dead}.part`, basename(old)])
      writeFileSync(join(bench.folder, name), 'half');
    utimesSync(old, new Date(0), new Date(0));
    const both = await Promise.all([1, 2].map(() => ended(startProcess(bench, ['backup', target, '--overwrite']))));
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expectWhole(bench, target);
    expect(
      readdirSync(bench.folder)
        .filter((name) => /^(copy|other)/.test(name))
        .sort(),
    ).toEqual(['copy.db', ...kept].sort());
  });

  it('is made by the command, which says what it holds', async () => {
    const bench = await openHarvested();
    const target = join(bench.folder, 'copy.db');
    const { code, stdout } = await ended(startProcess(bench, ['backup', target]));
    expect(stdout).toMatch(/^\/.*copy\.db: [\d.]+ MB, 4,000 tasks, \d+ calls, verified\.\n$/);
    expect(code).toBe(0);
    const again = await ended(startProcess(bench, ['backup', target]));
    expect(again.code).toBe(2);
    expect(lastWords(again.stderr)).toContain('--overwrite');
  });

  it.skipIf(STRACE === null)(
    'killed at any write, sync or rename leaves a whole copy, the one before or none, and the next one is made',
    { timeout: 180_000 },
    async () => {
      const bench = await openHarvested();
      const trial = join(bench.folder, 'trial.db');
      const calls = await systemCallsOn('trial.db', (under) =>
        ended(startProcess(bench, ['backup', trial], { under })),
      );
      // Of the last few a run may have some more or less: of its index of the log.
      const writes = calls.filter(({ name }) => name === 'pwrite64').slice(0, -10);
      // The index of the ledger's own log is cut to size by whichever of two that run beside each other comes first.
      const others = calls.filter(({ name }) => name !== 'pwrite64' && name !== 'ftruncate');
      expect(writes.length).toBeGreaterThan(100);
      expect(others.map(({ name }) => name)).toEqual(expect.arrayContaining(['rename', 'fsync']));
      const points = [...seeded('writes of a copy', writes, 2), ...seeded('steps of a copy', others, 4)];
      await inTurns(2, [...points.entries()], async ([index, call]) => {
        const target = join(bench.folder, `copy-${index}.db`);
        const isThere = index % 2 === 1;
        if (isThere) writeFileSync(target, 'the copy before');
        const args = ['backup', target, '--overwrite'];
        const { code } = await ended(startProcess(bench, args, { under: killedAt(call) }));
        expect(code, `${call.name} ${call.n}`).not.toBe(0);
        if (isThere && readFileSync(target).length < 100) expect(readFileSync(target, 'utf8')).toBe('the copy before');
        else if (existsSync(target)) expectWhole(bench, target);
        const { report } = await backUp(bench, target, { overwrite: existsSync(target) });
        expect(report).toMatchObject({ ok: true, problems: [] });
        expectWhole(bench, target);
        expect(readdirSync(bench.folder).filter((name) => name.startsWith(`copy-${index}.db`))).toHaveLength(1);
      });
    },
  );

  it.skipIf(!CAN_MOUNT)('for which there is no room is refused with both figures, and nothing is left', async () => {
    const bench = await openHarvested();
    const folder = join(bench.folder, 'small');
    mkdirSync(folder);
    mountDisk(folder, '1m');
    const { code, stderr } = await ended(startProcess(bench, ['backup', join(folder, 'copy.db')]));
    expect(code).toBe(1);
    expect(lastWords(stderr)).toMatch(/There is no room for .*copy\.db: it takes \d+ MB, and \d+ MB are free/);
    expect(readdirSync(folder)).toEqual([]);
  });
});
