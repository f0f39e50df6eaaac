import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { BackfillResult } from '../../src/domain/progress.ts';
import { systemClock } from '../../src/time.ts';
import { expectSound, tasksOf, undisturbedRun } from '../support/after-kill.ts';
import { openBench, type Bench } from '../support/bench.ts';
import { ended, FAKETIME, killGroup, startProcess } from '../support/process.ts';
import { steppingClock } from '../support/stepping-clock.ts';
import { startProxy } from '../support/proxy.ts';
import { expectSameAsTruth } from '../support/truth.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BACK_AND_FORTH = [-HOUR_MS, HOUR_MS] as const;

const account = (tasks = 3_000) => ({
  tasks,
  seed: 17,
  startedAt: Date.now(),
  newestAgoMs: 2 * HOUR_MS,
  latency: { meanMs: 3 },
  rate: { periodMs: 200 },
});

/** Calls `then` when the server has seen its n-th call from now. */
function atCall(bench: Bench, n: number, then: () => void): void {
  const seen = bench.simulator.stats().calls;
  bench.onCall(() => {
    if (bench.simulator.stats().calls === seen + n) then();
  });
}

/** A backfill that ends at its n-th call, whose answer is never saved. */
async function stopAtCall(bench: Bench, n: number, clock = steppingClock()): Promise<void> {
  const stop = new AbortController();
  atCall(bench, n, () => stop.abort(new Error('enough')));
  await expect(bench.app({}, clock).backfill(() => undefined, stop.signal)).rejects.toThrow('enough');
  bench.onCall(() => undefined);
}

async function backfillBy(bench: Bench, clock = steppingClock()): Promise<void> {
  expect(await backfillSoon(bench, clock)).toMatchObject({ complete: true, left: [] });
}

/** What a window that moves on by hours leaves behind is left, and said. */
async function backfillSoon(bench: Bench, clock = steppingClock()): Promise<BackfillResult> {
  const began = performance.now();
  const result = await bench.app({}, clock).backfill(() => undefined, new AbortController().signal);
  expect(performance.now() - began).toBeLessThan(30_000);
  for (const left of result.left) expect(left).toContain('leaves the window before it can be read');
  return result;
}

/** No loss is invented, no gap hidden, and every instant is by the server's clock. */
function expectNothingMoved(bench: Bench): void {
  expectSound(bench);
  const serverNow = Date.now() + bench.simulator.options.skewMs;
  expect(bench.rows('select * from losses')).toEqual([]);
  const [edges] = bench.rows('select min(since) as since, max(until) as until from coverage');
  expect(Math.abs(Number(edges?.['since']) * 1000 - bench.simulator.windowEdge('ids'))).toBeLessThan(120_000);
  expect(Math.abs(Number(edges?.['until']) * 1000 - serverNow)).toBeLessThan(60_000);
  const [seen] = bench.rows('select min(first_seen_at) as first, max(first_seen_at) as last from tasks');
  for (const at of [seen?.['first'], seen?.['last']])
    expect(Math.abs(Number(at) * 1000 - serverNow)).toBeLessThan(60_000);
  const settledTooEarly = `select since from coverage where settled_at is not null and until > ?`;
  expect(bench.rows(settledTooEarly, Math.ceil((serverNow - HOUR_MS) / 1000) + 5)).toEqual([]);
}

