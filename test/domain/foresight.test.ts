import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foretoldLosses, type Demand } from '../../src/domain/foresight.ts';
import type { ApiPicture } from '../../src/domain/gaps.ts';
import { nextSlices } from '../../src/domain/plan.ts';
import { pagesOfRows } from '../../src/domain/slicing.ts';
import { windowEdge } from '../../src/domain/window.ts';

const DAY = 86_400_000;
const CALL_MS = 6_000;
const NOW = Date.UTC(2026, 10, 23, 12);

/** Of a demand that grows evenly: everything with the excess taken from its beginning can be read before it leaves. */
function latestFinish(
  demands: readonly Demand[],
  losses: readonly ({ since: number; until: number } | null)[],
): number {
  const kept = demands
    .map((demand, index) => {
      const since = losses[index]?.until ?? demand.since;
      const share = (demand.until - since) / (demand.until - demand.since);
      return { ...demand, since, calls: demand.calls * share, expiresAt: demand.expiresAt + since - demand.since };
    })
    .filter((demand) => demand.until > demand.since);
  // By the earliest deadline, in pieces: how late does the latest piece end, compared with its deadline? Wherever another demand
  // begins or ends a piece ends too, or what is due by then would count as due later.
  const moments = kept.flatMap(({ expiresAt, since, until }) => [expiresAt, expiresAt + until - since]);
  const pieces = kept.flatMap(({ calls, expiresAt, since, until }) => {
    const even = Array.from({ length: 200 }, (_, index) => ((index + 1) / 200) * (until - since));
    const ends = [...even, ...moments.map((at) => at - expiresAt)]
      .filter((end) => end > 0 && end <= until - since)
      .sort((a, b) => a - b);
    return ends.map((end, index) => ({
      calls: (calls * (end - (ends[index - 1] ?? 0))) / (until - since),
      deadline: expiresAt + end,
    }));
  });
  pieces.sort((a, b) => a.deadline - b.deadline);
  let at = NOW;
  let worst = Number.NEGATIVE_INFINITY;
  for (const piece of pieces) {
    at += piece.calls * CALL_MS;
    worst = Math.max(worst, at - piece.deadline);
  }
  return worst;
}

const demand = fc
  .record({
    begins: fc.integer({ min: 0, max: 20 }),
    days: fc.integer({ min: 1, max: 20 }),
    calls: fc.integer({ min: 1, max: 400_000 }),
  })
  .map(({ begins, days, calls }) => ({
    since: NOW + begins * DAY,
    until: NOW + (begins + days) * DAY,
    expiresAt: NOW + begins * DAY,
    calls,
  }));

/** One call of 459,657 is too many, on the 31st day; the other demand has no even piece that ends there. */
const ONE_CALL_TOO_MANY: Demand[] = [
  { since: NOW + 16 * DAY, until: NOW + 33 * DAY, expiresAt: NOW + 16 * DAY, calls: 112_678 },
  { since: NOW + 13 * DAY, until: NOW + 31 * DAY, expiresAt: NOW + 13 * DAY, calls: 346_979 },
];

describe('what will be lost', () => {
  it('is nothing where everything can be read in time', () => {
    const calm = { since: 0, until: 10 * DAY, expiresAt: NOW, calls: 100_000 };
    expect(foretoldLosses([calm], { now: NOW, callMs: CALL_MS })).toEqual([null]);
  });

  it('leaves a rest that can be read in time, and one that is no smaller than it must be', () => {
    fc.assert(
      fc.property(fc.array(demand, { minLength: 1, maxLength: 4 }), (demands) => {
        const losses = foretoldLosses(demands, { now: NOW, callMs: CALL_MS });
        const callsOfAPiece = Math.max(...demands.map(({ calls }) => calls)) / 200;
        expect(latestFinish(demands, losses)).toBeLessThanOrEqual(
          (callsOfAPiece * demands.length + 1) * CALL_MS + 2_000,
        );
        if (losses.some((loss) => loss !== null))
          expect(
            latestFinish(
              demands,
              demands.map(() => null),
            ),
          ).toBeGreaterThan(0);
      }),
      { numRuns: 300, examples: [[ONE_CALL_TOO_MANY]] },
    );
  });
});

/** An account with so many times the tasks that can be read before they leave: what share of them is saved in the end? */
function saved(times: number, strategy: 'earliest deadline' | 'newest first'): number {
  let total = 0;
  const rate = (times * 1_000) / CALL_MS; // rows a ms
  const policy = { tokens: 10, periodMs: 60_000, limit: 1_000 };
  let now = NOW;
  const upper = NOW - 60_000;
  const first = windowEdge('metadata', now, []);
  let segments: ApiPicture['segments'] = [];
  let densities: ApiPicture['densities'] = [];
  let newest = upper;
  for (;;) {
    const edge = windowEdge('metadata', now, []);
    const picture: ApiPicture = {
      api: 'backlinks', origins: { ids: first, metadata: first }, segments, losses: [], refusals: [], densities, taken: [], read: [],
    }; // prettier-ignore
    const slice =
      strategy === 'newest first'
        ? {
            grade: 'metadata',
            range: { since: Math.max(newest - (20 * CALL_MS) / times, edge), until: newest },
            openingPages: 0,
          }
        : nextSlices([picture], { now, upper, policy, inFlight: 0 }, 1)[0];
    // Where all metadata is read or gone, the ids of what is gone come next.
    if (slice?.grade !== 'metadata' || slice.range.since >= slice.range.until) break;
    const { range } = slice;
    const rows = Math.round(rate * (range.until - range.since));
    if (slice.openingPages > 0) {
      now += CALL_MS;
      densities = [{ since: range.since, until: range.since + 1_000 / rate, rows: 1_000, glimpse: true }];
      continue;
    }
    now += pagesOfRows(rows, 1_000) * CALL_MS;
    newest = range.since;
    // The server refuses the pages of a walk whose beginning has left.
    if (range.since < windowEdge('metadata', now, []) && strategy !== 'newest first') continue;
    segments = [...segments.slice(-1), { ...range, grade: 'metadata', walkId: 1, settledAt: null }];
    densities = [{ ...range, rows, glimpse: false }];
    total += range.until - range.since;
  }
  return total / (upper - first);
}

describe('a crowded second at the edge', () => {
  it('does not condemn what follows it', () => {
    const upper = NOW - 60_000;
    const edge = windowEdge('metadata', NOW, []);
    const origins = { ids: edge, metadata: edge };
    const densities = [{ since: edge + 10_000, until: edge + 11_000, rows: 1_000, glimpse: true }];
    const picture: ApiPicture = {
      api: 'backlinks',
      origins,
      segments: [],
      losses: [],
      refusals: [],
      densities,
      taken: [],
      read: [],
    };
    const policy = { tokens: 10, periodMs: 60_000, limit: 1_000 };
    const slices = nextSlices([picture], { now: NOW, upper, policy, inFlight: 0 }, 3);
    const metadata = slices.find((slice) => slice.grade === 'metadata');
    expect((metadata?.range.since ?? Infinity) - edge).toBeLessThanOrEqual(362_000 * 3);
  });
});

describe('an account with more than can be read before it leaves', () => {
  it.each([1.5, 2, 4])(
    '%f times too much: loses as little as possible, far less than reading newest first',
    (times) => {
      const stepping = saved(times, 'earliest deadline');
      const newestFirst = saved(times, 'newest first');
      expect(stepping).toBeGreaterThan(0.93 / times);
      expect(stepping).toBeGreaterThan(newestFirst * 1.15);
    },
  );
});
