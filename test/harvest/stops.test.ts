import { describe, expect, it } from 'vitest';
import { openVirtualBench, type VirtualBench } from '../support/virtual.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('a daemon that was stopped', () => {
  it.each([
    ['ten minutes', 10 * MINUTE, {}],
    ['a day', DAY, {}],
    // The month before this start has 31 days, the one that counts after the stop 31 as well: four of 35 are gone.
    ['five weeks', 35 * DAY, { metadata: 4 }],
    ['seven months', 213 * DAY, { ids: 30, metadata: 183 }],
  ] as const)(
    'for %s reads what can be had, and records what cannot',
    { timeout: 240_000 },
    async (_name, away, lost) => {
      const bench = openVirtualBench({ tasks: 300, tasksPerMinute: 0.05, latency: { meanMs: 50 } });
      await bench.run(20 * MINUTE);
      const stopped = bench.clock.now();
      await bench.pass(away);
      await bench.run(20 * MINUTE);
      const { coverage } = bench.app().status();
      const { complete, losses = [], since } = coverage['backlinks'] ?? {};
      expect(complete).toBe(true);
      const days = losses.map((loss) => [
        loss.grade,
        Math.round((Date.parse(loss.until) - Date.parse(loss.since)) / DAY),
      ]);
      expect(Object.fromEntries(days)).toEqual(lost);
      // Everything that the window still holds is there, as the server has it.
      const from = Math.max(stopped, Date.parse(since ?? '') + HOUR);
      const until = bench.clock.now() - 3 * MINUTE;
      const held = bench.number(
        'select count(*) from tasks where posted_at between ? and ?',
        from / 1000,
        until / 1000,
      );
      expect(Math.abs(held - ((until - from) / MINUTE) * 0.05)).toBeLessThanOrEqual(3);
      const verified = await bench
        .app()
        .verify({ reread: 0, onProgress: () => undefined }, new AbortController().signal);
      expect(verified.problems).toEqual([]);
    },
  );

  it('reads an API by itself that was added to the settings meanwhile', { timeout: 240_000 }, async () => {
    const bench = openVirtualBench({ tasks: 300, tasksPerMinute: 0.1, apis: ['backlinks', 'serp'] });
    await bench.run(10 * MINUTE);
    await bench.run(15 * MINUTE, { LEDGER_APIS: 'backlinks,serp' });
    const { coverage } = bench.app({ LEDGER_APIS: 'backlinks,serp' }).status();
    for (const api of ['backlinks', 'serp']) expect(coverage[api]).toMatchObject({ complete: true, losses: [] });
    expect(bench.number(`select count(*) from tasks where api = 'serp'`)).toBeGreaterThanOrEqual(300);
  });
});

describe('a daemon that starts by a wrong wall clock', () => {
  const sees = (bench: VirtualBench) => {
    const { coverage, tail, at } = bench.app().status();
    const behindMs = Date.parse(at) - Date.parse(tail['backlinks']?.readUpTo ?? '');
    return { complete: coverage['backlinks']?.complete, behindMs };
  };

  it.each([
    ['it was put back by six hours', 0, -6 * HOUR],
    ['it had been six hours ahead, and was put right', 6 * HOUR, -6 * HOUR],
    ['it was put back by a year', 0, -366 * DAY],
    ['it was put ahead by a day and a half', 0, 1.5 * DAY],
  ] as const)('%s while nobody ran: it reads on all the same', { timeout: 120_000 }, async (_name, before, step) => {
    const bench = openVirtualBench({ tasks: 500, tasksPerMinute: 5, latency: { meanMs: 100 } });
    bench.stepWall(before);
    await bench.run(20 * MINUTE);
    const known = bench.number('select count(*) from tasks');
    bench.stepWall(step);
    await bench.pass(HOUR);
    await bench.run(20 * MINUTE);
    expect(bench.number('select count(*) from tasks')).toBeGreaterThan(known + 75 * 5);
    const { complete, behindMs } = sees(bench);
    expect(complete).toBe(true);
    expect(behindMs).toBeLessThan(3 * MINUTE);
    expect(bench.number('select count(*) from losses')).toBe(0);
    expect(bench.number('select count(*) from doubts')).toBe(0);
  });
});

