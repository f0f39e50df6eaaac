import { describe, expect, it } from 'vitest';
import { openBench } from '../support/bench.ts';
import { ended, killGroup, startProcess } from '../support/process.ts';

/** A throttle that arrives just before the kill, each a way of the server to say it. */
const THROTTLES = ['envelope40202', 'task40202', 'http429'] as const;

describe('killed six to ten times in quick succession', { timeout: 120_000 }, () => {
  it.each([
    { lives: 10, periodMs: 2_000, meanMs: 0, throttles: false },
    { lives: 6, periodMs: 500, meanMs: 60, throttles: false },
    { lives: 6, periodMs: 500, meanMs: 20, throttles: true },
  ])('the server never sees more than ten calls in a period: %o', async ({ lives, periodMs, meanMs, throttles }) => {
    const bench = await openBench({
      tasks: 300_000,
      rate: { calls: 10, periodMs },
      latency: { meanMs, tailShare: meanMs > 0 ? 0.1 : 0, tailMs: periodMs / 2 },
    });
    let waitedMs = 0;
    for (let n = 1; n <= lives; n += 1) {
      const before = bench.simulator.stats().calls;
      const fault = THROTTLES[n % THROTTLES.length] ?? 'http429';
      // Every third life ends right after the server has said that the budget is spent.
      const isThrottled = throttles && n % 3 === 0;
      bench.simulator.set({ faults: isThrottled ? [{ when: { call: 1 }, fault }] : [] });
      const child = startProcess(bench, ['backfill']);
      const began = performance.now();
      bench.onCall(() => {
        const seen = bench.simulator.stats().calls - before;
        if (seen === 1) waitedMs += performance.now() - began;
        if (seen >= (n % 4) + 1 + (isThrottled ? 1 : 0)) killGroup(child);
      });
      await ended(child);
    }
    const stats = bench.simulator.stats();
    expect(stats.calls).toBeGreaterThanOrEqual(lives);
    expect(stats.maxInAnyPeriod).toBeLessThanOrEqual(10);
    expect(stats.throttled).toBe(0);
    // Each life may wait for a token for a period and a half at the most, and a second or two to start.
    expect(waitedMs).toBeLessThan(lives * (periodMs * 1.6 + 2_500));
  });
});