describe('the wall clock', { timeout: 180_000 }, () => {
  it.each(BACK_AND_FORTH)('that steps by %i ms during a run moves nothing', async (ms) => {
    const bench = await openBench(account());
    const clock = steppingClock();
    atCall(bench, 4, () => clock.step(ms));
    await backfillBy(bench, clock);
    expectNothingMoved(bench);
    expectSameAsTruth(bench, { until: Date.now() });
  });

  it.each(
    BACK_AND_FORTH.flatMap((wallMs) => [
      { wallMs, boot: undefined, monotonicMs: 0 },
      { wallMs, boot: 'another', monotonicMs: -1_000 },
      { wallMs, boot: 'another', monotonicMs: 1e9 },
    ]),
  )('that steps between two runs (%o) hides no gap and invents no loss', async ({ wallMs, boot, monotonicMs }) => {
    const options = account();
    const undisturbed = await undisturbedRun(await openBench(options));
    const bench = await openBench(options);
    // The oldest of the window is not read yet: by a clock that is an hour ahead it would have left.
    await stopAtCall(bench, 1);
    const clock = steppingClock({ wallMs, monotonicMs, ...(boot === undefined ? {} : { boot }) });
    await backfillBy(bench, clock);
    expectNothingMoved(bench);
    expect(tasksOf(bench)).toEqual(undisturbed.tasks);
    await backfillBy(bench);
    expectNothingMoved(bench);
  });

  it.each([-HOUR_MS, HOUR_MS, -40 * DAY_MS, 40 * DAY_MS])(
    'that was off by %i ms at the first start, killed before an answer, does not shift the window for ever',
    async (wallMs) => {
      const bench = await openBench(account(2_000));
      await stopAtCall(bench, 1, steppingClock({ wallMs }));
      await backfillBy(bench);
      expectNothingMoved(bench);
      expectSameAsTruth(bench, { until: Date.now() });
    },
  );

  it('that is put back by an hour while an unreachable server is waited for does not make us wait for an hour', async () => {
    const faults = [{ when: {}, times: 12, fault: 'reset' as const }];
    const bench = await openBench({ ...account(2_000), rate: { periodMs: 1_000 }, faults });
    const clock = steppingClock();
    // Three attempts a page: the ninth call is followed by a pause of a fifth of the period.
    atCall(bench, 9, () => void setTimeout(() => clock.step(-HOUR_MS), 60));
    await backfillBy(bench, clock);
    expectNothingMoved(bench);
  });

  it('that is wrong does not make another process tell another time, even after a kill', async () => {
    const bench = await openBench({ ...account(), skewMs: 300_000 });
    const child = startProcess(bench, ['backfill']);
    atCall(bench, 5, () => killGroup(child));
    await ended(child);
    const { at } = bench.app().status();
    expect(Math.abs(Date.parse(at) - (Date.now() + 300_000))).toBeLessThan(30_000);
  });
});

describe.skipIf(FAKETIME === null)('the wall clock of a real daemon', { timeout: 180_000 }, () => {
  it.each(BACK_AND_FORTH)('that steps by %i ms does not keep it from reading new tasks', async (ms) => {
    const bench = await openBench(
      { ...account(1_000), newestAgoMs: 10_000, tasksPerMinute: 600 },
      { LEDGER_TAIL_CRON: '* * * * * *' },
    );
    const offset = join(bench.folder, 'offset');
    writeFileSync(offset, '+0');
    const daemon = startProcess(bench, ['run'], {
      settings: {
        LD_PRELOAD: FAKETIME ?? '',
        FAKETIME_TIMESTAMP_FILE: offset,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        FAKETIME_DONT_RESET: '1',
      },
    });
    const done = ended(daemon);
    await untilCalls(bench, 7);
    const steppedAt = Math.floor(Date.now() / 1000);
    writeFileSync(offset, `${ms > 0 ? '+' : '-'}${Math.abs(ms) / 1000}`);
    await untilCalls(bench, 6);
    // Whoever asks lives on the same machine, so by the same wall clock.
    const { at, state } = bench.app({}, steppingClock({ wallMs: ms })).status();
    killGroup(daemon);
    await done;
    expect(state).toMatch(/idle|harvesting/);
    expect(Math.abs(Date.parse(at) - Date.now())).toBeLessThan(10_000);
    // The step did happen: the journal keeps the wall clock, everything else the server's.
    const [wall] = bench.rows('select sent_wall_ms as ms from call order by id desc limit 1');
    expect(Math.abs(Number(wall?.['ms']) - ms - Date.now())).toBeLessThan(60_000);
    const [{ until }] = bench.rows('select max(until) as until from coverage') as [{ until: number }];
    expect(until).toBeGreaterThan(steppedAt);
    expect(until).toBeLessThanOrEqual(Date.now() / 1000);
    expectSound(bench);
  });
});

