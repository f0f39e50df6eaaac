import { describe, expect, it } from 'vitest';
import { systemClock } from '../src/time.ts';
import { openBench, type Bench } from './support/bench.ts';
import { expectSameAsTruth } from './support/truth.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Runs the daemon until the server has seen so many more calls, then stops it. */
async function runFor(
  bench: Bench,
  calls: number,
  app = bench.app({ LEDGER_TAIL_CRON: '* * * * * *' }),
): Promise<void> {
  const stop = new AbortController();
  const until = bench.simulator.stats().calls + calls;
  const enough = new Promise<void>((resolve) => {
    bench.onCall(() => {
      if (bench.simulator.stats().calls >= until) resolve();
    });
  });
  const done = app.run(stop.signal);
  await Promise.race([enough, done]);
  stop.abort(new Error('enough'));
  await done;
}

describe('one odd answer', () => {
  it('that a stretch is too old takes nothing from the window', async () => {
    const bench = await openBench({ tasks: 8_000, newestAgoMs: HOUR_MS });
    const covers = Date.now() - 124 * DAY_MS;
    const message = 'Invalid Field: datetime_from - must be within the last 6 months';
    bench.simulator.set({ faults: [{ when: { covers, offsetFrom: 1 }, times: 1, fault: 'code:40501', message }] });
    expect(await bench.backfill()).toMatchObject({ complete: true, newTasks: 8_000 });
    expectSameAsTruth(bench, { until: Date.now() });
    expect(bench.app().status().coverage['backlinks']).toMatchObject({ complete: true, losses: [] });
  });
});

describe('a server that is down for an hour of minutes (I8)', () => {
  it(
    'is asked now and then, no slice is blamed for it, and then everything is read',
    { timeout: 180_000 },
    async () => {
      const periodMs = 20;
      const resets = 30;
      const bench = await openBench({ tasks: 6_000, newestAgoMs: HOUR_MS, rate: { periodMs } });
      const before = 3;
      bench.onCall(() => {
        if (bench.simulator.stats().calls !== before) return;
        bench.simulator.set({ faults: [{ when: {}, times: resets, fault: 'reset' }] });
      });
      expect(await bench.backfill()).toMatchObject({ complete: true, newTasks: 6_000, left: [] });
      expectSameAsTruth(bench, { until: Date.now() });
      const { arrivals, maxInAnyPeriod } = bench.simulator.stats();
      const [from = 0, until = 0] = [before, before + resets].map((call) => arrivals[call]?.monoMs);
      // Sixty periods and more in thirty calls, where the budget allows six hundred.
      expect(until - from).toBeGreaterThan(60 * periodMs);
      expect(maxInAnyPeriod).toBeLessThanOrEqual(10);
      expect(bench.rows('select * from doubts')).toEqual([]);
      expect(bench.rows(`select id from walk where outcome = 'halved'`)).toEqual([]);
    },
  );
});

describe('on a first start (I8)', () => {
  it('a grade that always fails does not hold up the other', async () => {
    const bench = await openBench({
      tasks: 3_000,
      newestAgoMs: HOUR_MS,
      faults: [{ when: { metadata: true }, fault: 'http500' }],
    });
    const stop = new AbortController();
    const enough = bench
      .app()
      .backfill((progress) => {
        if (progress.calls >= 40) stop.abort(new Error('enough'));
      }, stop.signal)
      .catch((error: unknown) => error);
    await enough;
    const [held] = bench.rows('select count(*) as n from tasks');
    expect(Number(held?.['n'])).toBeGreaterThan(2_000);
  });

  it('pages that are too large are made smaller, also when none has succeeded yet', { timeout: 180_000 }, async () => {
    const bench = await openBench({
      tasks: 3_000,
      newestAgoMs: HOUR_MS,
      faults: [{ when: { limitAbove: 300 }, fault: 'task50401' }],
    });
    expect(await bench.backfill()).toMatchObject({ complete: true, newTasks: 3_000 });
    expectSameAsTruth(bench, { until: Date.now() });
  });
});

describe('the daemon', () => {
  it(
    'started six weeks after a backfill reads on without asking again and again for what is gone',
    { timeout: 180_000 },
    async () => {
      const bench = await openBench({ tasks: 2_000, newestAgoMs: HOUR_MS });
      await bench.backfill();
      const later = 45 * DAY_MS;
      bench.simulator.set({ skewMs: later });
      const clock = systemClock();
      const app = bench.app({ LEDGER_TAIL_CRON: '* * * * * *' }, { ...clock, now: () => clock.now() + later });
      const before = bench.simulator.stats().perCode['40501'] ?? 0;
      await runFor(bench, 11, app);
      expect((bench.simulator.stats().perCode['40501'] ?? 0) - before).toBeLessThanOrEqual(4);
      const status = bench.app({}, { ...clock, now: () => clock.now() + later }).status().coverage['backlinks'];
      expect(status?.gaps.filter((gap) => Date.parse(gap.until) < Date.now() + later - HOUR_MS)).toEqual([]);
      // Two weeks of metadata left the month unread; the ids did not.
      expect(status?.losses.map((loss) => loss.grade)).toEqual(['metadata']);
    },
  );

  it('that was away for a day reads the gap once', { timeout: 180_000 }, async () => {
    const bench = await openBench({ tasks: 10_000, newestAgoMs: 60_000, tasksPerMinute: 4 });
    await bench.backfill({ LEDGER_SETTLE: '10m' });
    const later = 2 * DAY_MS;
    bench.simulator.set({ skewMs: later });
    const clock = systemClock();
    const shifted = { ...clock, now: () => clock.now() + later };
    const calls = bench.simulator.stats().calls;
    await runFor(bench, 24, bench.app({ LEDGER_TAIL_CRON: '* * * * * *', LEDGER_SETTLE: '10m' }, shifted));
    const rows = bench.rows('select purpose, sum(rows) as rows from calls where id > ? group by purpose', calls);
    const arrived = (later / 60_000) * 4;
    const read = rows.filter((row) => row['purpose'] === 'backfill' || row['purpose'] === 'settle');
    expect(read.reduce((sum, row) => sum + Number(row['rows']), 0)).toBeLessThan(arrived * 1.2 + 2_000);
  });
});
