import { describe, expect, it } from 'vitest';
import { DataForSeoError } from '../../src/domain/errors.ts';
import { createStanding } from '../../src/harvest/standing.ts';
import type { SimulatorPatch } from '../../src/simulator/options.ts';
import { openVirtualBench, STARTED_AT } from '../support/virtual.ts';

const MINUTE = 60_000;
const unpaid = new DataForSeoError('account_refused', 'no money');
const unknown = new DataForSeoError('api_refused', 'no subscription');

describe('a pause', () => {
  it('of a refused account grows by one step, whatever else was in flight when it began', () => {
    const standing = createStanding(MINUTE);
    let now = STARTED_AT;
    standing.succeeded('backlinks');
    expect(standing.troubled()).toBe(false);
    for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
      for (const afterMs of [0, 0, 700, 5_000]) standing.refused(unpaid, now + afterMs);
      expect(standing.pausedUntil(now + 5_000)).toMatchObject({ until: now + minutes * MINUTE, parked: true });
      expect(standing.troubled()).toBe(true);
      now += minutes * MINUTE;
      expect(standing.pausedUntil(now)).toBeNull();
    }
    standing.succeeded('backlinks');
    expect(standing.troubled()).toBe(false);
    standing.refused(unpaid, now);
    expect(standing.pausedUntil(now)?.until).toBe(now + MINUTE);
  });

  it.each([
    ['a second', MINUTE / 60, [1 / 60, 1 / 30, 1 / 15], 1],
    ['a quarter of an hour', 15 * MINUTE, [15, 30, 60], 60],
    ['an hour', 60 * MINUTE, [60, 60, 60], 60],
    ['two hours', 120 * MINUTE, [120, 120, 120], 120],
  ])('is an hour at the most, and a period at the least, where a period is %s', (_name, periodMs, first, longest) => {
    const standing = createStanding(periodMs);
    let now = STARTED_AT;
    const pauses = Array.from({ length: 9 }, () => {
      standing.refused(unpaid, now);
      const { until } = standing.apiRefused('serp', unknown, now);
      expect(standing.pausedUntil(now)?.until).toBe(until);
      const minutes = (until - now) / MINUTE;
      now = until;
      return minutes;
    });
    expect(pauses.slice(0, 3).map((minutes) => minutes.toFixed(3))).toEqual(first.map((minutes) => minutes.toFixed(3)));
    expect(pauses.at(-1)).toBe(longest);
  });

  it('of a refused API grows by one step too, and that of another is its own', () => {
    const standing = createStanding(MINUTE);
    let now = STARTED_AT;
    for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
      for (const afterMs of [0, 0, 700, 5_000])
        expect(standing.apiRefused('serp', unknown, now + afterMs)).toMatchObject({ until: now + minutes * MINUTE });
      now += minutes * MINUTE;
      expect(standing.refusedApis(now - 1)).toEqual(['serp']);
      expect(standing.refusedApis(now)).toEqual([]);
      expect(standing.refusedApis()).toEqual(['serp']);
    }
    expect(standing.apiRefused('merchant', unknown, now)).toMatchObject({ until: now + MINUTE });
  });
});

const REFUSALS: readonly (readonly [string, SimulatorPatch, number])[] = [
  ['account', { refusals: { account: 40200 } }, 40_200],
  ['API', { refusals: { apis: { serp: 40204 } } }, 40_204],
];

describe('in the middle of a backfill', () => {
  it.each(REFUSALS)(
    'a refused %s is asked by one call after each pause, and the pauses double',
    { timeout: 180_000 },
    async (_name, refusal, code) => {
      // Walks in flight in every lane, their calls on the way for seconds, when the refusals begin.
      const bench = openVirtualBench(
        { tasks: 40_000, apis: ['serp'], latency: { transitMs: 6_000 } },
        { LEDGER_APIS: 'serp' },
      );
      let looks = 0;
      const look = () => {
        looks += 1;
        if (looks === 2) bench.set(refusal);
        if (looks === 22) bench.set({ refusals: { account: null, apis: { serp: null } } });
      };
      await bench.run(36 * MINUTE, {}, { everyMs: MINUTE, look });
      const sent = bench
        .rows('select sent_at from calls where code = ? order by id', code)
        .map((row) => Number(row['sent_at']));
      const [first = 0] = sent;
      const inFlight = sent.filter((at) => at < first + 50).length;
      expect(inFlight).toBeGreaterThan(1);
      expect(inFlight).toBeLessThanOrEqual(4);
      const pauses = sent.slice(inFlight).map((at, index, all) => at - (all[index - 1] ?? first));
      expect(pauses.map((seconds) => Math.round(seconds / 60))).toEqual([1, 2, 4, 8]);
      // The next one is answered, and every lane reads again.
      const later = 'select count(*) from calls where code = 20000 and id > (select max(id) from calls where code = ?)';
      expect(bench.number(later, code)).toBeGreaterThan(8);
    },
  );
});
