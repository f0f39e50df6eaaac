import { describe, expect, it } from 'vitest';
import { openVirtualBench, STARTED_AT, type VirtualBench } from '../support/virtual.ts';

const MINUTE = 60_000;

/** How long tasks took from being listed until they were in the ledger, seconds: those posted in this time. */
function lateness(bench: VirtualBench, since: number, until: number): { most: number; tasks: number; held: number } {
  const [seen] = bench.rows(
    'select max(first_seen_at - posted_at) as most, count(*) as tasks from tasks where posted_at >= ? and posted_at < ?',
    Math.floor(since / 1000),
    Math.floor(until / 1000),
  );
  return {
    most: Number(seen?.['most']),
    tasks: Number(seen?.['tasks']),
    held: bench.number('select count(*) from tasks'),
  };
}

describe('while a million tasks are being read', () => {
  it(
    'a task is in the ledger within two minutes of being listed, at up to 1,500 a minute, with two calls a minute',
    { timeout: 240_000 },
    async () => {
      const bench = openVirtualBench({
        tasks: 1_000_000,
        tasksPerMinute: 1_500,
        latency: { meanMs: 300, transitMs: 50 },
      });
      const states = new Set<string>();
      const look = () => states.add(bench.app().status().state);
      await bench.run(7 * MINUTE, {}, { everyMs: MINUTE, look });
      const { most, tasks, held } = lateness(bench, STARTED_AT + 1_000, bench.clock.now() - 2 * MINUTE);
      expect(most).toBeLessThanOrEqual(120);
      // None of them is missing, and the backfill goes on beside them.
      expect(tasks).toBeGreaterThanOrEqual(5 * 1_500 - 60);
      expect(held - tasks).toBeGreaterThan(38_000);
      expect([...states]).toEqual(['harvesting']);
      const steady = bench.number(
        `select count(*) from calls where purpose = 'tail' and sent_at >= ?`,
        STARTED_AT / 1000 + 300,
      );
      expect(steady).toBeLessThanOrEqual(2 * 2 + 1);
    },
  );

  it('more than that makes the tail late, which the daemon says with its figure', { timeout: 240_000 }, async () => {
    const bench = openVirtualBench({ tasks: 300_000, tasksPerMinute: 4_000, latency: { meanMs: 300 } });
    const reasons: string[] = [];
    const behind: number[] = [];
    const look = () => {
      const { reason, tail } = bench.app().status();
      reasons.push(reason);
      behind.push(tail['backlinks']?.behindSeconds ?? -1);
    };
    await bench.run(11 * MINUTE, {}, { everyMs: MINUTE, look });
    // Now and then it begins anew near the end, and what it leaves is a gap: it stays behind by that.
    expect(behind.at(-1)).toBeGreaterThan(180);
    expect(bench.logged.some(({ msg }) => String(msg).startsWith('the newest tasks are read first'))).toBe(true);
    expect(reasons.some((reason) => reason.includes(' min of new tasks of backlinks are left to the backlog: '))).toBe(
      true,
    );
    const late = reasons.findIndex((reason) =>
      /new tasks of backlinks are read \d+ min late: more come than/.test(reason),
    );
    expect(behind[0]).toBe(0);
    expect(late).toBeGreaterThan(0);
    expect(behind[late]).toBeGreaterThan(180);
    expect(bench.number(`select count(*) from calls where purpose = 'tail'`)).toBeLessThanOrEqual(2 * 11 + 4);
  });
});

describe('while what was read too early is read again', () => {
  it('new tasks do not wait for it', { timeout: 240_000 }, async () => {
    const settle = { LEDGER_SETTLE: '10m' };
    const bench = openVirtualBench(
      { tasks: 100, tasksPerMinute: 900, latency: { meanMs: 300, transitMs: 50 } },
      settle,
    );
    await bench.run(25 * MINUTE);
    expect(bench.number(`select count(*) from calls where purpose = 'settle'`)).toBeGreaterThan(10);
    const { most } = lateness(bench, STARTED_AT + 1_000, bench.clock.now() - 3 * MINUTE);
    expect(most).toBeLessThanOrEqual(120);
  });
});
