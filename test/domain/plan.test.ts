import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Segment } from '../../src/domain/coverage.ts';
import { intersect, lengthOf, subtract, union } from '../../src/domain/coverage.ts';
import type { ApiPicture, PlanPolicy } from '../../src/domain/gaps.ts';
import type { Cutting } from '../../src/domain/plan.ts';
import { ahead, BOUND_MARGIN_MS, gapsOf, lossesSince, originAt } from '../../src/domain/gaps.ts';
import { backlogOf, callMsOf, callsOf, nextSlices } from '../../src/domain/plan.ts';
import { rateOf } from '../../src/domain/slicing.ts';
import type { Density } from '../../src/domain/slicing.ts';
import type { Grade } from '../../src/domain/task.ts';
import type { TimeRange } from '../../src/domain/time-range.ts';
import { EDGE_MARGIN_MS, windowEdge } from '../../src/domain/window.ts';
import { EMPTY_PICTURE } from '../support/picture.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2024, 4, 15, 12);
const UPPER = NOW - 30_000;
const policy: PlanPolicy = { tokens: 10, periodMs: 60_000, limit: 1000 };
const PAGE_MS = 6_000;
const EDGES: Record<Grade, number> = { ids: windowEdge('ids', NOW, []), metadata: windowEdge('metadata', NOW, []) };
const GRADES = ['ids', 'metadata'] as const;

const origins = { ids: originAt('ids', NOW, [], policy), metadata: originAt('metadata', NOW, [], policy) };
const empty: ApiPicture = { ...EMPTY_PICTURE, origins };
/** An old ledger, whose window moves with the clock. */
const old: ApiPicture = { ...empty, origins: { ids: 0, metadata: 0 } };
const cutting: Cutting = { now: NOW, upper: UPPER, policy, inFlight: 0 };

const segment = (range: TimeRange, over: Partial<Segment> = {}): Segment => ({
  grade: 'metadata',
  walkId: 1,
  settledAt: null,
  ...range,
  ...over,
});
const bare = ({ since, until }: TimeRange): TimeRange => ({ since, until });

/** Stretches of hours on both sides of the month's edge and of the half year's. */
const stretch: fc.Arbitrary<TimeRange> = fc
  .tuple(
    fc.constantFrom(EDGES.ids, EDGES.metadata, UPPER - 40 * HOUR),
    fc.integer({ min: -40, max: 40 }),
    fc.integer({ min: 1, max: 50 }),
  )
  .map(([about, from, hours]) => ({ since: about + from * HOUR, until: about + (from + hours) * HOUR }));

const segments: fc.Arbitrary<Segment[]> = fc
  .array(fc.tuple(stretch, fc.constantFrom(...GRADES), fc.boolean()), { maxLength: 8 })
  .map((all) =>
    all.flatMap(([range, grade, settled], index) =>
      subtract([range], all.slice(0, index).map(([earlier]) => earlier)).map((rest) =>
        segment(rest, { grade, walkId: index, settledAt: settled ? NOW : null }),
      ),
    ),
  ); // prettier-ignore

const losses = fc.array(
  fc.tuple(stretch, fc.constantFrom(...GRADES)).map(([range, grade]) => ({ ...range, grade })),
  { maxLength: 4 },
);

const picture: fc.Arbitrary<ApiPicture> = fc
  .record({
    segments,
    losses,
    taken: fc.array(stretch, { maxLength: 3 }),
    born: fc.boolean(),
    rows: fc.option(fc.integer({ min: 0, max: 200_000 })),
  })
  .map(({ born, rows, ...of }) => ({
    ...(born ? empty : old),
    ...of,
    densities: rows === null ? [] : of.segments.map((each) => ({ ...bare(each), rows, glimpse: false })),
  }));

/** What is wanted of one moment, straight from the glossary. */
function lackedAt(of: ApiPicture, at: number): Grade | null {
  const monthSince = Math.max(of.origins.metadata, EDGES.metadata);
  const holds = (range: TimeRange) => range.since <= at && at < range.until;
  const held = of.segments.find(holds);
  const isLost = (grade: Grade) => of.losses.some((loss) => loss.grade === grade && holds(loss));
  if (at >= UPPER || at < Math.max(of.origins.ids, EDGES.ids)) return null;
  if (at >= monthSince && !isLost('metadata')) return held?.grade === 'metadata' ? null : 'metadata';
  return held !== undefined || isLost('ids') ? null : 'ids';
}

