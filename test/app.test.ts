import { describe, expect, it } from 'vitest';
import { DataForSeoError } from '../src/domain/errors.ts';
import type { FaultRule } from '../src/simulator/faults.ts';
import type { SimulatorPatch } from '../src/simulator/options.ts';
import { openBench } from './support/bench.ts';
import { expectSameAsTruth } from './support/truth.ts';

const HOUR_MS = 3_600_000;

describe('a backfill', () => {
  it('brings every task of the window into the ledger, field by field', async () => {
    const bench = await openBench({ tasks: 5_000, newestAgoMs: 4 * HOUR_MS, rows: { status: 'mixed', url: 'mixed' } });
    const result = await bench.backfill();
    expect(result).toMatchObject({ complete: true, left: [], newTasks: 5_000 });
    expect(expectSameAsTruth(bench, { until: Date.now() })).toBe(5_000);
  });

  it('says complete, and a second one right after makes no more calls than the new time needs', async () => {
    const bench = await openBench({ tasks: 5_000, newestAgoMs: HOUR_MS });
    const first = await bench.backfill();
    expect(bench.app().status().coverage['backlinks']).toMatchObject({ complete: true, losses: [] });
    const second = await bench.backfill();
    expect(first.calls).toBeLessThanOrEqual(5 + 4);
    expect(second).toMatchObject({ complete: true, newTasks: 0 });
    expect(second.calls).toBeLessThanOrEqual(1);
  });

  it('reads an empty account with two calls', async () => {
    const bench = await openBench({ tasks: 0 });
    const beganAt = Date.now();
    expect(await bench.backfill()).toMatchObject({ complete: true, calls: 2, newTasks: 0 });
    const coverage = bench.app().status().coverage['backlinks'];
    expect(coverage).toMatchObject({ complete: true });
    // What has passed since is a gap of a second or two, which nobody has read yet.
    const older = coverage?.gaps.filter(({ since }) => Date.parse(since) < beganAt - 5_000);
    expect(older).toEqual([]);
  });

  it('keeps the sums by day and by tag equal to the tasks', async () => {
    const bench = await openBench({ tasks: 4_000 });
    await bench.backfill();
    const byDay = `select api, endpoint, date(posted_at, 'unixepoch') as day, state, count(*) as tasks, sum(ifnull(cost_micros, 0)) as cost_micros
      from tasks group by 1, 2, 3, 4 order by 1, 2, 3, 4`;
    expect(
      bench.rows('select api, endpoint, day, state, tasks, cost_micros from costs_by_day order by 1, 2, 3, 4'),
    ).toEqual(bench.rows(byDay));
    const byTag = `select api, tag, metadata_state, date(posted_at, 'unixepoch') as day, count(*) as tasks, sum(ifnull(cost_micros, 0)) as cost_micros
      from tasks group by 1, 2, 3, 4 order by 1, 2, 3, 4`;
    expect(
      bench.rows('select api, tag, metadata_state, day, tasks, cost_micros from costs_by_tag order by 1, 2, 3, 4'),
    ).toEqual(bench.rows(byTag));
  });

  it('reads several APIs beside each other', async () => {
    const bench = await openBench({ tasks: 3_000, apis: ['backlinks', 'serp'] }, { LEDGER_APIS: 'backlinks,serp' });
    expect(await bench.backfill()).toMatchObject({ complete: true, newTasks: 6_000 });
    expectSameAsTruth(bench, { api: 'serp', until: Date.now() - 60_000 });
  });

  it('never lets the server see more than ten calls in a period', async () => {
    const bench = await openBench({ tasks: 15_000, latency: { meanMs: 15, tailShare: 0, transitMs: 10 } });
    await bench.backfill();
    expect(bench.simulator.stats()).toMatchObject({ throttled: 0 });
    expect(bench.app().status().coverage['backlinks']?.losses).toEqual([]);
    expect(bench.simulator.stats().maxInAnyPeriod).toBeLessThanOrEqual(10);
  });

  it('stops at once when it is told to, and the next one goes on', async () => {
    const bench = await openBench({ tasks: 9_000, newestAgoMs: HOUR_MS });
    const stop = new AbortController();
    const app = bench.app();
    const stopped = app.backfill((progress) => {
      if (progress.calls >= 8) stop.abort(new Error('enough'));
    }, stop.signal);
    await expect(stopped).rejects.toThrow('enough');
    const result = await bench.backfill();
    expect(result.complete).toBe(true);
    expect(result.calls).toBeLessThan(9 + 8 + 3);
    expectSameAsTruth(bench, { until: Date.now() });
  });
});

/** Every fault must end in the same ledger as an undisturbed run. */
const TRANSIENT: readonly (Partial<FaultRule> & { fault: FaultRule['fault'] })[] = [
  { fault: 'http500' },
  { fault: 'http502' },
  { fault: 'http503' },
  { fault: 'reset' },
  { fault: 'cut' },
  { fault: 'truncated' },
  { fault: 'html' },
  { fault: 'wrong_shape' },
  { fault: 'envelope50000' },
  { fault: 'task50401' },
  { fault: 'envelope40202' },
  { fault: 'task40202' },
  { fault: 'http429' },
  { fault: 'http429', retryAfterSeconds: 1 },
  { fault: 'hang' },
];

