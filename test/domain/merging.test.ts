import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { subtract, union } from '../../src/domain/coverage.ts';
import { mergeNeighbours } from '../../src/domain/merging.ts';
import { pagesOfRows } from '../../src/domain/slicing.ts';

const SECOND = 1_000;
/** So many tasks in each second of the world. */
const evenly = (perSecond: number) => ({
  limit: 1000,
  rowsIn: ({ since, until }: { since: number; until: number }, most: number) =>
    Math.min(Math.round(((until - since) / SECOND) * perSecond), most),
});
const second = (at: number) => ({ since: at * SECOND, until: (at + 1) * SECOND });

describe('stretches that are read again', () => {
  it('are one call where all between them fits into the pages of two', () => {
    expect(mergeNeighbours([second(0), second(1_900)], evenly(1))).toEqual([
      { since: 0, until: 1_901 * SECOND, pages: 2 },
    ]);
    expect(mergeNeighbours([second(0), second(2_000)], evenly(1))).toHaveLength(2);
  });

  it('of a sparse account are one call, however far apart', () => {
    const ranges = [second(0), second(86_400), second(5 * 86_400)];
    expect(mergeNeighbours(ranges, evenly(0.0001))).toEqual([{ since: 0, until: (5 * 86_400 + 1) * SECOND, pages: 1 }]);
  });

  it('take no more than the pages allowed together, unless one alone does', () => {
    const ranges = Array.from({ length: 100 }, (_, n) => second(n * 500));
    for (const { pages } of mergeNeighbours(ranges, { ...evenly(1), mostPages: 2 }))
      expect(pages).toBeLessThanOrEqual(2);
    expect(mergeNeighbours([{ since: 0, until: 5_000 * SECOND }], { ...evenly(1), mostPages: 2 })).toHaveLength(1);
  });

  it('are all read, by no more calls than one by one', () => {
    const places = fc.uniqueArray(fc.integer({ min: 0, max: 50_000 }), { maxLength: 40 });
    fc.assert(
      fc.property(places, fc.double({ min: 0, max: 50, noNaN: true }), (at, perSecond) => {
        const ranges = at.sort((a, b) => a - b).map(second);
        const terms = evenly(perSecond);
        const merged = mergeNeighbours(ranges, terms);
        expect(subtract(ranges, merged)).toEqual([]);
        expect(union(merged).length).toBeLessThanOrEqual(Math.max(merged.length, 0));
        const oneByOne = ranges.reduce((sum, range) => sum + pagesOfRows(terms.rowsIn(range, Infinity), 1000), 0);
        expect(merged.reduce((sum, { pages }) => sum + pages, 0)).toBeLessThanOrEqual(oneByOne);
      }),
    );
  });
});
