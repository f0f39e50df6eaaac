import { copyFileSync, existsSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createDeletionWatch, deletedUnder } from '../../src/ledger/deleted-files.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import { tempLedger } from '../support/ledger.ts';
import { openVirtualBench } from '../support/virtual.ts';

const MINUTE = 60_000;

describe.skipIf(!existsSync('/proc/self/fd'))('a ledger in use', () => {
  it('is in place, also after its log was emptied', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    ledger.tryWrite();
    ledger.wal.truncate();
    ledger.tryWrite();
    expect(deletedUnder(temp.path)).toBeNull();
    ledger.close();
    expect(deletedUnder(temp.path)).toBeNull();
  });

  it.each([
    { what: 'its log is deleted', file: '-wal', harm: (path: string) => rmSync(`${path}-wal`) },
    { what: 'it is deleted', file: '', harm: (path: string) => rmSync(path) },
    {
      what: 'a backup is put in its place',
      file: '',
      harm: (path: string) => {
        copyFileSync(path, `${path}.backup`);
        renameSync(`${path}.backup`, path);
      },
    },
  ])('is known to be lost when $what, also by another name of it', ({ file, harm }) => {
    const temp = tempLedger();
    const ledger = temp.open();
    ledger.tryWrite();
    const watch = createDeletionWatch(temp.path);
    expect([watch(), watch()]).toEqual([null, null]);
    harm(temp.path);
    expect(deletedUnder(temp.path)).toBe(`${temp.path}${file}`);
    // Told each time, not only when it happened.
    expect([watch(), watch()]).toEqual([`${temp.path}${file}`, `${temp.path}${file}`]);
    ledger.close();
    const link = join(temp.folder, 'link.db');
    const other = tempLedger();
    symlinkSync(other.path, link);
    const linked = openLedger({ path: link, login: 'login', pid: process.pid, now: 0 });
    linked.tryWrite();
    const watchLink = createDeletionWatch(link);
    expect(watchLink()).toBeNull();
    rmSync(`${other.path}-wal`);
    expect(watchLink()).toBe(`${other.path}-wal`);
    linked.close();
  });

  it('that is taken away from a daemon ends it within two minutes, and the next one reads what is lacking', async () => {
    const bench = openVirtualBench({ tasks: 5_000, tasksPerMinute: 60, latency: { meanMs: 100 } });
    let isDone = false;
    const look = () => {
      if (bench.clock.now() - began < 3 * MINUTE || isDone) return;
      isDone = true;
      rmSync(join(bench.folder, 'ledger.db-wal'));
    };
    const began = bench.clock.now();
    const daemon = bench.run(30 * MINUTE, {}, { everyMs: MINUTE, look });
    await expect(daemon).rejects.toThrow('ledger.db-wal was deleted or replaced while it was in use.');
    expect(bench.clock.now() - began).toBeLessThan(6 * MINUTE);
    await bench.run(10 * MINUTE);
    const { problems } = await bench
      .app()
      .verify({ reread: 0, onProgress: () => undefined }, new AbortController().signal);
    expect(problems).toEqual([]);
    expect(bench.number('select count(*) from tasks')).toBeGreaterThan(5_000);
  });

  it('that is taken away from a backfill ends it too', async () => {
    const bench = openVirtualBench({ tasks: 40_000, latency: { meanMs: 100 } });
    let isDone = false;
    const harm = ({ calls }: { calls: number }) => {
      if (calls < 12 || isDone) return;
      isDone = true;
      rmSync(join(bench.folder, 'ledger.db-wal'));
    };
    const backfill = bench.clock.drive(() => bench.app().backfill(harm, new AbortController().signal));
    await expect(backfill).rejects.toMatchObject({ code: 'broken' });
    expect(bench.stats().calls).toBeLessThanOrEqual(12 + 2 * 10);
  });
});
