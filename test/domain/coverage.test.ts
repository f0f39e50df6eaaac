import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Reading, Segment } from '../../src/domain/coverage.ts';
import { clip, cover, intersect, lengthOf, reachingInto, subtract, union } from '../../src/domain/coverage.ts';
import type { TimeRange } from '../../src/domain/time-range.ts';

/** The whole of time: so many seconds, few enough to look at each. */
const SECONDS = 40;

const second = fc.integer({ min: 0, max: SECONDS });
const range: fc.Arbitrary<TimeRange> = fc
  .tuple(second, second)
  .filter(([a, b]) => a !== b)
  .map(([a, b]) => ({ since: Math.min(a, b) * 1000, until: Math.max(a, b) * 1000 }));
const ranges = fc.array(range, { maxLength: 8 });

/** The naive model: a range is the set of its seconds. */
function secondsOf(all: readonly TimeRange[]): Set<number> {
  const seconds = new Set<number>();
  for (const { since, until } of all) {
    for (let at = since; at < until; at += 1000) seconds.add(at);
  }
  return seconds;
}

function common(a: readonly TimeRange[], b: readonly TimeRange[]): Set<number> {
  return new Set([...secondsOf(a)].filter((at) => secondsOf(b).has(at)));
}

function expectTidy(all: readonly TimeRange[], touching: 'joined' | 'allowed') {
  all.forEach((each, index) => {
    expect(each.since).toBeLessThan(each.until);
    const next = all[index + 1];
    if (next === undefined) return;
    if (touching === 'joined') expect(next.since).toBeGreaterThan(each.until);
    else expect(next.since).toBeGreaterThanOrEqual(each.until);
  });
}

describe('the algebra of ranges, second by second', () => {
  it('finds what reaches into a range, and nothing else', () => {
    fc.assert(
      fc.property(ranges, range, (a, within) => {
        const held = union(a);
        expect(reachingInto(held, within)).toEqual(held.filter((each) => clip(each, within) !== null));
      }),
    );
  });

  it('joins', () => {
    fc.assert(
      fc.property(ranges, (a) => {
        expect(secondsOf(union(a))).toEqual(secondsOf(a));
        expectTidy(union(a), 'joined');
        expect(lengthOf(a)).toBe(secondsOf(a).size * 1000);
      }),
    );
  });

  it('subtracts', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        expect(secondsOf(subtract(a, b))).toEqual(new Set([...secondsOf(a)].filter((at) => !secondsOf(b).has(at))));
        expectTidy(subtract(a, b), 'joined');
      }),
    );
  });

  it('intersects', () => {
    fc.assert(
      fc.property(ranges, ranges, (a, b) => {
        expect(secondsOf(intersect(a, b))).toEqual(common(a, b));
        expectTidy(intersect(a, b), 'joined');
      }),
    );
  });

  it('clips', () => {
    fc.assert(
      fc.property(range, range, (a, b) => {
        const clipped = clip(a, b);
        expect(secondsOf(clipped === null ? [] : [clipped])).toEqual(common([a], [b]));
      }),
    );
  });

  it('knows a range without a length as nothing', () => {
    expect(union([{ since: 5, until: 5 }])).toEqual([]);
    expect(subtract([{ since: 0, until: 9 }], [{ since: 4, until: 4 }])).toEqual([{ since: 0, until: 9 }]);
    expect(clip({ since: 0, until: 5 }, { since: 5, until: 9 })).toBeNull();
  });
});

type Proven = Pick<Segment, 'grade' | 'walkId' | 'settledAt'>;

const reading: fc.Arbitrary<{ range: TimeRange; reading: Reading }> = fc.record({
  range,
  reading: fc.record({
    walkId: fc.integer({ min: 1, max: 4 }),
    grade: fc.constantFrom('ids', 'metadata'),
    readAt: fc.integer({ min: 100, max: 103 }).map((at) => at * 1000),
    settledBefore: fc.integer({ min: -2, max: SECONDS + 2 }).map((at) => at * 1000),
  }),
});

/** What the readings prove of each second, one at a time. */
function readSecondBySecond(readings: readonly { range: TimeRange; reading: Reading }[]): Map<number, Proven> {
  const proven = new Map<number, Proven>();
  for (const { range: of, reading: by } of readings) {
    for (const at of secondsOf([of])) {
      const before = proven.get(at);
      proven.set(at, {
        grade: before?.grade === 'metadata' ? 'metadata' : by.grade,
        walkId: by.walkId,
        settledAt: at + 1000 <= by.settledBefore ? by.readAt : (before?.settledAt ?? null),
      });
    }
  }
  return proven;
}

function applyAll(readings: readonly { range: TimeRange; reading: Reading }[]): Segment[] {
  return readings.reduce<Segment[]>((segments, { range: of, reading: by }) => {
    const { removed, added } = cover(segments, of, by);
    const left = segments.filter((segment) => !removed.includes(segment));
    return [...left, ...added].sort((a, b) => a.since - b.since);
  }, []);
}

describe('coverage', () => {
  it('is, after any readings in any order, what each second was last proven to be', () => {
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 10 }), (readings) => {
        const segments = applyAll(readings);
        expectTidy(segments, 'allowed');
        const bySecond = new Map<number, Proven>();
        for (const { grade, walkId, settledAt, ...of } of segments) {
          for (const at of secondsOf([of])) bySecond.set(at, { grade, walkId, settledAt });
        }
        expect(new Map([...bySecond].sort(([a], [b]) => a - b))).toEqual(
          new Map([...readSecondBySecond(readings)].sort(([a], [b]) => a - b)),
        );
      }),
      { numRuns: 400 },
    );
  });

  const old: Segment = { since: 0, until: 30_000, grade: 'metadata', walkId: 1, settledAt: 90_000 };
  const ids: Reading = { walkId: 2, grade: 'ids', readAt: 99_000, settledBefore: -Infinity };

  it('keeps the higher grade under a reading of ids, and what has settled stays settled', () => {
    expect(cover([old], { since: 10_000, until: 20_000 }, ids).added).toEqual([
      { ...old, until: 10_000 },
      { ...old, since: 10_000, until: 20_000, walkId: 2 },
      { ...old, since: 20_000 },
    ]);
  });

  it('earns the higher grade from a reading with metadata', () => {
    const lower: Segment = { ...old, grade: 'ids', settledAt: null };
    const { added } = cover([lower], { since: 0, until: 30_000 }, { ...ids, grade: 'metadata' });
    expect(added).toEqual([{ ...lower, grade: 'metadata', walkId: 2 }]);
  });

  it('is split where a reading came too early to be final', () => {
    expect(cover([], { since: 0, until: 30_000 }, { ...ids, settledBefore: 12_000 }).added).toEqual([
      { since: 0, until: 12_000, grade: 'ids', walkId: 2, settledAt: 99_000 },
      { since: 12_000, until: 30_000, grade: 'ids', walkId: 2, settledAt: null },
    ]);
  });

  it('touches no segment outside the range that was read', () => {
    const far: Segment = { ...old, since: 40_000, until: 50_000 };
    const { removed } = cover([old, far], { since: 30_000, until: 40_000 }, ids);
    expect(removed).toEqual([]);
  });
});
