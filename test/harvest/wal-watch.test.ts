import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LedgerError } from '../../src/domain/errors.ts';
import { createWalWatch } from '../../src/harvest/wal-watch.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { holdersOf, truncateWal, type Wal } from '../../src/ledger/wal.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { tempLedger, withDatabase } from '../support/ledger.ts';
import { CAN_MOUNT, mountDisk } from '../support/mounts.ts';
import { killGroup } from '../support/process.ts';
import { openVirtualBench, type VirtualBench } from '../support/virtual.ts';

const MINUTE = 60_000;
const LIMITS = { largeBytes: 2_000_000, smallBytes: 1_000_000 };
const LARGE = 'the WAL grows: somebody reads the ledger without coming to an end';
const SMALL = 'the WAL is small again';

type Line = { readonly level: string; readonly facts: object; readonly message: string };

/** The watch over a ledger that is real, or of which a part is played. */
function watchOver(ledger: Pick<Ledger, 'path' | 'wal'>) {
  const lines: Line[] = [];
  const failures: LedgerError[] = [];
  const clock = createFakeClock();
  const say = (level: string) => (facts: object, message: string) => void lines.push({ level, facts, message });
  const log = { info: say('info'), warn: say('warn'), error: say('error'), debug: say('debug') };
  const watch = createWalWatch({ clock, ledger, log }, (error) => void failures.push(error), LIMITS);
  const nextMinute = async () => {
    await clock.advance(MINUTE);
    watch.look();
  };
  return { lines, failures, watch, clock, nextMinute };
}

/** Writes what a few pages take. */
function write(ledger: Ledger): void {
  for (let page = 0; page < 6; page += 1) ledger.tryWrite();
}