/** @throws {Error} when the server does not see so many more calls soon. */
async function untilCalls(bench: Bench, more: number): Promise<void> {
  const wanted = bench.simulator.stats().calls + more;
  for (let waitedMs = 0; bench.simulator.stats().calls < wanted; waitedMs += 100) {
    if (waitedMs > 20_000) throw new Error('the daemon has fallen silent');
    await delay(100);
  }
}

describe('the machine', { timeout: 180_000 }, () => {
  it('that was suspended for eight hours reads what came meanwhile', async () => {
    const bench = await openBench(account());
    const clock = steppingClock();
    atCall(bench, 4, () => {
      clock.step(8 * HOUR_MS);
      bench.simulator.set({ skewMs: 8 * HOUR_MS });
    });
    await backfillSoon(bench, clock);
    await backfillSoon(bench, clock);
    expectSound(bench);
    const [{ until }] = bench.rows('select max(until) as until from coverage') as [{ until: number }];
    expect(Math.abs(until * 1000 - clock.now())).toBeLessThan(60_000);
    expectSameAsTruth(bench, { since: bench.simulator.windowEdge('ids') + 120_000, until: clock.now() });
  });
});

describe('the clock of the server', { timeout: 180_000 }, () => {
  it.each([-HOUR_MS, HOUR_MS, 40 * DAY_MS, -400 * DAY_MS])(
    'that jumps by %i ms for one answer is not believed',
    async (ms) => {
      const bench = await openBench(account());
      const url = await startProxy(bench.simulator.url, (answer) => (answer === 3 ? ms : 0));
      const stop = new AbortController();
      const app = bench.app({ DATAFORSEO_URL: url });
      expect(await app.backfill(() => undefined, stop.signal)).toMatchObject({ complete: true });
      expectNothingMoved(bench);
      expect(bench.rows('select * from refused_width')).toEqual([]);
      expectSameAsTruth(bench, { until: Date.now() });
    },
  );

  it.each(BACK_AND_FORTH)('that steps by %i ms for good is followed', async (skewMs) => {
    const bench = await openBench(account());
    atCall(bench, 4, () => bench.simulator.set({ skewMs }));
    await backfillSoon(bench);
    await backfillSoon(bench);
    expectSound(bench);
    const fromAt = bench.simulator.windowEdge('ids') + 120_000;
    const listed = bench.simulator.rows('backlinks', { fromAt, toAt: Date.now() }).map((row) => ({ id: row['id'] }));
    const held = bench.rows('select id from tasks where posted_at >= ? order by posted_at, id', fromAt / 1000);
    expect(held).toHaveLength(listed.length);
    expect(new Set(held.map(({ id }) => id))).toEqual(new Set(listed.map(({ id }) => id)));
    const [{ until }] = bench.rows('select max(until) as until from coverage') as [{ until: number }];
    expect(until * 1000).toBeLessThanOrEqual(Date.now() + Math.max(skewMs, 0));
  });
});

describe('the first Date of a process', () => {
  it('that comes from another boot’s journal keeps the budget', async () => {
    const options = { ...account(40_000), rate: { periodMs: 1_000 } };
    const bench = await openBench(options);
    for (const [index, wallMs] of [0, HOUR_MS, -HOUR_MS, 0].entries()) {
      const clock = steppingClock({
        wallMs,
        boot: `boot ${index % 3}`,
        monotonicMs: -systemClock().monotonic() + 50_000 * index,
      });
      await stopAtCall(bench, 8, clock);
    }
    expect(bench.simulator.stats()).toMatchObject({ throttled: 0 });
    expect(bench.simulator.stats().maxInAnyPeriod).toBeLessThanOrEqual(10);
  });
});
