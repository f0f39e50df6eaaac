import { describe, expect, it } from 'vitest';
import { lateTails } from '../../src/domain/vitals.ts';
import { APIS } from '../../src/simulator/options.ts';
import { openVirtualBench, STARTED_AT, type VirtualBench } from '../support/virtual.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SECOND_OF_START = STARTED_AT / 1000;

const purposes = (bench: VirtualBench, sinceSecond = 0) =>
  Object.fromEntries(
    bench
      .rows('select purpose, count(*) as calls from calls where sent_at >= ? group by purpose', sinceSecond)
      .map(({ purpose, calls }) => [purpose, calls]),
  ) as Record<string, number | undefined>;

/** The most calls of these purposes that any period held, by sending time. */
function mostInAnyPeriod(bench: VirtualBench, where: string): number {
  const sent = bench.rows(`select sent_at from calls where ${where} order by id`).map((row) => Number(row['sent_at']));
  return Math.max(0, ...sent.map((from) => sent.filter((at) => at >= from && at < from + 59).length));
}

describe('eleven APIs', () => {
  const eleven = { LEDGER_APIS: APIS.join(',') };

  it(
    'share the calls of the tail: each is read, quiet ones less often, and the backlog has the rest',
    { timeout: 240_000 },
    async () => {
      const bench = openVirtualBench(
        { tasks: 30_000, tasksPerMinute: 1, apis: ['backlinks', 'serp'], latency: { meanMs: 200 } },
        eleven,
      );
      await bench.run(12 * MINUTE);
      const tails = bench.rows(`select api, count(*) as calls from calls where purpose = 'tail' group by api`);
      expect(tails).toHaveLength(11);
      // The first reads are made at once; from then on the tail takes its two calls a period, and no more.
      expect(
        mostInAnyPeriod(
          bench,
          `purpose in ('tail', 'settle', 'chase') and sent_at between ${SECOND_OF_START + 180} and ${SECOND_OF_START + 420}`,
        ),
      ).toBeLessThanOrEqual(3);
      expect(purposes(bench)['tail']).toBeLessThanOrEqual(11 + 2 * 12 + 2);
      expect(purposes(bench)['backfill']).toBeGreaterThan(60);
      expect(lateTails(bench.vitals(), bench.clock.monotonic())).toEqual([]);
      expect(bench.app(eleven).status().budget.maxInAnyPeriod).toBeLessThanOrEqual(10);
    },
  );
});

describe('two large APIs', () => {
  it('are read by what leaves first, whatever the order of the settings', { timeout: 240_000 }, async () => {
    const both = { LEDGER_APIS: 'backlinks,serp' };
    const bench = openVirtualBench({ tasks: 150_000, apis: ['backlinks', 'serp'], latency: { meanMs: 200 } }, both);
    await bench.run(11 * MINUTE);
    const { coverage, backlog } = bench.app(both).status();
    // Two calls a minute are the tails'.
    expect(backlog.etaSeconds / backlog.calls).toBeCloseTo(60 / 8, 0);
    expect(coverage).toMatchObject({ backlinks: { losses: [] }, serp: { losses: [] } });
    // Of each, what lies at the edges of both windows comes first.
    for (const api of both.LEDGER_APIS.split(',')) {
      const gaps = coverage[api]?.gaps ?? [];
      expect(new Set(gaps.map(({ grade }) => grade))).toEqual(new Set(['ids', 'metadata']));
      for (const gap of gaps) expect(Date.parse(gap.expiresAt) - bench.clock.now()).toBeGreaterThan(MINUTE);
    }
  });
});

describe('the log', () => {
  it('says once a minute how far a backfill is, and nothing once it is through', { timeout: 240_000 }, async () => {
    const bench = openVirtualBench({ tasks: 40_000, latency: { meanMs: 200 } });
    await bench.run(12 * MINUTE);
    const said = bench.logged.filter(({ msg }) => msg === 'progress');
    const idle = bench.logged.findIndex(({ msg, state }) => msg === 'state' && state === 'idle');
    expect(idle).toBeGreaterThan(0);
    expect(bench.logged.slice(idle).filter(({ msg }) => msg === 'progress')).toEqual([]);
    expect(said.length).toBeGreaterThanOrEqual(4);
    // A minute is ten calls at the most, less those that are still under way.
    const calls = said.map((line) => Number(line['calls']));
    for (const [index, made] of calls.slice(2).entries()) expect(made - calls[index + 1]!).toBeGreaterThanOrEqual(7);
    const percents = said.map(({ coveredPercent }) => Number(coveredPercent));
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(percents.at(-1)).toBeGreaterThan(50);
    // All of the budget is used, so each line says when the next call comes.
    expect(said.slice(1, -1).every(({ nextCallInMs, callsLeft }) => Number(nextCallInMs) >= 0 && Number(callsLeft) > 0)).toBe(true); // prettier-ignore
  });
});

