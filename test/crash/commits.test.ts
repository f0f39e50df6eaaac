import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readMigrations } from '../../src/ledger/migrate.ts';
import { expectRecovered, undisturbedRun } from '../support/after-kill.ts';
import { openBench, type Bench } from '../support/bench.ts';
import { ended, STRACE, startProcess } from '../support/process.ts';
import { inTurns, seeded } from '../support/sample.ts';

const HOUR_MS = 3_600_000;
const PROBE = ['--import', new URL('../support/commit-probe.ts', import.meta.url).href];

const smallAccount = () => ({
  tasks: 400,
  seed: 11,
  startedAt: Date.now(),
  newestAgoMs: HOUR_MS,
  latency: { meanMs: 3 },
  rate: { periodMs: 50 },
});

/** Every point of an undisturbed first run at which SQLite makes something durable; its index is the point's number less one. */
async function pointsOf(bench: Bench): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-probe-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, 'points');
  const { code } = await ended(startProcess(bench, ['backfill'], { node: PROBE, settings: { PROBE_LOG: log } }));
  expect(code).toBe(0);
  return readFileSync(log, 'utf8').trim().split('\n');
}

/** @param at - `before:12`, `after:12`. A point that lies beyond the end of this run is none. */
async function killAt(bench: Bench, at: string): Promise<void> {
  const child = startProcess(bench, ['backfill'], { node: PROBE, settings: { PROBE_KILL: at } });
  const { code, signal } = await ended(child);
  expect(signal ?? code).toBe(signal === 'SIGKILL' ? 'SIGKILL' : 0);
}

const beforeAndAfter = (numbers: readonly number[]) => numbers.flatMap((n) => [`before:${n}`, `after:${n}`]);
const numbersOf = (points: readonly string[], isIt: (point: string) => boolean) =>
  points.flatMap((point, index) => (isIt(point) ? [index + 1] : []));
const isOfMigration = (point: string) =>
  /^part (--|create|$)/.test(point) || /^write (application_id|user_version)/.test(point);

describe('killed with SIGKILL', { timeout: 120_000 }, () => {
  it('before and after every commit, the next run ends with the same rows as an undisturbed one', async () => {
    const options = smallAccount();
    const points = await pointsOf(await openBench(options));
    const commits = numbersOf(points, (point) => !isOfMigration(point));
    expect(commits.length).toBeGreaterThan(20);
    const undisturbed = await undisturbedRun(await openBench(options));
    // What one commit leaves and what the next one finds differ only where a call was made between them.
    const before = seeded('commits, before', commits, 4).map((n) => `before:${n}`);
    const after = seeded('commits, after', commits, 14).map((n) => `after:${n}`);
    await inTurns(2, [...before, ...after], async (at) => {
      const bench = await openBench(options);
      await killAt(bench, at);
      await expectRecovered(bench, undisturbed);
    });
  });

  it('within a migration, it leaves the whole of it or nothing', async () => {
    const options = smallAccount();
    const points = await pointsOf(await openBench(options));
    const parts = numbersOf(points, isOfMigration);
    const commit = Math.max(...parts) + 1;
    const undisturbed = await undisturbedRun(await openBench(options));
    const picks = [...seeded('migration', parts, 3).map((n) => `after:${n}`), ...beforeAndAfter([commit])];
    await inTurns(2, picks, async (at) => {
      const bench = await openBench(options);
      await killAt(bench, at);
      // Each migration is a transaction of its own: those before the one that was cut short are whole.
      const { version, isEmpty } = schemaOf(bench);
      expect(isEmpty).toBe(version === 0);
      if (at === `after:${commit}`) expect(version).toBe(readMigrations().length);
      else expect(version).toBeLessThan(readMigrations().length);
      await expectRecovered(bench, undisturbed);
    });
  });

  it.skipIf(STRACE === null)('between two writes of one commit, the commit is whole or not there', async () => {
    const options = smallAccount();
    const undisturbed = await undisturbedRun(await openBench(options));
    // The first page alone is some sixty frames of the write-ahead log.
    const writes = seeded(
      'writes to the file',
      Array.from({ length: 160 }, (_, index) => 20 + index),
      5,
    );
    await inTurns(2, writes, async (n) => {
      const bench = await openBench(options);
      const under = [
        STRACE ?? '',
        '-f',
        '-q',
        '-o',
        '/dev/null',
        '-e',
        'trace=pwrite64',
        '-e',
        `inject=pwrite64:signal=SIGKILL:when=${n}`,
      ];
      const { signal } = await ended(startProcess(bench, ['backfill'], { under }));
      expect(signal).toBe('SIGKILL');
      await expectRecovered(bench, undisturbed);
    });
  });
});

function schemaOf(bench: Bench): { version: number; isEmpty: boolean } {
  const database = new Database(bench.path, { readonly: true });
  try {
    const tables = database.prepare('select count(*) from sqlite_schema').pluck().get();
    return { version: Number(database.pragma('user_version', { simple: true })), isEmpty: tables === 0 };
  } finally {
    database.close();
  }
}
