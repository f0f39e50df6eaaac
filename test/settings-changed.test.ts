import { expect, it } from 'vitest';
import { openBench } from './support/bench.ts';

it('A start with another period of the budget never lets the server see more calls than it allows.', async () => {
  const bench = await openBench({ tasks: 60_000, rate: { calls: 10, periodMs: 3_000 } });
  const short = { LEDGER_RATE_CALLS: '5', LEDGER_RATE_PERIOD: '1500ms' };
  const stop = new AbortController();
  const calls = () => bench.simulator.stats().calls;
  const first = bench.app(short).backfill(() => {
    // The second handful has gone: the first one is back by the period of this process, not by the server's.
    if (calls() >= 10) stop.abort(new Error('enough'));
  }, stop.signal);
  await expect(first).rejects.toThrow('enough');
  const again = new AbortController();
  const before = calls();
  const second = bench.app().backfill(() => {
    if (calls() >= before + 10) again.abort(new Error('enough'));
  }, again.signal);
  await expect(second).rejects.toThrow('enough');
  expect(bench.simulator.stats()).toMatchObject({ throttled: 0 });
  expect(bench.simulator.stats().maxInAnyPeriod).toBeLessThanOrEqual(10);
});
