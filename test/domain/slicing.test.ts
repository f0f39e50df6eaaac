import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Density } from '../../src/domain/slicing.ts';
import {
  isWorthSounding,
  LONGEST_SLICE_MS,
  neighbour,
  openingGoesOn,
  pagesOfRows,
  rateOf,
  rowsAt,
  rowsOfPages,
  saysNothing,
  SHORTEST_SLICE_MS,
  SLICE_PAGES,
  sliceLength,
  soundingOffset,
} from '../../src/domain/slicing.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const most = { pages: 20, limit: 1000 };

/** Walks a list of so many rows by offset, the way the harvest does. */
function pagesWalked(rows: number, limit: number): number {
  let pages = 0;
  for (let offset = 0; ; offset += limit - 1) {
    pages += 1;
    if (Math.max(rows - offset, 0) < limit) return pages;
  }
}

describe('pages', () => {
  it('overlap by one row and end with a short one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 2, max: 1000 }), (rows, limit) => {
        expect(pagesOfRows(rows, limit)).toBe(pagesWalked(rows, limit));
      }),
    );
    expect([0, 999, 1000, 1998, 1999].map((rows) => pagesOfRows(rows, 1000))).toEqual([1, 1, 2, 2, 3]);
  });

  it('of the smallest limit are counted too', () => {
    expect(pagesOfRows(7, 2)).toBe(pagesWalked(7, 2));
  });

  it('bring all rows but the links', () => {
    expect([0, 1, 2, 20].map((pages) => rowsOfPages(pages, 1000))).toEqual([0, 1000, 1999, 19_981]);
  });
});

const density: fc.Arbitrary<Density> = fc
  .record({
    since: fc.integer({ min: 0, max: 100_000 }),
    length: fc.integer({ min: 60, max: 90 * 86_400 }),
    rows: fc.integer({ min: 0, max: 100_000 }),
  })
  .map(({ since, length, rows }) => ({
    since: since * 1000,
    until: (since + length) * 1000,
    rows,
    glimpse: false,
  }));

describe('a slice', () => {
  const seen: Density = { since: 0, until: DAY, rows: 10_000, glimpse: false };
  const far = { since: DAY, until: 200 * DAY };

  it('holds twenty pages at the density of its neighbour', () => {
    expect(sliceLength(far, seen, most)).toBe(Math.ceil((19_981 / 10_000) * 86_400) * 1000);
  });

  it('grows to eight times its neighbour at most, also after an empty one', () => {
    expect(sliceLength(far, { ...seen, rows: 100 }, most)).toBe(8 * DAY);
    expect(sliceLength(far, { ...seen, rows: 0 }, most)).toBe(8 * DAY);
  });

  it('shrinks at once', () => {
    expect(sliceLength(far, { ...seen, rows: 10_000_000 }, most)).toBe(Math.ceil(0.0019981 * 86_400) * 1000);
  });

  it('takes what the glimpse of a walk that was given up promises, however far', () => {
    const glimpse = { since: 0, until: 3_600_000, rows: 1000, glimpse: true };
    expect(sliceLength(far, glimpse, most)).toBe(Math.ceil(19.981 * 3600) * 1000);
  });

  it('takes the whole gap where little more than a slice is left', () => {
    const length = sliceLength(far, seen, most);
    expect(sliceLength({ since: 0, until: length * 1.2 }, seen, most)).toBe(length * 1.2);
    expect(sliceLength({ since: 0, until: length * 1.3 }, seen, most)).toBe(length);
  });

  it('stretches what it knows to hold tasks, and not the silence before them', () => {
    const glimpse = { since: 0, until: 20 * DAY + HOUR, firstAt: 20 * DAY, rows: 1000, glimpse: true };
    const tasksMs = rowsOfPages(most.pages, most.limit) * (HOUR / 1000);
    const length = (days: number) => sliceLength({ since: 0, until: days * DAY }, glimpse, most);
    expect(length(21)).toBe(21 * DAY);
    expect(length(22)).toBeCloseTo(20 * DAY + tasksMs, -4);
  });

  it('lasts a minute to sixty days, in whole seconds, and never more than the gap', () => {
    fc.assert(
      fc.property(
        density,
        fc.integer({ min: 1, max: 200 * 86_400 }),
        fc.integer({ min: 1, max: 20 }),
        (near, s, pages) => {
          const gap = { since: near.until, until: near.until + s * 1000 };
          const left = gap.until - gap.since;
          const length = sliceLength(gap, near, { pages, limit: 1000 });
          expect(length % 1000).toBe(0);
          expect(length).toBeLessThanOrEqual(left);
          if (length === left) return;
          expect(length).toBeGreaterThanOrEqual(SHORTEST_SLICE_MS);
          expect(length).toBeLessThanOrEqual(LONGEST_SLICE_MS);
          expect(length).toBeLessThanOrEqual(Math.max(8 * (near.until - near.since), SHORTEST_SLICE_MS));
          const rows = (length - 1000) * rateOf(near);
          expect(length <= SHORTEST_SLICE_MS || rows <= rowsOfPages(pages, 1000)).toBe(true);
        },
      ),
    );
  });
});

