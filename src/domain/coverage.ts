import type { Grade } from './task.ts';
import type { TimeRange } from './time-range.ts';

/** A stretch that a walk has proven, and how well. */
export type Segment = TimeRange & {
  readonly grade: Grade;
  /** The walk that proves it. */
  readonly walkId: number;
  readonly settledAt: number | null;
};

/** Sorted, disjoint, touching ranges joined. */
export function union(ranges: readonly TimeRange[]): TimeRange[] {
  const sorted = ranges.filter((range) => range.since < range.until).sort((a, b) => a.since - b.since);
  const joined: { since: number; until: number }[] = [];
  for (const { since, until } of sorted) {
    const last = joined.at(-1);
    if (last !== undefined && since <= last.until) last.until = Math.max(last.until, until);
    else joined.push({ since, until });
  }
  return joined;
}

/** What of `ranges` lies in none of `holes`. Sorted, disjoint. */
export function subtract(ranges: readonly TimeRange[], holes: readonly TimeRange[]): TimeRange[] {
  const rest: TimeRange[] = [];
  const cuts = union(holes);
  let first = 0;
  for (const range of union(ranges)) {
    let since = range.since;
    while (first < cuts.length && (cuts[first]?.until ?? 0) <= since) first += 1;
    for (let index = first; index < cuts.length; index += 1) {
      const cut = cuts[index];
      if (cut === undefined || cut.since >= range.until) break;
      if (cut.since > since) rest.push({ since, until: cut.since });
      since = Math.max(since, cut.until);
    }
    if (since < range.until) rest.push({ since, until: range.until });
  }
  return rest;
}

const heldIn = new WeakMap<readonly Segment[], Record<Grade, readonly TimeRange[]>>();

/** What segments hold of a grade, joined; worked out once for each list, which nobody changes. */
export function heldOf(segments: readonly Segment[], grade: Grade): readonly TimeRange[] {
  const known = heldIn.get(segments);
  if (known !== undefined) return known[grade];
  const held = { ids: union(segments), metadata: union(segments.filter((segment) => segment.grade === 'metadata')) };
  heldIn.set(segments, held);
  return held[grade];
}

/** Those of `held` that reach into `range`. @param held - Sorted, disjoint. */
export function reachingInto(held: readonly TimeRange[], { since, until }: TimeRange): readonly TimeRange[] {
  return held.slice(
    firstWhere(held, (each) => each.until > since),
    firstWhere(held, (each) => each.since >= until),
  );
}

function firstWhere(ranges: readonly TimeRange[], holds: (range: TimeRange) => boolean): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const range = ranges[middle];
    if (range !== undefined && holds(range)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const unsettledIn = new WeakMap<readonly Segment[], readonly Segment[]>();

/** Those that were read too early to be final; looked for once in each list, which nobody changes. */
export function unsettledOf(segments: readonly Segment[]): readonly Segment[] {
  const known = unsettledIn.get(segments);
  if (known !== undefined) return known;
  const unsettled = segments.filter(({ settledAt }) => settledAt === null);
  unsettledIn.set(segments, unsettled);
  return unsettled;
}

/** What lies in both. Sorted, disjoint. */
export function intersect(ranges: readonly TimeRange[], others: readonly TimeRange[]): TimeRange[] {
  return subtract(ranges, subtract(ranges, others));
}

/** What of `range` lies within `bounds`; null when nothing does. */
export function clip(range: TimeRange, bounds: TimeRange): TimeRange | null {
  const since = Math.max(range.since, bounds.since);
  const until = Math.min(range.until, bounds.until);
  return since < until ? { since, until } : null;
}

/** Total length in ms; overlaps count once. */
export function lengthOf(ranges: readonly TimeRange[]): number {
  return union(ranges).reduce((sum, range) => sum + range.until - range.since, 0);
}

/**
 * What becomes of the segments of one API when a walk has proven `range`: whatever it covers is cut out of the older
 * ones, and the new reading stands there instead. A reading of ids over metadata keeps the higher grade, and a
 * stretch once settled stays settled.
 *
 * @param reading.settledBefore - Seconds before this instant were read late enough to count as settled.
 */
export function cover(segments: readonly Segment[], range: TimeRange, reading: Reading): CoverChange {
  const touched = segments.filter((segment) => segment.since < range.until && segment.until > range.since);
  const kept = touched.flatMap((segment) =>
    subtract([segment], [range]).map((rest) => ({ ...segment, since: rest.since, until: rest.until })),
  );
  const cuts = new Set([range.since, range.until]);
  for (const edge of [reading.settledBefore, ...touched.flatMap(({ since, until }) => [since, until])]) {
    if (edge > range.since && edge < range.until) cuts.add(edge);
  }
  const points = [...cuts].sort((a, b) => a - b);
  const pieces = points.slice(1).map((until, index) => ({ since: points[index] ?? until, until }));
  const added = pieces.map((piece) => segmentOf(piece, reading, touched));
  return { removed: touched, added: joinTwins([...kept, ...added]) };
}

export type Reading = {
  readonly walkId: number;
  readonly grade: Grade;
  readonly readAt: number;
  readonly settledBefore: number;
};

export type CoverChange = { readonly removed: readonly Segment[]; readonly added: readonly Segment[] };

function segmentOf(piece: TimeRange, reading: Reading, older: readonly Segment[]): Segment {
  const before = older.find((segment) => segment.since <= piece.since && segment.until >= piece.until);
  const settledNow = piece.until <= reading.settledBefore ? reading.readAt : null;
  return {
    ...piece,
    grade: before?.grade === 'metadata' ? 'metadata' : reading.grade,
    walkId: reading.walkId,
    settledAt: settledNow ?? before?.settledAt ?? null,
  };
}

/** Neighbours that differ in nothing but their bounds are one. */
function joinTwins(segments: readonly Segment[]): Segment[] {
  const joined: Segment[] = [];
  for (const segment of [...segments].sort((a, b) => a.since - b.since)) {
    const last = joined.at(-1);
    const twins =
      last?.until === segment.since &&
      last.grade === segment.grade &&
      last.walkId === segment.walkId &&
      last.settledAt === segment.settledAt;
    if (last !== undefined && twins) joined[joined.length - 1] = { ...last, until: segment.until };
    else joined.push(segment);
  }
  return joined;
}
