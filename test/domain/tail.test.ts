import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApiPicture } from '../../src/domain/gaps.ts';
import { planTail, type Tail } from '../../src/domain/tail.ts';
import type { TimeRange } from '../../src/domain/time-range.ts';
import { EMPTY_PICTURE } from '../support/picture.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const UPPER = Date.UTC(2024, 4, 15, 12);
const BORN = UPPER - 31 * 24 * HOUR;

const empty: ApiPicture = { ...EMPTY_PICTURE, origins: { ids: 0, metadata: BORN } };

const covered = (...ranges: readonly TimeRange[]): ApiPicture => ({
  ...empty,
  segments: ranges.map((range) => ({ ...range, grade: 'metadata', walkId: 1, settledAt: null })),
});
const upTo = (until: number) => covered({ since: BORN, until });

/** So many tasks an hour, evenly, the newest first. */
function newest(perHour: number, readUpTo: number): Pick<Tail, 'newest' | 'newestIsAll'> {
  const count = Math.min(perHour, 5_000);
  const times = Array.from(
    { length: count },
    (_, n) => Math.floor((readUpTo - (n * HOUR) / perHour - 1) / 1000) * 1000,
  );
  return { newest: times, newestIsAll: count < 5_000 };
}

const quiet: Tail = {
  upper: UPPER,
  edge: 0,
  settleMs: HOUR,
  tailPeriodMs: MINUTE,
  newest: [],
  newestIsAll: true,
  mostPages: Infinity,
  limit: 1000,
};

describe('the tail', () => {
  it('of a quiet account reaches back as far as tasks may still move', () => {
    const tail = { ...quiet, ...newest(10, UPPER - MINUTE) };
    const range = { since: UPPER - HOUR, until: UPPER };
    expect(planTail(upTo(UPPER - MINUTE), tail)).toEqual({ range, pages: 1, left: null });
  });

  it('of a busy account reaches back as far as the pages that it needs anyway', () => {
    const readUpTo = UPPER - MINUTE;
    const { range } = planTail(upTo(readUpTo), { ...quiet, ...newest(30_000, readUpTo) })!;
    expect(range.since).toBeLessThan(readUpTo);
    const rows = ((UPPER - range.since) / HOUR) * 30_000;
    expect(rows).toBeGreaterThan(700);
    expect(rows).toBeLessThan(999);
  });

  it('reads 1,500 tasks a minute with the two calls of its share', () => {
    const readUpTo = UPPER - MINUTE;
    const slice = planTail(upTo(readUpTo), { ...quiet, ...newest(90_000, readUpTo), mostPages: 2 })!;
    expect(slice.pages).toBe(2);
    expect(slice.range.until).toBe(UPPER);
  });

  it('reads no more than its share holds where more has come, from where it ended before', () => {
    const readUpTo = UPPER - 3 * MINUTE;
    const { range, left } = planTail(upTo(readUpTo), { ...quiet, ...newest(180_000, readUpTo), mostPages: 2 })!;
    expect(range.since).toBe(readUpTo);
    expect(left).toBeNull();
    const rows = ((range.until - range.since) / HOUR) * 180_000;
    expect(rows).toBeGreaterThan(1_700);
    expect(rows).toBeLessThan(1_999);
  });

  it('catches up at once where nothing else waits', () => {
    const readUpTo = UPPER - 3 * MINUTE;
    const { range } = planTail(upTo(readUpTo), { ...quiet, ...newest(180_000, readUpTo) })!;
    expect(range.until).toBe(UPPER);
  });

  it('begins near the end where catching up would take more than a slice, and says what it leaves', () => {
    const readUpTo = UPPER - 30 * MINUTE;
    const { range, left } = planTail(upTo(readUpTo), { ...quiet, ...newest(90_000, readUpTo), mostPages: 2 })!;
    expect(range.until).toBe(UPPER);
    expect(range.since).toBeGreaterThan(UPPER - 2 * MINUTE);
    expect(left).toEqual({ since: readUpTo, until: range.since });
  });

  it('counts what has become faster at once', () => {
    const readUpTo = UPPER - MINUTE;
    // Nothing for an hour, then 1,400 in the last minute.
    const times = Array.from({ length: 1_400 }, (_, n) => Math.floor((readUpTo - n * 42) / 1000) * 1000 - 1000);
    const slice = planTail(upTo(readUpTo), { ...quiet, newest: times, mostPages: 2 })!;
    expect(slice.range.since).toBeGreaterThan(readUpTo - MINUTE);
  });

  it('of a new ledger begins with the time between two reads: of what lies before nobody knows how much it is', () => {
    expect(planTail(empty, quiet)?.range).toEqual({ since: UPPER - MINUTE, until: UPPER });
    const young = { ...empty, origins: { ids: UPPER - 5_000, metadata: UPPER - 5_000 } };
    expect(planTail(young, quiet)?.range.since).toBe(UPPER - 5_000);
    expect(planTail({ ...empty, origins: { ids: UPPER, metadata: UPPER } }, quiet)).toBeNull();
  });

  it('reaches back into the unknown by as much as is known, and not a whole hour at once', () => {
    const slice = planTail(covered({ since: UPPER - 2 * MINUTE, until: UPPER - MINUTE }), quiet)!;
    expect(slice.range.since).toBe(UPPER - 9 * MINUTE);
  });

  it('goes on behind a stretch that a walk has begun, and never reaches back over one, for it may be one that fails', () => {
    const picture = upTo(UPPER - 2 * MINUTE);
    const failing = { since: UPPER - 2 * MINUTE, until: UPPER - MINUTE };
    expect(planTail({ ...picture, taken: [failing] }, quiet)?.range).toEqual({ since: UPPER - MINUTE, until: UPPER });
    const second = { since: UPPER - 30 * MINUTE, until: UPPER - 30 * MINUTE + 1_000 };
    expect(planTail({ ...picture, taken: [second] }, quiet)?.range.since).toBe(second.until);
  });

  it('has nothing to read where all is read', () => {
    expect(planTail(upTo(UPPER), quiet)).toBeNull();
  });

  it('leaves no hole that it does not tell of, never reaches beyond what settles, and is never empty', () => {
    const counts = fc.integer({ min: 0, max: 200_000 });
    const pause = fc.integer({ min: 1, max: 7_200 });
    const shares = fc.constantFrom(1, 2, 5, Infinity);
    fc.assert(
      fc.property(counts, pause, fc.integer({ min: 60, max: 7_200 }), shares, (perHour, seconds, settle, mostPages) => {
        const readUpTo = UPPER - seconds * 1000;
        const tail = { ...quiet, settleMs: settle * 1000, ...newest(perHour, readUpTo), mostPages };
        const { range, left } = planTail(upTo(readUpTo), tail)!;
        expect(range.since).toBeLessThan(range.until);
        expect(range.until).toBeLessThanOrEqual(UPPER);
        expect(range.since).toBeGreaterThanOrEqual(UPPER - settle * 1000);
        expect([range.since % 1000, range.until % 1000]).toEqual([0, 0]);
        const hole = range.since > readUpTo ? { since: readUpTo, until: range.since } : null;
        expect(left).toEqual(hole);
        expect(range.until > readUpTo).toBe(true);
      }),
    );
  });
});
