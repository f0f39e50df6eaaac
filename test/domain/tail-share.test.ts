import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareFreeAt, shareLeft, tailPaces, tailShare } from '../../src/domain/tail-share.ts';

const PERIOD = 60_000;
const terms = { tailPeriodMs: PERIOD, periodMs: PERIOD, share: 2 };

describe('the share of the tail', () => {
  it('is two calls a period while anything else waits, and half of them while nothing does', () => {
    expect([tailShare(10, true), tailShare(10, false)]).toEqual([2, 5]);
    expect([tailShare(1, true), tailShare(2, true), tailShare(3, true)]).toEqual([1, 1, 2]);
  });

  it('is never exceeded by walks that begin when they may and take what was expected', () => {
    const walks = fc.array(
      fc.record({ pages: fc.integer({ min: 1, max: 2 }), askedMs: fc.integer({ min: 0, max: 90_000 }) }),
    );
    fc.assert(
      fc.property(walks, (asked) => {
        const calls: number[] = [];
        let now = 1_000_000;
        for (const { pages, askedMs } of asked) {
          now += askedMs;
          const at = shareFreeAt(calls, pages, { now, periodMs: PERIOD, share: 2 });
          expect(at).toBeGreaterThanOrEqual(now);
          now = at;
          expect(shareLeft(calls, { now, periodMs: PERIOD, share: 2 })).toBeGreaterThanOrEqual(pages);
          for (let page = 0; page < pages; page += 1) calls.push(now);
        }
        for (const from of calls)
          expect(calls.filter((at) => at >= from && at < from + PERIOD).length).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('holds back who took more than was expected until that is made up for', () => {
    const calls = [0, 1_000, 2_000];
    expect(shareLeft(calls, { now: 3_000, periodMs: PERIOD, share: 2 })).toBe(-1);
    expect(shareFreeAt(calls, 1, { now: 3_000, periodMs: PERIOD, share: 2 })).toBe(61_000);
    expect(shareFreeAt(calls, 9, { now: 3_000, periodMs: PERIOD, share: 2 })).toBe(62_000);
  });
});

describe('the pace of a tail', () => {
  it('is that of the schedule where the share serves all', () => {
    expect(tailPaces([0, Infinity], terms)).toEqual([PERIOD, PERIOD]);
  });

  it('of quiet APIs gives way to busy ones', () => {
    const [busy, ...quiet] = tailPaces([0, ...Array.from({ length: 10 }, () => Infinity)], terms);
    expect(busy).toBe(PERIOD);
    expect(new Set(quiet)).toEqual(new Set([10 * PERIOD]));
  });

  it('is the same for all where all are busy, and never more than the share serves', () => {
    expect(
      tailPaces(
        Array.from({ length: 11 }, () => 0),
        terms,
      ),
    ).toEqual(Array.from({ length: 11 }, () => 5.5 * PERIOD));
    const apis = fc.array(fc.integer({ min: 0, max: 10 * 86_400_000 }), { minLength: 1, maxLength: 11 });
    fc.assert(
      fc.property(apis, fc.integer({ min: 1, max: 5 }), (quiet, share) => {
        const paces = tailPaces(quiet, { ...terms, share });
        expect(paces.reduce((sum, pace) => sum + PERIOD / pace, 0)).toBeLessThanOrEqual(share + 1e-9);
        for (const pace of paces) expect(pace).toBeGreaterThanOrEqual(PERIOD);
      }),
    );
  });
});
