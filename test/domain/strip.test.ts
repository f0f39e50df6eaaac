import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ApiPicture } from '../../src/domain/gaps.ts';
import { stripOf } from '../../src/domain/strip.ts';
import { EMPTY_PICTURE } from '../support/picture.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2024, 4, 15, 12);
const terms = { now: NOW, lagMs: 30_000 };

function picture(over: Partial<ApiPicture>): ApiPicture {
  return {
    ...EMPTY_PICTURE,
    origins: { ids: NOW - 100 * DAY, metadata: NOW - 20 * DAY },
    ...over,
  };
}

const segment = (since: number, until: number, grade: 'ids' | 'metadata', settledAt: number | null = 0) => ({
  since: NOW - since * DAY,
  until: NOW - until * DAY,
  grade,
  walkId: 1,
  settledAt,
});

/** Days before now, and how it stands there. */
function told(of: ApiPicture, doubts: { since: number; until: number }[] = []) {
  return stripOf(of, doubts, terms).pieces.map(({ since, until, standing }) => [
    Math.round((NOW - since) / DAY),
    Math.round((NOW - until) / DAY),
    standing,
  ]);
}

describe('a strip', () => {
  it('shows what is held, what is wanted and what is lost', () => {
    const losses = [
      { since: NOW - 18 * DAY, until: NOW - 17 * DAY, grade: 'metadata' as const },
      { since: NOW - 70 * DAY, until: NOW - 60 * DAY, grade: 'ids' as const },
    ];
    const segments = [segment(60, 15, 'ids'), segment(15, 5, 'metadata'), segment(5, 1, 'metadata', null)];
    expect(told(picture({ segments, losses }))).toEqual([
      [100, 70, 'gap'],
      [70, 60, 'lost'],
      [60, 20, 'ids'],
      [20, 18, 'gap_metadata'],
      [18, 17, 'lost_metadata'],
      [17, 15, 'gap_metadata'],
      [15, 5, 'metadata'],
      [5, 1, 'unsettled'],
      [1, 0, 'gap'],
    ]);
  });

  it('shows a doubt over what is held', () => {
    const segments = [segment(100, 20, 'ids'), segment(20, 0, 'metadata')];
    expect(told(picture({ segments }), [{ since: NOW - 50 * DAY, until: NOW - 49 * DAY }])).toEqual([
      [100, 50, 'ids'],
      [50, 49, 'doubt'],
      [49, 20, 'ids'],
      [20, 0, 'metadata'],
    ]);
  });

  it('is cut without overlap and without a hole, whatever the picture', () => {
    const range = fc
      .tuple(fc.integer({ min: 0, max: 110 }), fc.integer({ min: 0, max: 20 }))
      .map(([at, days]) => [at + days, at] as const);
    fc.assert(
      fc.property(
        fc.array(range, { maxLength: 6 }),
        fc.array(range, { maxLength: 3 }),
        fc.array(range, { maxLength: 3 }),
        (held, lost, doubted) => {
          // Segments are disjoint in a ledger.
          const segments = held
            .sort((a, b) => b[0] - a[0])
            .filter((one, index, all) => index === 0 || one[0] <= (all[index - 1]?.[1] ?? 0))
            .filter(([since, until]) => since > until)
            .map(([since, until], index) => segment(since, until, index % 2 === 0 ? 'ids' : 'metadata'));
          const losses = lost.map(([since, until]) => ({
            since: NOW - since * DAY,
            until: NOW - until * DAY,
            grade: 'ids' as const,
          }));
          const doubts = doubted.map(([since, until]) => ({ since: NOW - since * DAY, until: NOW - until * DAY }));
          const strip = stripOf(picture({ segments, losses }), doubts, terms);
          let at = strip.since;
          for (const piece of strip.pieces) {
            expect(piece.since).toBe(at);
            expect(piece.until).toBeGreaterThan(piece.since);
            at = piece.until;
          }
          expect(at).toBe(strip.until);
        },
      ),
    );
  });
});