describe('the neighbour of a moment', () => {
  const left: Density = { since: 0, until: 3_600_000, rows: 5, glimpse: false };
  const nearer: Density = { since: 3_600_000, until: 7_200_000, rows: 6, glimpse: false };

  it('is what was seen last on its left, or around it', () => {
    expect(neighbour([left, nearer], 7_200_000)).toBe(nearer);
    expect(neighbour([nearer, left], 8_000_000)).toBe(nearer);
    expect(neighbour([left, nearer], 1_000_000)).toBe(left);
  });

  it('is never on its right', () => {
    expect(neighbour([nearer], 3_599_000)).toBeNull();
  });

  it('is nothing so short that it says little', () => {
    expect(neighbour([left, { ...nearer, until: nearer.since + 59_000 }], 4_000_000)).toBe(left);
  });

  it('may be a glimpse of a second: that is a whole page', () => {
    const glimpse = { since: 3_600_000, until: 3_601_000, rows: 1000, glimpse: true };
    expect(neighbour([left, glimpse], 3_600_000)).toBe(glimpse);
    expect(sliceLength({ since: 3_600_000, until: 90 * DAY }, glimpse, most)).toBe(SHORTEST_SLICE_MS);
  });

  it('that is a glimpse promises nothing for what lies empty before its first task', () => {
    const glimpse = { since: 0, until: 10 * DAY, firstAt: 9 * DAY, rows: 1000, glimpse: true };
    expect(rateOf(glimpse)).toBe(1000 / DAY);
    expect(rowsAt({ since: 0, until: 11 * DAY }, glimpse)).toBeCloseTo(2000);
    const length = sliceLength({ since: 0, until: 90 * DAY }, glimpse, most);
    expect(length / DAY).toBeCloseTo(9 + rowsOfPages(most.pages, most.limit) / 1000, 1);
    expect(sliceLength({ since: 10 * DAY, until: 90 * DAY }, glimpse, most) / DAY).toBeCloseTo(length / DAY - 9, 1);
  });

  it('is nothing farther than 32 times its own length', () => {
    expect(neighbour([left], left.until + 32 * 3_600_000)).toBe(left);
    expect(neighbour([left], left.until + 32 * 3_600_000 + 1000)).toBeNull();
  });

  it('is what was walked rather than glimpsed, where both end together', () => {
    const glimpse = { ...left, glimpse: true };
    expect(neighbour([glimpse, left], left.until)).toBe(left);
    expect(neighbour([left, glimpse], left.until)).toBe(left);
  });
});

describe('what was walked', () => {
  const walked: Density = { since: 0, until: DAY, rows: 10_000, glimpse: false };

  it('says nothing of what follows where even two steps of growth would fill no page', () => {
    expect(saysNothing({ ...walked, rows: 0 }, 1000)).toBe(true);
    expect(saysNothing({ ...walked, rows: 15 }, 1000)).toBe(true);
    expect(saysNothing({ ...walked, rows: 16 }, 1000)).toBe(false);
  });

  it('says nothing of what follows where its latter half lacks a page of tasks', () => {
    expect(saysNothing({ ...walked, lastAt: 0.4 * DAY }, 1000)).toBe(true);
    expect(saysNothing({ ...walked, lastAt: 0.6 * DAY }, 1000)).toBe(false);
    expect(saysNothing({ ...walked, rows: 300, lastAt: 0.4 * DAY }, 1000)).toBe(false);
  });

  it('is always something where it is a glimpse: to open the same stretch again would never end', () => {
    expect(saysNothing({ ...walked, rows: 1, glimpse: true, lastAt: 1 }, 1000)).toBe(false);
  });
});