describe('gaps', () => {
  it('are the window less what is covered and what is lost, at every moment', () => {
    fc.assert(
      fc.property(picture, (of) => {
        const gaps = gapsOf(of, UPPER, NOW);
        const edges = [...of.segments, ...of.losses, ...gaps].flatMap(({ since, until }) => [since, until]);
        for (const at of [...edges, ...Object.values(EDGES), ...Object.values(of.origins), UPPER].flatMap((edge) => [
          edge - 1000,
          edge,
        ])) {
          const found = gaps.filter(({ since, until }) => since <= at && at < until).map(({ grade }) => grade);
          const wanted = lackedAt(of, at);
          expect([at, ...found]).toEqual([at, ...(wanted === null ? [] : [wanted])]);
        }
      }),
    );
  });

  it('expire when their oldest second leaves the window of their grade, and the first to expire goes first', () => {
    fc.assert(
      fc.property(picture, (of) => {
        const gaps = gapsOf(of, UPPER, NOW);
        for (const gap of gaps) expect(gap.expiresAt).toBe(NOW + gap.since - EDGES[gap.grade]);
        expect(gaps.map(({ expiresAt }) => expiresAt)).toEqual(
          gaps.map(({ expiresAt }) => expiresAt).sort((a, b) => a - b),
        );
      }),
    );
  });

  it('of a new ledger are the whole window, from the first second that can be read in time', () => {
    expect(gapsOf(empty, UPPER, NOW).map(({ grade, since, until }) => ({ grade, since, until }))).toEqual([
      { grade: 'metadata', since: origins.metadata, until: UPPER },
      { grade: 'ids', since: origins.ids, until: origins.metadata },
    ]);
    expect(origins.ids - EDGES.ids).toBe(BOUND_MARGIN_MS + 4 * 20 * PAGE_MS);
  });

  it('are of ids only where the metadata is lost', () => {
    const lost = { since: NOW - 9 * DAY, until: NOW - 8 * DAY, grade: 'metadata' as const };
    const gaps = gapsOf({ ...empty, losses: [lost] }, UPPER, NOW);
    expect(gaps.filter(({ grade }) => grade === 'ids').map(bare)).toContainEqual(bare(lost));
    expect(
      gapsOf({ ...empty, losses: [lost], segments: [segment(lost, { grade: 'ids' })] }, UPPER, NOW).map(bare),
    ).toEqual([
      { since: origins.metadata, until: lost.since },
      { since: origins.ids, until: origins.metadata },
      { since: lost.until, until: UPPER },
    ]);
  });

  it('ahead are those that no open walk has passed', () => {
    const passed = { since: origins.metadata, until: NOW - 10 * DAY };
    expect(ahead({ ...empty, read: [passed] }, UPPER, NOW).map(bare)).toEqual([
      { since: passed.until, until: UPPER },
      { since: origins.ids, until: origins.metadata },
    ]);
  });
});