describe('a backfill that starts by a wall clock that was put back', () => {
  it('asks the time before it says that all is read', { timeout: 60_000 }, async () => {
    const bench = openVirtualBench({ tasks: 500, tasksPerMinute: 5, latency: { meanMs: 100 } });
    const backfill = () => bench.clock.drive(() => bench.app().backfill(() => undefined, new AbortController().signal));
    await backfill();
    await bench.pass(HOUR);
    bench.stepWall(-6 * HOUR);
    const result = await backfill();
    expect(result).toMatchObject({ complete: true });
    expect(result.newTasks).toBeGreaterThan(55 * 5);
    expect(result.calls).toBeLessThanOrEqual(3);
  });
});

describe('a daemon whose tail may reach back for a month', () => {
  it.each(['28d', '30d'])(
    'reads new tasks all the same, with LEDGER_SETTLE=%s',
    { timeout: 120_000 },
    async (settle) => {
      // From here back a calendar month has 30 days.
      const bench = openVirtualBench(
        { tasks: 500, tasksPerMinute: 1, latency: { meanMs: 100 }, windows: { metadata: 28 } },
        { LEDGER_SETTLE: settle },
      );
      await bench.run(HOUR);
      const { readUpTo } = bench.app().status().tail['backlinks'] ?? {};
      expect(bench.clock.now() - Date.parse(readUpTo ?? '')).toBeLessThan(3 * MINUTE);
      const refused = `select count(*) from calls where purpose = 'tail' and code = 40501`;
      expect(bench.number(refused)).toBe(0);
    },
  );
});

describe('a daemon whose account is refused', () => {
  it(
    'parks, looks again at growing intervals up to an hour, and tells a day ahead what that will cost',
    { timeout: 240_000 },
    async () => {
      const bench = openVirtualBench({ tasks: 500, latency: { meanMs: 50 } });
      await bench.run(10 * MINUTE);
      bench.set({ refusals: { account: 40200 } });
      const before = bench.stats().calls;
      const from = bench.clock.now() / 1000;
      const states: string[] = [];
      await bench.run(6 * HOUR, {}, { everyMs: HOUR, look: () => states.push(bench.app().status().state) });
      expect(new Set(states)).toEqual(new Set(['parked']));
      expect(bench.stats().calls - before).toBeLessThanOrEqual(14);
      const sent = bench
        .rows('select sent_at from calls where sent_at >= ?', from)
        .map((row) => Number(row['sent_at']));
      const pauses = sent.slice(1).map((at, index) => Math.round((at - (sent[index] ?? at)) / 60));
      expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
      expect(Math.max(...pauses)).toBe(60);
      // It turns all the while: a supervisor sees that it sleeps and is not stuck.
      expect(bench.clock.monotonic() - (bench.vitals().turnedAt ?? 0)).toBeLessThan(60_000);
      // Nothing leaves the month before 30 days have gone by; then it is foretold, a day ahead.
      const warnings = () =>
        bench.logged.filter(({ msg }) => msg === 'a stretch will leave the window before it is read');
      expect(warnings()).toEqual([]);
      await bench.pass(30 * DAY - 6 * HOUR);
      await bench.run(2 * HOUR);
      expect(warnings()).toHaveLength(1);
      expect(warnings()[0]).toMatchObject({ api: 'backlinks', grade: 'metadata' });
      expect(String(warnings()[0]?.['reason'])).toMatch(/40200/);
      expect(bench.app().status().backlog.willExpire[0]).toMatchObject({ api: 'backlinks', grade: 'metadata' });
      bench.set({ refusals: { account: null } });
      await bench.run(10 * MINUTE);
      expect(bench.app().status().coverage['backlinks']).toMatchObject({ complete: true, losses: [] });
    },
  );
});
