import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstReading } from '../../src/domain/evidence.ts';
import { mostBesideEdge } from '../../src/domain/near-edge.ts';
import { BOUND_MARGIN_MS } from '../../src/domain/gaps.ts';
import type { Walk } from '../../src/domain/walk.ts';
import { windowEdge } from '../../src/domain/window.ts';
import { begunWalk } from '../support/walk.ts';

const NOW = Date.UTC(2024, 4, 15, 12);
const DAY = 86_400_000;
const EDGE = windowEdge('ids', NOW, []);
const moment = { now: NOW, policy: { tokens: 10, periodMs: 60_000, limit: 1000 }, refusals: () => [] };

/** A walk whose first second leaves the window after so many calls. */
const walk = (calls: number, over: Partial<Walk> = {}): Walk =>
  begunWalk({
    api: 'backlinks',
    purpose: 'backfill',
    grade: 'ids',
    range: { since: EDGE + BOUND_MARGIN_MS + calls * 6_000, until: EDGE + 10 * DAY },
    limit: 1000,
    openingPages: 0,
    ...over,
  });

/** So many pages into a slice of which `share` is passed. */
const halfway = (calls: number, pages: number, share: number): Walk => {
  const of = walk(calls);
  const { since, until } = of.range;
  const linkPostedAt = since + share * (until - since);
  return {
    ...of,
    firstPostedAt: since,
    reading: { ...firstReading(), pages, rows: pages * 1000, link: 'x', linkPostedAt },
  };
};

describe('beside walks near an edge', () => {
  it('any number may be in flight where no first second leaves soon', () => {
    expect(mostBesideEdge([], moment)).toBe(Infinity);
    expect(mostBesideEdge([walk(10_000)], moment)).toBeGreaterThan(100);
  });

  it('only so many may be in flight that the pages before the first answer still fit', () => {
    expect(mostBesideEdge([walk(40)], moment)).toBe(2);
    expect(mostBesideEdge([walk(39)], moment)).toBe(1);
    expect(mostBesideEdge([walk(40, { openingPages: 10 })], moment)).toBe(4);
  });

  it('more may join once a walk has shown that little of it is left', () => {
    expect(mostBesideEdge([halfway(40, 10, 0.5)], moment)).toBe(3);
    expect(mostBesideEdge([halfway(40, 10, 0.9)], moment)).toBeGreaterThan(10);
  });

  it('the walk that is pressed most decides, and one always may be', () => {
    const some = fc.array(
      fc.record({ calls: fc.integer({ min: -5, max: 200 }), pages: fc.integer({ min: 1, max: 30 }), share: fc.double({ min: 0.01, max: 1, noNaN: true }) }),
      { minLength: 1, maxLength: 4 },
    ); // prettier-ignore
    fc.assert(
      fc.property(some, (list) => {
        const walks = list.map(({ calls, pages, share }) => halfway(calls, pages, share));
        const most = mostBesideEdge(walks, moment);
        expect(most).toBe(Math.min(...walks.map((each) => mostBesideEdge([each], moment))));
        expect(most).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});