describe('a server in trouble', () => {
  it.each(TRANSIENT)('is waited out: $fault $retryAfterSeconds', async (rule) => {
    const bench = await openBench({ tasks: 1_500, newestAgoMs: HOUR_MS }, { LEDGER_TIMEOUT: '300ms' });
    bench.simulator.set({ faults: [{ times: 4, ...rule, when: { every: 2 } }] });
    expect(await bench.backfill()).toMatchObject({ complete: true, newTasks: 1_500 });
    expectSameAsTruth(bench, { until: Date.now() });
    expect(bench.simulator.stats().maxInAnyPeriod).toBeLessThanOrEqual(10);
  });

  it.each([
    { account: 40100 },
    { account: 40200 },
    { account: 40201 },
    { account: 40207 },
  ] as SimulatorPatch['refusals'][])('that refuses the account gets at most three calls: %o', async (refusals) => {
    const bench = await openBench({ tasks: 1_500, refusals });
    const failure = await bench.backfill().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(DataForSeoError);
    expect(failure).toMatchObject({ code: 'account_refused' });
    expect(bench.simulator.stats().calls).toBeLessThanOrEqual(3);
    // A person acts; the same command then goes on.
    bench.simulator.set({ refusals: { account: null } });
    expect(await bench.backfill()).toMatchObject({ complete: true, newTasks: 1_500 });
  });

  it('that refuses one API does not stop the others', async () => {
    const bench = await openBench(
      { tasks: 2_000, apis: ['backlinks', 'serp'], refusals: { apis: { serp: 40204 } } },
      { LEDGER_APIS: 'serp,backlinks' },
    );
    await expect(bench.backfill()).rejects.toMatchObject({ code: 'api_refused' });
    expect(bench.rows('select count(*) as tasks from tasks')).toEqual([{ tasks: 2_000 }]);
    expect(bench.app().status().coverage['backlinks']).toMatchObject({ complete: true });
  });
});

describe('a server whose window is narrower than the widest guess', () => {
  it.each([28, 29, 30, 31])('of %i days of metadata is read to its edge', async (metadata) => {
    const bench = await openBench({ tasks: 2_000, newestAgoMs: HOUR_MS, windows: { metadata, ids: 180 } });
    expect(await bench.backfill()).toMatchObject({ complete: true });
    const [edge] = bench.rows(`select min(since) as since from coverage where grade = 'metadata'`);
    const margin = Number(edge?.['since']) * 1000 - (Date.now() - metadata * 24 * HOUR_MS);
    expect(margin).toBeGreaterThan(0);
    expect(margin).toBeLessThan(5 * 60_000);
    expect(bench.app().status().coverage['backlinks']).toMatchObject({ complete: true, losses: [] });
  });
});

describe('a server with another clock', () => {
  it.each([-300_000, 300_000])('by %i ms is read up to its own now', async (skewMs) => {
    const bench = await openBench({ tasks: 2_000, newestAgoMs: 600_000, skewMs });
    expect(await bench.backfill()).toMatchObject({ complete: true, newTasks: 2_000 });
    const status = bench.app().status().coverage['backlinks'];
    expect(status).toMatchObject({ complete: true, losses: [] });
    expect(Math.abs(Date.parse(status?.until ?? '') - (Date.now() + skewMs))).toBeLessThan(120_000);
  });
});

describe('a hostile list', () => {
  it('whose equal seconds come in another order on every page is proven second by second', async () => {
    const bench = await openBench({
      tasks: 12_000, arrivals: 'crowded_second', crowdTasks: 3_000, newestAgoMs: HOUR_MS, listing: { ties: 'reshuffled' },
    }); // prettier-ignore
    expect(await bench.backfill()).toMatchObject({ complete: true });
    expectSameAsTruth(bench, { until: Date.now() });
    expect(bench.rows('select * from doubts')).toEqual([]);
  });

  it('that repeats the same page for every offset ends with a recorded doubt', async () => {
    const bench = await openBench({ tasks: 5_000, listing: { sandbox: true } });
    expect(await bench.backfill()).toMatchObject({ complete: false });
    expect(bench.rows('select distinct kind from doubts order by kind')).toContainEqual({ kind: 'repeating_page' });
  });

  it('with rows that are no tasks keeps them as doubts and reads on', async () => {
    const bench = await openBench({
      tasks: 3_000,
      newestAgoMs: HOUR_MS,
      rows: { withoutIdShare: 0.01, withoutPostedShare: 0.01 },
    });
    expect(await bench.backfill()).toMatchObject({ complete: true });
    const [{ tasks }] = bench.rows('select count(*) as tasks from tasks') as [{ tasks: number }];
    const [{ doubts }] = bench.rows(`select count(*) as doubts from doubts where kind = 'quarantined'`) as [
      { doubts: number },
    ];
    expect(tasks + doubts).toBe(3_000);
    expect(doubts).toBeGreaterThan(10);
  });
});