describe('the log of one that is parked', () => {
  it('says no minute by minute how far it is, while it may not go on', { timeout: 240_000 }, async () => {
    const bench = openVirtualBench({ tasks: 40_000, latency: { meanMs: 200 } });
    await bench.run(2 * MINUTE);
    bench.set({ refusals: { account: 40_200 } });
    const before = bench.logged.length;
    await bench.run(20 * MINUTE);
    const said = bench.logged.slice(before);
    expect(said.some(({ msg, state }) => msg === 'state' && state === 'parked')).toBe(true);
    // At most when it asks again, at pauses that double; without a pause there would be twenty.
    expect(said.filter(({ msg }) => msg === 'progress').length).toBeLessThanOrEqual(6);
  });
});

describe('an API that fails', () => {
  it('does not hold the tails of the others, whatever it does', { timeout: 240_000 }, async () => {
    const apis = { LEDGER_APIS: 'serp,merchant,backlinks' };
    const bench = openVirtualBench(
      { tasks: 10_000, tasksPerMinute: 20, apis: ['backlinks', 'serp', 'merchant'], latency: { meanMs: 200 },
        faults: [{ when: { api: 'serp' }, fault: 'http500' }, { when: { api: 'merchant' }, fault: 'hang' }] },
      apis,
    ); // prettier-ignore
    await bench.run(30 * MINUTE);
    const { tail } = bench.app(apis).status();
    const lateMs = bench.clock.now() - Date.parse(tail['backlinks']?.readUpTo ?? '');
    expect(lateMs).toBeLessThan(4 * MINUTE);
    expect(lateTails(bench.vitals(), bench.clock.monotonic()).sort()).toEqual(['merchant', 'serp']);
  });
});

describe('a poisoned second among the newest tasks (I8)', () => {
  it('is isolated, and holds up no newer task', { timeout: 240_000 }, async () => {
    const bench = openVirtualBench({ tasks: 2_000, tasksPerMinute: 30, latency: { meanMs: 100 } });
    await bench.run(10 * MINUTE);
    const covers = Math.floor((bench.clock.now() + MINUTE) / 1000) * 1000;
    bench.set({ faults: [{ when: { covers }, fault: 'http500' }] });
    await bench.run(40 * MINUTE);
    const late = bench.rows(
      `select max(first_seen_at - posted_at) as late from tasks where posted_at > ? and posted_at < ?`,
      covers / 1000 + 120, bench.clock.now() / 1000 - 120,
    ); // prettier-ignore
    expect(late[0]?.['late']).toBeLessThanOrEqual(150);
    const gaps = bench.app().status().coverage['backlinks']?.gaps ?? [];
    const old = gaps.filter((gap) => Date.parse(gap.until) < bench.clock.now() - 5 * MINUTE);
    const seconds = old.reduce((sum, gap) => sum + (Date.parse(gap.until) - Date.parse(gap.since)) / 1000, 0);
    expect(old.length).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(4);
    bench.set({ faults: [] });
    await bench.run(40 * MINUTE);
    const after = bench.app().status();
    expect(after.coverage['backlinks']).toMatchObject({ complete: true, losses: [] });
  });
});

describe('pages that are too large', () => {
  it('are remembered from one read of the tail to the next, and over a restart', { timeout: 240_000 }, async () => {
    const bench = openVirtualBench({
      tasks: 100,
      tasksPerMinute: 5,
      latency: { meanMs: 50 },
      faults: [{ when: { limitAbove: 300 }, fault: 'task50401' }],
    });
    await bench.run(30 * MINUTE);
    const failed = () => bench.number(`select count(*) from calls where purpose = 'tail' and code <> 20000`);
    const first = failed();
    await bench.run(15 * MINUTE);
    // Whole pages are tried again once in twenty reads.
    expect(failed() - first).toBeLessThanOrEqual(3);
    expect(bench.number('select row_limit from page_limit')).toBeLessThanOrEqual(500);
  });
});

describe('an idle account', () => {
  it(
    'costs a call a minute for the tail and one an hour for settling, a tenth of the budget, and nothing else',
    { timeout: 120_000 },
    async () => {
      const bench = openVirtualBench({ tasks: 0 });
      await bench.run(10 * MINUTE);
      const from = Math.floor(bench.clock.now() / 1000);
      await bench.run(3 * HOUR);
      const { tail = 0, settle = 0, ...others } = purposes(bench, from);
      expect(tail).toBeLessThanOrEqual(3 * 60 + 2);
      expect(tail).toBeGreaterThanOrEqual(3 * 60 - 2);
      expect(settle).toBeLessThanOrEqual(4);
      // What is settled is one stretch an hour, or a ledger of years would be made of minutes.
      expect(bench.number('select count(*) from coverage')).toBeLessThanOrEqual(130);
      expect(others).toEqual({});
      expect(bench.app().status().coverage['backlinks']).toMatchObject({ complete: true, losses: [] });
    },
  );

  it(
    'whose tail pauses for longer than it reaches back is not read second by second in between',
    { timeout: 120_000 },
    async () => {
      const settings = { LEDGER_TAIL_CRON: '7 * * * *', LEDGER_SETTLE: '30m' };
      const bench = openVirtualBench({ tasks: 0 });
      await bench.run(HOUR, settings);
      const from = Math.floor(bench.clock.now() / 1000);
      await bench.run(6 * HOUR, settings);
      const { backfill = 0 } = purposes(bench, from);
      expect(backfill).toBeLessThanOrEqual(12);
    },
  );
});
