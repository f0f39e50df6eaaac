import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { expectRecovered, expectSound, undisturbedRun } from '../support/after-kill.ts';
import { openBench, type Bench } from '../support/bench.ts';
import { CAN_MOUNT, makeReadOnly, mountDisk } from '../support/mounts.ts';
import { ended, lastWords, startProcess, STRACE, type Ended, type StartOptions } from '../support/process.ts';
import { inTurns, seeded } from '../support/sample.ts';

const HOUR_MS = 3_600_000;
/** SQLite's own program, which closes a database as others do: better-sqlite3 leaves the log to be merged by the next one. */
const SHELL = spawnSync('sqlite3', ['--version']).status === 0;

const account = (tasks = 4_000) => ({
  tasks,
  seed: 13,
  startedAt: Date.now(),
  newestAgoMs: HOUR_MS,
  latency: { meanMs: 3 },
  rate: { periodMs: 50 },
});

/** Runs a backfill that cannot save anything sooner or later. @returns How many calls the server saw of it. */
async function failToSave(bench: Bench, options: StartOptions = {}): Promise<number> {
  const before = bench.simulator.stats().calls;
  expectUnwritable(await ended(startProcess(bench, ['backfill'], options)));
  return bench.simulator.stats().calls - before;
}

/** Exit code 1, and one line for people: what is wrong, what to do, no stack. */
function expectUnwritable({ code, stderr }: Ended): void {
  const words = lastWords(stderr);
  expect({ code, words }).toMatchObject({ code: 1 });
  expect(words).toMatch(/cannot be (written|read|taken|opened|made)|^Migration .* failed/);
  expect(words).toMatch(/full|read-only|writable|write in its folder/);
  expect(words).toMatch(/Cause: /);
  expect(stderr).not.toMatch(/\n\s+at |did not expect|SqliteError:/);
}

/** A backfill that is stopped after so many calls: something is held, something is lacking. */
async function readSome(bench: Bench, calls: number): Promise<void> {
  const stop = new AbortController();
  bench.onCall(() => {
    if (bench.simulator.stats().calls > calls) stop.abort(new Error('enough'));
  });
  await expect(bench.backfill({}, stop.signal)).rejects.toThrow('enough');
  bench.onCall(() => undefined);
}

