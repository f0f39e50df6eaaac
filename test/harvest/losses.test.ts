import { describe, expect, it } from 'vitest';
import { openVirtualBench } from '../support/virtual.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('an API that stays refused from the first start on', { timeout: 120_000 }, () => {
  it('is a line an hour in the log, and each second of it is on record', async () => {
    const apis = { LEDGER_APIS: 'backlinks,serp' };
    const bench = openVirtualBench(
      { tasks: 100, apis: ['backlinks', 'serp'], refusals: { apis: { serp: 40204 } } },
      apis,
    );
    const hours = 3;
    // What the window holds of it leaves second by second.
    await bench.run(hours * HOUR, { LEDGER_TAIL_CRON: '*/10 * * * *' });
    for (const grade of ['ids', 'metadata']) {
      const lines = bench.logged.filter(({ msg, grade: of }) => msg === 'a stretch is lost' && of === grade);
      expect(lines.length).toBeGreaterThanOrEqual(2);
      expect(lines.length).toBeLessThanOrEqual(hours + 1);
      // Told is what is on record, less what is waiting for its hour.
      const told = lines.reduce(
        (sum, { since, until }) => sum + Date.parse(String(until)) - Date.parse(String(since)),
        0,
      );
      const [sums] = bench.rows(
        `select sum(until - since) as lost, count(*) as n, max(until) - min(since) as long from losses where grade = ?`,
        grade,
      );
      const { lost, n, long } = sums ?? {};
      expect(lost).toBe(long);
      expect(told / 1000).toBeLessThanOrEqual(Number(lost));
      expect(told / 1000).toBeGreaterThan(Number(lost) - 2 * 3600);
      expect(Number(lost)).toBeGreaterThan((hours - 1) * 3600);
      expect(n).toBeLessThanOrEqual(3);
    }
    const verified = await bench
      .app(apis)
      .verify({ reread: 0, onProgress: () => undefined }, new AbortController().signal);
    expect(verified.problems).toEqual([]);
  });
});