describe('the next slices', () => {
  const count = fc.integer({ min: 1, max: 6 });

  it('lie in gaps, are not begun yet, do not overlap and can end in time', () => {
    fc.assert(
      fc.property(picture, count, fc.integer({ min: 0, max: 3 }), (of, most, inFlight) => {
        const slices = nextSlices([of], { ...cutting, inFlight }, most);
        expect(slices.length).toBeLessThanOrEqual(most);
        const ranges = slices.map(({ range }) => range);
        expect(intersect(ranges, of.taken)).toEqual([]);
        expect(lengthOf(ranges)).toBe(ranges.reduce((sum, { since, until }) => sum + until - since, 0));
        slices.forEach(({ grade, range, openingPages }) => {
          const gaps = gapsOf(of, UPPER, NOW).filter((gap) => gap.grade === grade);
          expect(subtract([range], gaps)).toEqual([]);
          expect([range.since % 1000, range.until % 1000]).toEqual([0, 0]);
          // One page of every walk that shares the budget, this one included, before its oldest second leaves, and the one that is
          // asked for before it (I5).
          const pageMs = PAGE_MS * (inFlight + 1);
          expect(range.since - 1_000 - pageMs).toBeGreaterThanOrEqual(EDGES[grade]);
          expect(openingPages).toBeLessThanOrEqual(20);
        });
      }),
    );
  });

  it('of all APIs and of both edges go by their deadlines', () => {
    fc.assert(
      fc.property(picture, picture, count, (a, b, most) => {
        // A dense gap steps in by as many pages as its first minute holds.
        const calm = (of: ApiPicture) => ({
          ...of,
          densities: of.densities.filter((each) => rateOf(each) * 60_000 < 900),
        });
        const slices = nextSlices([calm(a), { ...calm(b), api: 'serp' }], cutting, most);
        const deadlines = slices.map(({ deadline }) => deadline);
        expect(slices.every(({ grade, range, deadline }) => deadline === NOW + range.since - EDGES[grade])).toBe(true);
        const jumps = deadlines.filter((deadline, index) => deadline + 4 * PAGE_MS < (deadlines[index - 1] ?? 0));
        expect(jumps).toEqual([]);
      }),
    );
  });

  it('take the month before the half year only where it ends sooner, whatever is older', () => {
    const firstGrade = (month: number, halfYear: number) => {
      const ids = segment({ since: 0, until: EDGES.ids + halfYear * HOUR }, { grade: 'ids' });
      const rest = segment({ since: EDGES.ids + 200 * HOUR, until: EDGES.metadata + month * HOUR });
      return nextSlices([{ ...old, segments: [ids, rest] }], cutting, 1)[0]?.grade;
    };
    expect(firstGrade(2, 1)).toBe('ids');
    expect(firstGrade(1, 2)).toBe('metadata');
  });

  const dense: Density = { since: EDGES.metadata - DAY, until: EDGES.metadata, rows: 24_000, glimpse: false };
  const near = (pages: number): ApiPicture => {
    const since = EDGES.metadata + BOUND_MARGIN_MS + pages * PAGE_MS;
    const month = segment({ since: EDGES.ids - DAY, until: since }, { grade: 'metadata' });
    return { ...old, densities: [dense], segments: [month] };
  };

  it('near an edge are so short that they end before their oldest second leaves, or within its margin', () => {
    for (const inFlight of [0, 3]) {
      for (let pages = 1; pages <= 200; pages += 1) {
        const of = near(pages * (inFlight + 1));
        const [slice] = nextSlices([of], { ...cutting, inFlight }, 1);
        const calls = callsOf(of, slice!.range, policy) ?? 0;
        const ends = NOW + calls * PAGE_MS * (inFlight + 1);
        expect(ends - slice!.deadline).toBeLessThanOrEqual(pages > 2 ? 0 : EDGE_MARGIN_MS);
        expect(calls).toBeGreaterThanOrEqual(Math.min(pages / 2, pages > 160 ? 20 : 5));
      }
    }
  });

  it('step forward from an edge by what is lost anyway', () => {
    const month = { ...old, densities: [dense], segments: [segment({ since: 0, until: EDGES.ids + 50 * HOUR })] };
    const sinceAmong = (inFlight: number) => nextSlices([month], { ...cutting, inFlight }, 1)[0]?.range.since;
    expect(sinceAmong(0)).toBe(EDGES.metadata + BOUND_MARGIN_MS + PAGE_MS);
    expect(sinceAmong(3)).toBe(EDGES.metadata + BOUND_MARGIN_MS + 4 * PAGE_MS);
  });

  it('are none where a gap leaves before a page of it can be read', () => {
    const rest = segment({ since: EDGES.metadata + 5_000, until: UPPER });
    const ids = segment({ since: EDGES.ids, until: EDGES.metadata }, { grade: 'ids' });
    expect(nextSlices([{ ...old, segments: [ids, rest] }], cutting, 3)).toEqual([]);
  });

  it('open the whole gap where nothing is known, and cut none beside an opening', () => {
    const slices = nextSlices([empty], cutting, 4);
    expect(slices.map(({ range, openingPages }) => ({ range, openingPages }))).toEqual([
      { range: { since: origins.metadata, until: UPPER }, openingPages: 20 },
      { range: { since: origins.ids, until: origins.metadata }, openingPages: 20 },
    ]);
  });

  it('never open the same gap again once its first page was seen, however dense it is', () => {
    const glimpse = { since: origins.metadata, until: origins.metadata + 1000, rows: 1000, glimpse: true };
    const [slice] = nextSlices([{ ...empty, densities: [glimpse] }], cutting, 1);
    expect(slice?.openingPages).toBe(0);
    expect((slice?.range.since ?? Infinity) - origins.metadata).toBeLessThan(6 * 60_000);
  });
});

