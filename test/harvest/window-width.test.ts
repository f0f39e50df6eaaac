import { describe, expect, it } from 'vitest';
import { openVirtualBench } from '../support/virtual.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const APIS = ['backlinks', 'serp', 'content_analysis'] as const;
/** Steps from the widest candidate to the window's width: 31, 30, 29, 28 days; 184 down to 180. */
const STEPS = 3 + 4;

describe('the width of the window after a stop of seven months', { timeout: 120_000 }, () => {
  it('is found again within a quarter of an hour, by a few calls for each width that is refused', async () => {
    const bench = openVirtualBench(
      {
        tasks: 3_000,
        apis: [...APIS],
        windows: { ids: 180, metadata: 28, strictnessSeconds: 0 },
        // Answers so slow that the edge passes what was asked for while the same question waits to be asked again.
        latency: { meanMs: 2_500, tailShare: 0, tailMs: 0, transitMs: 1_000 },
      },
      { LEDGER_APIS: APIS.join(',') },
    );
    await bench.run(20 * MINUTE);
    await bench.pass(213 * DAY);
    const restarted = bench.clock.now() / 1000;
    await bench.run(20 * MINUTE);
    const [refused] = bench.rows(
      `select count(*) as calls, max(sent_at) - ? as seconds from calls where code = 40501 and sent_at > ?`,
      restarted,
      restarted,
    );
    expect(refused?.['calls']).toBeGreaterThanOrEqual(STEPS * APIS.length);
    expect(refused?.['calls']).toBeLessThanOrEqual(4 * STEPS * APIS.length);
    expect(refused?.['seconds']).toBeLessThan(15 * 60);
    // And none is held against the window that it has.
    const widths = bench.rows(
      'select grade, min(width) / 86400.0 as days from refused_width group by grade order by grade',
    );
    expect(widths.map(({ grade }) => grade)).toEqual(['ids', 'metadata']);
    expect(widths[0]?.['days']).toBeGreaterThanOrEqual(180);
    expect(widths[1]?.['days']).toBeGreaterThanOrEqual(28);
  });
});