/** Another program, that begins to read and stays until it is killed. */
async function startReader(path: string): Promise<ChildProcess> {
  const script = `
    process.title = 'slow-reader';
    const database = new (require('better-sqlite3'))(process.argv[1], { readonly: true });
    database.exec('begin');
    database.prepare('select count(*) from task').get();
    process.stdout.write('reads');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  onTestFinished(() => killGroup(child));
  await once(child.stdout, 'data');
  return child;
}

const walBytes = (path: string) => statSync(`${path}-wal`).size;

describe('a program that reads without coming to an end', () => {
  it.skipIf(!existsSync('/proc/self/fd'))(
    'is named once while the WAL grows, and the WAL is emptied once it has gone',
    async () => {
      const temp = tempLedger();
      const ledger = temp.open();
      const reader = await startReader(temp.path);
      write(ledger);
      const { lines, failures, watch, nextMinute } = watchOver(ledger);
      watch.look();
      const named = `slow-reader (process ${reader.pid})`;
      const hint = expect.stringContaining('end what else reads it') as string;
      expect(walBytes(temp.path)).toBeGreaterThan(LIMITS.largeBytes);
      expect(lines).toEqual([
        { level: 'warn', facts: { walBytes: walBytes(temp.path), openIn: [named], hint }, message: LARGE },
      ]);
      write(ledger);
      await nextMinute();
      expect(lines).toHaveLength(1);

      killGroup(reader);
      await once(reader, 'close');
      await nextMinute();
      expect(walBytes(temp.path)).toBe(0);
      expect(lines.slice(1)).toEqual([{ level: 'info', facts: { walBytes: 0 }, message: SMALL }]);
      expect(failures).toEqual([]);
      expect(holdersOf(temp.path)).toEqual([]);
    },
  );

  it('is told anew when it comes back', async () => {
    const temp = tempLedger();
    const ledger = temp.open();
    const { lines, nextMinute } = watchOver(ledger);
    for (let turn = 0; turn < 2; turn += 1) {
      const reader = beginToRead(temp.path);
      write(ledger);
      await nextMinute();
      reader.close();
      await nextMinute();
    }
    expect(lines.map(({ message }) => message)).toEqual([LARGE, SMALL, LARGE, SMALL]);
    // It was this process itself, which is no other.
    expect(lines[0]?.facts).toMatchObject({
      openIn: [],
      hint: expect.stringContaining(`fuser -v ${temp.path}-shm`) as string,
    });
  });
});

describe('a WAL that is large for a moment', () => {
  it('is emptied without a word', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    write(ledger);
    expect(walBytes(temp.path)).toBeGreaterThan(LIMITS.largeBytes);
    const { lines, watch } = watchOver(ledger);
    watch.look();
    expect(walBytes(temp.path)).toBe(0);
    expect(lines).toEqual([]);
  });

  it('is waited for by nobody: what another one holds is left to the next minute, and writes are as patient as before', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    write(ledger);
    withDatabase(temp.path, {}, (other) => {
      other.exec('begin immediate');
      const began = performance.now();
      ledger.wal.truncate();
      expect(performance.now() - began).toBeLessThan(1_000);
      other.exec('rollback');
    });
    withDatabase(temp.path, { timeout: 7_000 }, (other) => {
      truncateWal(other);
      expect(other.pragma('busy_timeout', { simple: true })).toBe(7_000);
    });
  });
});

describe('a turn of the loop', () => {
  it('costs nothing within a minute of the last look', async () => {
    let looks = 0;
    const wal: Wal = {
      bytes: () => {
        looks += 1;
        return 0;
      },
      truncate: () => undefined,
      holders: () => [],
    };
    const { watch, clock, nextMinute } = watchOver({ path: '/data/ledger.db', wal });
    watch.look();
    await clock.advance(MINUTE - 1);
    watch.look();
    expect(looks).toBe(1);
    await nextMinute();
    expect(looks).toBe(2);
  });
});

describe('a ledger that cannot be written', () => {
  it('is said to be so, and the WAL is told of all the same', () => {
    const full = new LedgerError('unwritable', 'The ledger cannot be written (SQLITE_FULL).');
    const wal: Wal = {
      bytes: () => LIMITS.largeBytes + 1,
      truncate: () => {
        throw full;
      },
      holders: () => [{ pid: 7, command: 'sqlite3' }],
    };
    const { lines, failures, watch } = watchOver({ path: '/data/ledger.db', wal });
    watch.look();
    expect(failures).toEqual([full]);
    expect(lines).toMatchObject([{ facts: { openIn: ['sqlite3 (process 7)'] }, message: LARGE }]);
  });

  it('ends the run when it is broken', () => {
    const broken = new LedgerError('broken', 'The ledger is damaged.');
    const wal: Wal = {
      bytes: () => LIMITS.largeBytes + 1,
      truncate: () => {
        throw broken;
      },
      holders: () => [],
    };
    expect(() => watchOver({ path: '/data/ledger.db', wal }).watch.look()).toThrow(broken);
  });
});

/** Reads a state of now until it is closed. */
function beginToRead(path: string): Database.Database {
  const reader = new Database(path, { readonly: true });
  reader.exec('begin');
  reader.prepare('select count(*) from task').get();
  return reader;
}

describe('the daemon', { timeout: 180_000 }, () => {
  const told = (bench: VirtualBench, messages: readonly string[]) =>
    bench.logged.map(({ msg }) => String(msg)).filter((msg) => messages.includes(msg));

  it('keeps the WAL small, and says when it cannot', async () => {
    const bench = openVirtualBench({ tasks: 0, tasksPerMinute: 5, latency: { meanMs: 50 } });
    const path = join(bench.folder, 'ledger.db');
    let looks = 0;
    let reader: Database.Database | null = null;
    const look = () => {
      looks += 1;
      if (looks === 2) reader = beginToRead(path);
      // As if much more had been written.
      if (looks === 3) truncateSync(`${path}-wal`, 70_000_000);
      if (looks === 6) reader?.close();
    };
    await bench.run(10 * MINUTE, {}, { everyMs: MINUTE, look });
    expect(told(bench, [LARGE, SMALL])).toEqual([LARGE, SMALL]);
    const [large, small] = bench.logged
      .filter(({ msg }) => msg === LARGE || msg === SMALL)
      .map(({ time }) => Date.parse(String(time)));
    expect((small ?? 0) - (large ?? 0)).toBeLessThanOrEqual(4 * MINUTE);
  });

  it.skipIf(!CAN_MOUNT)('says so on a full disk too, which the WAL may be what fills', async () => {
    const bench = openVirtualBench({ tasks: 0, tasksPerMinute: 5, latency: { meanMs: 50 } });
    mountDisk(bench.folder, '12m');
    const path = join(bench.folder, 'ledger.db');
    let looks = 0;
    let reader: Database.Database | null = null;
    const look = () => {
      looks += 1;
      if (looks === 2) reader = beginToRead(path);
      if (looks === 5) {
        fill(join(bench.folder, 'filler'));
        truncateSync(`${path}-wal`, 70_000_000);
      }
      if (looks === 9) {
        reader?.close();
        rmSync(join(bench.folder, 'filler'));
      }
    };
    await bench.run(20 * MINUTE, {}, { everyMs: MINUTE, look });
    const full = 'the ledger cannot be written: no call is made';
    const well = 'the ledger can be written again';
    const all = told(bench, [LARGE, SMALL, full, well]);
    expect(all.slice(0, 2)).toEqual([full, LARGE]);
    expect(all.slice(2).sort()).toEqual([well, SMALL].sort());
  });
});

/** Takes what the disk has left. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(4_096));
  } catch {
    // Full, as meant.
  } finally {
    closeSync(file);
  }
}
