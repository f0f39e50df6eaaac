import { describe, expect, it } from 'vitest';
import { openVirtualBench } from '../support/virtual.ts';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
/** More than there are lanes. */
const APIS = ['backlinks', 'serp', 'content_analysis', 'merchant', 'on_page'] as const;
/** What is looked at for the last time is read a day at a time; what has settled, as much as was read too early. */
const SHORT_SECONDS = 600;

describe('what is read again before it leaves the month', { timeout: 120_000 }, () => {
  it('is not read second by second while the window proves narrower than it was taken for', async () => {
    const bench = openVirtualBench(
      {
        tasks: 300,
        spanDays: 40,
        apis: [...APIS],
        windows: { ids: 180, metadata: 28, strictnessSeconds: 0 },
        latency: { meanMs: 1_700, tailShare: 0, tailMs: 0, transitMs: 1_200 },
      },
      { LEDGER_APIS: APIS.join(','), LEDGER_TAIL_CRON: '7 * * * *', LEDGER_SETTLE: '2h' },
    );
    // A refusal is believed for a week; then a wider window is tried again.
    await bench.run(HOUR);
    await bench.pass(6.9 * DAY);
    const restarted = bench.clock.now() / 1000;
    await bench.run(DAY);
    const refused = bench.number('select count(*) from calls where code = 40501 and sent_at > ?', restarted);
    expect(refused).toBeGreaterThan(APIS.length);
    const short = bench.number(
      `select count(*) from calls where purpose = 'settle' and code = 20000 and until - since < ? and since < ? and sent_at > ?`,
      SHORT_SECONDS,
      restarted - (20 * DAY) / 1000,
      restarted,
    );
    expect(short).toBe(0);
    const long = bench.number(
      `select count(*) from calls where purpose = 'settle' and code = 20000 and until - since >= ? and since < ? and sent_at > ?`,
      SHORT_SECONDS,
      restarted - (20 * DAY) / 1000,
      restarted,
    );
    expect(long).toBeGreaterThan(0);
  });
});