/** Takes all the room there is. */
function fillDisk(path: string): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  try {
    writeFileSync(path, Buffer.alloc(bavail * bsize));
  } catch (error) {
    // A daemon that took some of it meanwhile leaves it as full.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}

/** A daemon that looks for new tasks each second, and a way to wait for what it says. */
function startDaemon(bench: Bench) {
  const child = startProcess(bench, ['run'], { settings: { LEDGER_TAIL_CRON: '* * * * * *' } });
  let logged = '';
  child.stderr?.on('data', (chunk: Buffer) => (logged += chunk.toString()));
  const heard = async (words: string) => {
    while (!logged.includes(words)) {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${logged}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const url = async () => {
    await heard('"url":"http');
    return /"url":"(http[^"]*)"/.exec(logged)?.[1] ?? '';
  };
  return { child, heard, url, logged: () => logged };
}

describe.skipIf(!CAN_MOUNT)('a disk', { timeout: 180_000 }, () => {
  it('that is full ends the run in words and without further calls; with room again the next one completes', async () => {
    const options = account(8_000);
    const undisturbed = await undisturbedRun(await openBench(options));
    const bench = await openBench(options);
    const disk = mountDisk(bench.folder, '3m');
    await failToSave(bench);
    expectSound(bench);
    const free = Buffer.alloc(6_000_000);
    try {
      writeFileSync(join(bench.folder, 'filler'), free);
    } catch {
      // As much of it as there was room for.
    }
    expect(await failToSave(bench)).toBe(0);
    disk.resize('100m');
    await expectRecovered(bench, undisturbed, 3);
  });

  it('that is full does not end the daemon: it calls nobody until there is room again', async () => {
    const bench = await openBench(account(8_000));
    const disk = mountDisk(bench.folder, '3m');
    const { child, heard, logged } = startDaemon(bench);
    await heard('the ledger cannot be written: no call is made');
    // Those in flight end, and after them nobody calls.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const before = bench.simulator.stats().calls;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(bench.simulator.stats().calls - before).toBeLessThanOrEqual(1);
    expect(child.exitCode).toBeNull();
    expect(logged()).toMatch(/"state":"waiting","reason":"The ledger .* cannot be written/);
    disk.resize('100m');
    await heard('everything is read');
    child.kill('SIGTERM');
    expect((await once(child, 'close'))[0]).toBe(0);
    expectSound(bench);
    expect(bench.rows('select count(*) as n from tasks')).toEqual([{ n: 8_000 }]);
  });

  it('that is full to the last byte does not let the page of the daemon say that all is read', async () => {
    const bench = await openBench({ ...account(500), tasksPerMinute: 600 });
    mountDisk(bench.folder, '20m');
    const { child, heard, url } = startDaemon(bench);
    await heard('everything is read');
    fillDisk(join(bench.folder, 'filler'));
    await heard('the ledger cannot be written: no call is made');
    await heard('"state":"waiting"');
    const ask = async (path: string): Promise<unknown> => await (await fetch(`${await url()}${path}`)).json();
    expect(await ask('/api/status')).toMatchObject({
      state: 'waiting',
      reason: expect.stringMatching(/^The ledger .* cannot be written/) as string,
    });
    expect(await ask('/healthz')).toEqual({
      ok: true,
      status: 'the loop turns, and the daemon is waiting',
      pid: child.pid,
    });
    child.kill('SIGTERM');
    expect((await once(child, 'close'))[0]).toBe(0);
  });

  it('that is full at the start of the daemon makes it wait, answer for itself, and go on with room', async () => {
    const options = account(2_000);
    const undisturbed = await undisturbedRun(await openBench(options));
    const bench = await openBench(options);
    mountDisk(bench.folder, '6m');
    await readSome(bench, 2);
    const filler = join(bench.folder, 'filler');
    fillDisk(filler);
    const before = bench.simulator.stats().calls;
    const { child, heard, url } = startDaemon(bench);
    await heard('"state":"waiting","reason":"The disk is full. The ledger');
    const health = await Promise.all(['healthz', 'readyz'].map(async (room) => await fetch(`${await url()}/${room}`)));
    expect(health.map(({ status }) => status)).toEqual([200, 503]);
    expect(await health[0]?.text()).toContain('waiting: the disk of the ledger is full');
    expect(bench.simulator.stats().calls - before).toBe(0);
    expect(child.exitCode).toBeNull();
    rmSync(filler);
    await heard('everything is read');
    child.kill('SIGTERM');
    expect((await once(child, 'close'))[0]).toBe(0);
    await expectRecovered(bench, undisturbed, 2);
  });

  it('that is full at the start of the daemon lets it be stopped in good order', async () => {
    const bench = await openBench(account(2_000));
    mountDisk(bench.folder, '6m');
    await readSome(bench, 2);
    fillDisk(join(bench.folder, 'filler'));
    const { child, heard } = startDaemon(bench);
    await heard('"state":"waiting"');
    child.kill('SIGTERM');
    expect((await once(child, 'close'))[0]).toBe(0);
  });

  it('without room for a first byte is told at the first start', async () => {
    const bench = await openBench(account());
    mountDisk(bench.folder, '64k');
    try {
      writeFileSync(join(bench.folder, 'filler'), Buffer.alloc(100_000));
    } catch {
      // Full.
    }
    expect(await failToSave(bench)).toBe(0);
    expectUnwritable(await ended(startProcess(bench, ['run'])));
  });

  it.each(['folder', 'file'] as const)('whose %s is read-only is told before any call', async (what) => {
    const options = account();
    const undisturbed = await undisturbedRun(await openBench(options));
    const bench = await openBench(options);
    await readSome(bench, 4);
    const mount = makeReadOnly(what === 'folder' ? bench.folder : bench.path);
    expect(await failToSave(bench)).toBe(0);
    expectUnwritable(await ended(startProcess(bench, ['run'])));
    mount.release();
    await expectRecovered(bench, undisturbed, 1);
  });
});

describe.skipIf(STRACE === null)('a system call', { timeout: 180_000 }, () => {
  it('that fails from some moment on ends the run in words, and the next one completes', async () => {
    const options = account(2_500);
    const undisturbed = await undisturbedRun(await openBench(options));
    const faults = ['fsync:error=EIO', 'pwrite64:error=EIO', 'pwrite64:error=ENOSPC', 'fsync:error=EROFS'];
    const moments = [8, 12, 16, 20];
    const cases = faults.flatMap((fault) => moments.map((when) => `${fault}:when=${when}+`));
    await inTurns(2, seeded('system calls', cases, 4), async (fault) => {
      const bench = await openBench(options);
      const name = fault.split(':')[0] ?? '';
      const under = [STRACE ?? '', '-f', '-q', '-o', '/dev/null', '-e', `trace=${name}`, '-e', `inject=${fault}`];
      await failToSave(bench, { under });
      await expectRecovered(bench, undisturbed);
    });
  });
});

describe('another program', { timeout: 180_000 }, () => {
  it('that reads the ledger all the time does not hold up the run, and the log is merged once it has gone', async () => {
    const options = account(8_000);
    const undisturbed = await undisturbedRun(await openBench(options));
    const bench = await openBench(options);
    await readSome(bench, 2);
    const reader = new Database(bench.path, { readonly: true });
    onTestFinished(() => void reader.close());
    reader.exec('begin');
    const count = () => reader.prepare('select count(*) from task').pluck().get();
    const before = count();
    const { code, stderr } = await ended(startProcess(bench, ['backfill']));
    expect(code).toBe(0);
    expect(stderr).toContain('somebody still reads the ledger: its newest part stays in the log');
    expect(count()).toBe(before);
    expect(statSync(`${bench.path}-wal`).size).toBeGreaterThan(1_000_000);
    reader.close();
    await expectRecovered(bench, undisturbed);
    expect(statSync(`${bench.path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  });

  it.skipIf(!SHELL)(
    'that opens and closes the ledger beside the daemon never takes its log away, whatever the page has read',
    async () => {
      const bench = await openBench({ tasks: 100, newestAgoMs: 0, tasksPerMinute: 600 });
      const { child, heard, url } = startDaemon(bench);
      await heard('everything is read');
      const log = statSync(`${bench.path}-wal`).ino;
      for (const page of ['healthz', 'readyz', 'metrics', 'api/status']) {
        expect((await fetch(`${await url()}/${page}`)).status).toBe(200);
        // It would take itself for the last one if the daemon had lost its lock, merge the log and delete it.
        expect(spawnSync('sqlite3', [bench.path, 'select count(*) from task']).status).toBe(0);
        expect(statSync(`${bench.path}-wal`).ino).toBe(log);
      }
      const before = bench.rows('select max(id) as id from call')[0];
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect(Number(bench.rows('select max(id) as id from call')[0]?.['id'])).toBeGreaterThan(Number(before?.['id']));
      child.kill('SIGKILL');
      await once(child, 'close');
      expectSound(bench);
    },
  );

  it.each(['before the start', 'during the run'])(
    'that keeps the file locked %s ends it in words, and the next one completes',
    async (when) => {
      const options = account(4_000);
      const undisturbed = await undisturbedRun(await openBench(options));
      const bench = await openBench(options);
      await readSome(bench, 2);
      const writer = new Database(bench.path);
      onTestFinished(() => void writer.close());
      const lock = () => {
        if (!writer.inTransaction) writer.exec('begin immediate');
      };
      if (when === 'before the start') lock();
      else bench.onCall(lock);
      const calls = await failToSave(bench);
      bench.onCall(() => undefined);
      // Those that were in flight when the lock came.
      expect(calls).toBeLessThanOrEqual(when === 'before the start' ? 0 : 4);
      writer.exec('rollback');
      await expectRecovered(bench, undisturbed, 2);
    },
  );

  it('that damages the file is told by the next run, which calls nobody', async () => {
    const bench = await openBench(account());
    await readSome(bench, 4);
    const whole = statSync(bench.path).size;
    truncateSync(bench.path, Math.floor(whole / 2 / 4096) * 4096);
    const before = bench.simulator.stats().calls;
    const { code, stderr } = await ended(startProcess(bench, ['backfill']));
    expect(lastWords(stderr)).toMatch(/damaged.*backup/);
    expect(code).toBe(1);
    expect(bench.simulator.stats().calls - before).toBe(0);
  });
});
