import { describe, expect, it } from 'vitest';
import { openVirtualBench, STARTED_AT } from '../support/virtual.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = STARTED_AT / 1000;

describe('what is read again', () => {
  it(
    'is what may have changed: late tasks, long ones and refunds all come in, and the history keeps what was',
    { timeout: 240_000 },
    async () => {
      const bench = openVirtualBench({
        tasks: 0,
        tasksPerMinute: 2,
        latency: { meanMs: 50 },
        late: { share: 0.1, maxMs: 40 * MINUTE },
        finishing: { share: 0.2, minMs: 30_000, maxMs: 3 * HOUR },
        outcomes: { refundShare: 0.3, refundAfterMs: 2 * HOUR },
      });
      await bench.run(7 * HOUR);
      const calls = bench.rows('select purpose, count(*) as calls from calls group by purpose');
      const of = (purpose: string) => Number(calls.find((row) => row['purpose'] === purpose)?.['calls'] ?? 0);
      // One an hour for settling, and those that follow a finding.
      expect(of('settle')).toBeGreaterThanOrEqual(5);
      expect(of('settle')).toBeLessThanOrEqual(16);
      expect(of('chase')).toBeLessThanOrEqual(12);
      // Of the first two hours nothing is unfinished any more, and what was refunded until the last look costs nothing.
      const early = `posted_at < ${START + 2 * 3_600}`;
      expect(bench.number(`select count(*) from tasks where state = 'pending' and ${early}`)).toBe(0);
      expect(bench.number(`select count(*) from tasks where ${early}`)).toBeGreaterThanOrEqual(238);
      const changes = bench.rows('select field, count(*) as n from task_changes group by field order by field');
      expect(changes.map((row) => row['field'])).toEqual(['cost', 'done', 'status']);
      expect(
        bench.number(`select count(*) from task_changes where field = 'cost' and old > 0 and new = 0`),
      ).toBeGreaterThan(50);
      // A stretch that showed something is read again when it is four times as old.
      const rechecks = bench.rows('select since, until, due_at from recheck order by since');
      expect(rechecks.length).toBeGreaterThan(0);
      for (const row of rechecks)
        expect(Number(row['due_at']) - Number(row['until'])).toBeGreaterThanOrEqual(4 * 3_600);
      const verified = await bench
        .app()
        .verify({ reread: 0, onProgress: () => undefined }, new AbortController().signal);
      expect(verified.problems).toEqual([]);
    },
  );

  it('waits for the backlog, but for what the tail leaves of its share', { timeout: 240_000 }, async () => {
    const bench = openVirtualBench(
      { tasks: 200_000, tasksPerMinute: 10, latency: { meanMs: 100 } },
      { LEDGER_SETTLE: '3m' },
    );
    await bench.run(6 * MINUTE);
    const shared = bench
      .rows(
        `select sent_at from calls where purpose in ('tail', 'settle', 'chase') and sent_at >= ${START + 120} order by id`,
      )
      .map((row) => Number(row['sent_at']));
    for (const from of shared)
      expect(shared.filter((at) => at >= from && at < from + 59).length).toBeLessThanOrEqual(3);
    expect(bench.number(`select count(*) from calls where purpose = 'settle'`)).toBeGreaterThanOrEqual(1);
    expect(bench.number(`select count(*) from calls where purpose = 'backfill'`)).toBeGreaterThan(30);
  });
});
