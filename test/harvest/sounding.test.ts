import { describe, expect, it } from 'vitest';
import { openVirtualBench, type VirtualBench } from '../support/virtual.ts';

const HOUR_MS = 3_600_000;
const TASKS = 6_000;

/** Five islands, the first right at the beginning of the window: its first page promises a hundred times as many tasks. */
const ISLANDS = { tasks: TASKS, arrivals: 'sparse', seed: 38, newestAgoMs: HOUR_MS } as const;

/** A backfill that ends when it has made so many calls. */
async function backfill(bench: VirtualBench, most = Infinity) {
  const stop = new AbortController();
  const watch = ({ calls }: { calls: number }) => {
    if (calls >= most) stop.abort(new Error('enough'));
  };
  return await bench.clock.drive(() => bench.app().backfill(watch, stop.signal));
}

async function verify(bench: VirtualBench) {
  const quiet = { reread: 0, onProgress: () => undefined };
  return await bench.app().verify(quiet, new AbortController().signal);
}

const soundings = (bench: VirtualBench) => bench.number('select count(*) from calls where row_limit = 1');

/** A server that lets nobody ask beyond the end of a list, or has nothing for it but an error. */
const noneBeyond = (fault: 'code:40501' | 'code:40102' | 'http500', offsetFrom: number) => ({
  faults: [{ when: { offsetFrom }, fault, message: "Invalid Field: 'offset'." }],
});

describe('an account in islands', () => {
  it('is sounded where its beginning promises too much, and read in a walk for each window', async () => {
    const bench = openVirtualBench(ISLANDS);
    const result = await backfill(bench);
    expect(result).toMatchObject({ complete: true, newTasks: TASKS });
    expect(soundings(bench)).toBeGreaterThanOrEqual(1);
    const refused = bench.stats().perCode['40501'] ?? 0;
    expect(result.calls - refused).toBeLessThanOrEqual(TASKS / 1_000 + 4);
    expect(bench.number('select count(distinct since) from coverage where rows > 0')).toBe(2);
    expect(await verify(bench)).toMatchObject({ ok: true, problems: [] });
  });

  it('is read as well after a stop at any of its calls, with at most a page a walk and a sounding more', async () => {
    const { calls } = await backfill(openVirtualBench(ISLANDS));
    for (let n = 1; n < calls; n += 1) {
      const bench = openVirtualBench(ISLANDS);
      await expect(backfill(bench, n)).rejects.toThrow('enough');
      expect(await backfill(bench)).toMatchObject({ complete: true });
      expect(bench.number('select count(*) from tasks')).toBe(TASKS);
      expect(bench.stats().calls).toBeLessThanOrEqual(calls + 2 + 2);
      if (n % 2 === 0) expect(await verify(bench)).toMatchObject({ ok: true, problems: [] });
    }
  });

  it.each(['code:40501', 'code:40102', 'http500'] as const)(
    'is read whole where what is beyond its end is answered with %s',
    async (fault) => {
      const bench = openVirtualBench({ ...ISLANDS, ...noneBeyond(fault, 7_000) });
      expect(await backfill(bench)).toMatchObject({ complete: true, left: [], newTasks: TASKS });
      expect(soundings(bench)).toBeGreaterThanOrEqual(1);
      expect(await verify(bench)).toMatchObject({ ok: true, problems: [] });
    },
  );
});

describe('a crowded account', () => {
  it.each(['code:40501', 'http500'] as const)(
    'whose far offsets are answered with %s costs a few soundings',
    async (fault) => {
      const bench = openVirtualBench({ tasks: 40_000, seed: 38, newestAgoMs: HOUR_MS, ...noneBeyond(fault, 20_500) });
      expect(await backfill(bench)).toMatchObject({ complete: true, left: [], newTasks: 40_000 });
      expect(soundings(bench)).toBeLessThanOrEqual(6);
    },
  );
});