describe('losses', () => {
  it('are told once, and are exactly what left the window unread', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(picture, steps, fc.constantFrom(...GRADES), (drawn, hours, grade) => {
        const began = EDGES[grade] - 20 * HOUR;
        const of = { ...drawn, taken: [], losses: [], origins: { ids: began, metadata: began } };
        let accountedUntil = began;
        let now = NOW - 20 * HOUR;
        const told: TimeRange[] = [];
        for (const step of hours) {
          now += step * HOUR;
          const known = told.map((range) => ({ ...range, grade }));
          const leaving = lossesSince({ ...of, losses: known }, grade, { accountedUntil, now });
          expect(intersect(leaving.lost, told)).toEqual([]);
          told.push(...leaving.lost);
          accountedUntil = leaving.accountedUntil;
        }
        const edge = windowEdge(grade, now, []);
        const held = of.segments.filter((each) => grade === 'ids' || each.grade === 'metadata');
        expect(union(told)).toEqual(subtract([{ since: began, until: Math.max(edge, began) }], held));
      }),
    );
  });

  it('wait for the walk that began in time', () => {
    const began = EDGES.ids - 10 * HOUR;
    const walk = { since: began + 2 * HOUR, until: began + 4 * HOUR };
    const of = { ...old, origins: { ids: began, metadata: began }, taken: [walk] };
    const first = lossesSince(of, 'ids', { accountedUntil: began, now: NOW });
    expect(first).toEqual({ lost: [{ since: began, until: walk.since }], accountedUntil: walk.since });
    const proven = { ...of, taken: [], segments: [segment(walk)] };
    expect(lossesSince(proven, 'ids', { accountedUntil: first.accountedUntil, now: NOW })).toEqual({
      lost: [{ since: walk.until, until: EDGES.ids }],
      accountedUntil: EDGES.ids,
    });
  });

  it('are none before the ledger was born, and none twice', () => {
    expect(lossesSince(empty, 'ids', { accountedUntil: origins.ids, now: NOW }).lost).toEqual([]);
    const known = { since: EDGES.ids - DAY, until: EDGES.ids, grade: 'ids' as const };
    expect(lossesSince({ ...old, losses: [known] }, 'ids', { accountedUntil: EDGES.ids - DAY, now: NOW }).lost).toEqual(
      [],
    );
  });

  it('of metadata are told where only the ids are held', () => {
    const ids = segment({ since: EDGES.metadata - HOUR, until: EDGES.metadata }, { grade: 'ids' });
    const at = { accountedUntil: EDGES.metadata - HOUR, now: NOW };
    expect(lossesSince({ ...old, segments: [ids] }, 'metadata', at).lost).toEqual([bare(ids)]);
    expect(lossesSince({ ...old, segments: [{ ...ids, grade: 'metadata' }] }, 'metadata', at).lost).toEqual([]);
  });
});

describe('the backlog', () => {
  it('is one call a gap at the least, and not exact, while the density is unknown', () => {
    expect(backlogOf([empty], cutting)).toEqual({ calls: 2, exact: false, willExpire: [] });
  });

  it('counts the pages of each gap at the density of its neighbour', () => {
    const density = { since: UPPER - 2 * DAY, until: UPPER - DAY, rows: 10_000, glimpse: false };
    const of = { ...empty, segments: [segment({ since: origins.ids, until: UPPER - DAY })], densities: [density] };
    expect(backlogOf([of], cutting)).toEqual({ calls: 11, exact: true, willExpire: [] });
  });

  it('has what the tails leave of the budget, and foretells what leaves before its turn then', () => {
    const since = EDGES.metadata - DAY;
    // 8,500 tasks a minute, for a day.
    const density = { since: since - DAY, until: since, rows: 12_240_000, glimpse: false };
    const ids = segment({ since: EDGES.ids, until: EDGES.metadata }, { grade: 'ids' });
    const rest = segment({ since: EDGES.metadata + DAY, until: UPPER });
    const picture = { ...old, segments: [ids, rest], densities: [density] };
    expect(backlogOf([picture], cutting).willExpire).toEqual([]);
    const [lost] = backlogOf([picture], { ...cutting, tailCalls: 2 }).willExpire;
    expect(((lost?.until ?? 0) - EDGES.metadata) / DAY).toBeCloseTo(1 - 8 / 8.51, 2);
    expect(callMsOf({ ...cutting, tailCalls: 2 })).toBe(7_500);
  });

  it('foretells what leaves the window before its turn', () => {
    const since = EDGES.metadata - DAY;
    const density = { since: since - DAY, until: since, rows: 50_000_000, glimpse: false };
    const ids = segment({ since: EDGES.ids, until: EDGES.metadata }, { grade: 'ids' });
    const rest = segment({ since: EDGES.metadata + DAY, until: UPPER });
    const backlog = backlogOf([{ ...old, segments: [ids, rest], densities: [density] }], cutting);
    // A day holds 50,051 calls and lasts 14,400: what is over is lost, its oldest part first.
    expect(backlog.calls).toBeGreaterThan(14_390);
    expect(backlog.calls).toBeLessThanOrEqual(14_401);
    expect(backlog.willExpire).toHaveLength(1);
    const [lost] = backlog.willExpire;
    expect(lost?.since).toBe(EDGES.metadata);
    expect(((lost?.until ?? 0) - EDGES.metadata) / DAY).toBeCloseTo(1 - 14_400 / 50_051, 3);
  });
});