describe('an opening', () => {
  const slice = { since: 0, until: 30 * DAY };
  const at = { firstPostedAt: 0, lastPostedAt: 2 * DAY };
  const page = { read: 1, rows: 1000, most: 20, limit: 1000, ...at, pressed: false, resumed: false };
  const goesOn = (over: Partial<typeof page>) => openingGoesOn(slice, { ...page, ...over });

  it('goes on where its first page promises an end within its pages', () => {
    expect(goesOn({})).toBe(true);
    expect(goesOn({ lastPostedAt: DAY })).toBe(false);
    expect(goesOn({ lastPostedAt: DAY, most: 31 })).toBe(true);
  });

  it('is given up where its first page ends where it begins', () => {
    expect(goesOn({ lastPostedAt: 0 })).toBe(false);
  });

  it('of a minute goes on whatever it shows: nothing shorter would be opened', () => {
    expect(openingGoesOn({ since: 0, until: 60_000 }, { ...page, lastPostedAt: 0, most: 1 })).toBe(true);
  });

  it('that began well goes on, unless its window may overtake it and the promise proves twice too small', () => {
    const dense = { read: 3, rows: 3000, lastPostedAt: 2 * DAY };
    expect(goesOn(dense)).toBe(true);
    expect(goesOn({ ...dense, pressed: true })).toBe(false);
    expect(goesOn({ ...dense, pressed: true, lastPostedAt: 2.5 * DAY })).toBe(true);
  });

  it('takes a crowd after a silence for a small one, until a third of its pages are full of it', () => {
    const crowd = { pressed: true, firstPostedAt: 10 * DAY, lastPostedAt: 10 * DAY + HOUR };
    expect(goesOn({ ...crowd, read: 6, rows: 6000 })).toBe(true);
    expect(goesOn({ ...crowd, read: 7, rows: 7000 })).toBe(false);
    expect(goesOn({ ...crowd, read: 7, rows: 7000, pressed: false })).toBe(true);
    expect(goesOn({ ...crowd, read: 7, rows: 7000, lastPostedAt: 12 * DAY })).toBe(true);
  });

  it('is judged by its second page where it was stopped after the first, and by no later one', () => {
    const dense = { read: 2, rows: 2000, lastPostedAt: HOUR };
    expect(goesOn(dense)).toBe(true);
    expect(goesOn({ ...dense, resumed: true })).toBe(false);
    expect(goesOn({ ...dense, read: 3, rows: 3000, resumed: true })).toBe(true);
  });
});

describe('a sounding', () => {
  it('finds no row just where a walk ends within the pages and one more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 2, max: 1000 }), (most, limit) => {
        const rows = soundingOffset(most, limit);
        expect(pagesWalked(rows, limit)).toBe(most + 1);
        expect(pagesWalked(rows + 1, limit)).toBe(most + 2);
      }),
    );
    expect(soundingOffset(SLICE_PAGES, 1000)).toBeGreaterThan(20_000);
  });

  it('is worth a call until more tasks are known than it asks for', () => {
    const walked: Density = { since: 0, until: DAY, rows: 20_979, glimpse: false };
    expect(isWorthSounding([], 1000)).toBe(true);
    expect(isWorthSounding([walked], 1000)).toBe(true);
    expect(isWorthSounding([walked, { ...walked, rows: 1 }], 1000)).toBe(false);
  });

  it('is not worth one where another has found a row, however few were seen; a glimpse alone says nothing', () => {
    const glimpse: Density = { since: 0, until: DAY, rows: 1000, glimpse: true };
    expect(
      isWorthSounding(
        Array.from({ length: 30 }, () => glimpse),
        1000,
      ),
    ).toBe(true);
    expect(isWorthSounding([{ ...glimpse, atLeast: soundingOffset(SLICE_PAGES, 1000) + 1 }], 1000)).toBe(false);
  });
});
