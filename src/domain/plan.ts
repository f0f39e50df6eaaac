import { subtract, type Segment } from './coverage.ts';
import {
  MOST_STRETCH,
  neighbour,
  pagesOfRows,
  rateOf,
  SHORTEST_SLICE_MS,
  SLICE_PAGES,
  sliceLength,
  type Density,
} from './slicing.ts';
import type { Grade } from './task.ts';
import type { TimeRange } from './time-range.ts';
import { EDGE_MARGIN_MS, windowEdge, type Refusal } from './window.ts';

/** Everything that decides what to read next of one API; worked out afresh from the ledger each time. */
export type ApiPicture = {
  readonly api: string;
  /** The first second of each window that could be read in time when this ledger was born. */
  readonly origins: Readonly<Record<Grade, number>>;
  readonly segments: readonly Segment[];
  readonly losses: readonly (TimeRange & { readonly grade: Grade })[];
  readonly refusals: readonly Refusal[];
  readonly densities: readonly Density[];
  /** Slices that a walk has begun and not ended, in flight or waiting. */
  readonly taken: readonly TimeRange[];
  /** What of those has been passed already: it is no longer ahead, though not proven yet. */
  readonly read: readonly TimeRange[];
};

export type PlanPolicy = {
  readonly tokens: number;
  readonly periodMs: number;
  /** Rows a page, 1 … 1000. */
  readonly limit: number;
};

export type Gap = TimeRange & {
  readonly api: string;
  readonly grade: Grade;
  /** When its oldest second leaves the window of its grade. */
  readonly expiresAt: number;
};

/** What to read next. */
export type PlannedSlice = {
  readonly api: string;
  readonly grade: Grade;
  readonly range: TimeRange;
  /** 0, or how many pages a walk into the unknown may take; once its first page shows more, it is given up. */
  readonly openingPages: number;
  readonly deadline: number;
};

/** One second is asked for on each side of a slice (I5). */
export const BOUND_MARGIN_MS = 1_000;

/** The end of what can be read now, exclusive: `lag` behind the server's clock, a whole second (I6). */
export function upperBound(now: number, lagMs: number): number {
  return Math.floor((now - lagMs) / 1000) * 1000;
}

/** What is known of the server's clock comes cut to the second and moves in such steps; a few of them are no room at all. */
const CLOCK_GRAIN_MS = 5_000;

/** The window of a new API begins as far inside the edge as one slice of pages takes to read. */
export function originAt(grade: Grade, now: number, refusals: readonly Refusal[], policy: PlanPolicy): number {
  const reading = Math.max((SLICE_PAGES * policy.periodMs) / policy.tokens, CLOCK_GRAIN_MS);
  return windowEdge(grade, now, refusals) + BOUND_MARGIN_MS + Math.ceil(reading / 1000) * 1000;
}

/** Where the window of a grade begins for us now, ms. */
export function windowSince(picture: ApiPicture, grade: Grade, now: number): number {
  return Math.max(picture.origins[grade], windowEdge(grade, now, picture.refusals));
}

/**
 * Window minus coverage minus what is on record as lost, earliest deadline first.
 * @param upper - The end of what is wanted, exclusive.
 */
export function gapsOf(picture: ApiPicture, upper: number, now: number): Gap[] {
  const monthSince = Math.min(windowSince(picture, 'metadata', now), upper);
  const wanted: Record<Grade, TimeRange> = {
    metadata: { since: monthSince, until: upper },
    ids: { since: windowSince(picture, 'ids', now), until: monthSince },
  };
  const gaps = (['metadata', 'ids'] as const).flatMap((grade) => {
    const edge = windowEdge(grade, now, picture.refusals);
    const held = picture.segments.filter((segment) => grade === 'ids' || segment.grade === 'metadata');
    const lost = picture.losses.filter((loss) => loss.grade === grade);
    return subtract([wanted[grade]], [...held, ...lost]).map((range) => ({
      ...range,
      api: picture.api,
      grade,
      expiresAt: now + range.since - edge,
    }));
  });
  return [...gaps, ...idsOfLostMetadata(picture, wanted.metadata, now)].sort((a, b) => a.expiresAt - b.expiresAt);
}

/** Where the month's metadata is lost already, the ids are still wanted. */
function idsOfLostMetadata(picture: ApiPicture, month: TimeRange, now: number): Gap[] {
  const lost = picture.losses.filter((loss) => loss.grade === 'metadata');
  const outside = [
    { since: Number.NEGATIVE_INFINITY, until: month.since },
    { since: month.until, until: Number.POSITIVE_INFINITY },
  ];
  const edge = windowEdge('ids', now, picture.refusals);
  const lostIds = picture.losses.filter((loss) => loss.grade === 'ids');
  return subtract(lost, [...picture.segments, ...outside, ...lostIds]).map((range) => ({
    ...range,
    api: picture.api,
    grade: 'ids',
    expiresAt: now + range.since - edge,
  }));
}

/** The moment and the room in which slices are cut. */
export type Cutting = {
  readonly now: number;
  readonly upper: number;
  readonly policy: PlanPolicy;
  /** Walks in flight beside the one that is planned. */
  readonly inFlight: number;
};

/** The next `count` slices of all APIs, earliest deadline first; slices that a walk has begun are left alone. */
export function nextSlices(pictures: readonly ApiPicture[], cutting: Cutting, count: number): PlannedSlice[] {
  const slices: PlannedSlice[] = [];
  const open = pictures.flatMap((picture) =>
    gapsOf(picture, cutting.upper, cutting.now)
      .flatMap((gap) => subtract([gap], picture.taken).map((range) => narrowed(gap, range)))
      .map((gap) => ({ picture, gap })),
  );
  while (slices.length < count) {
    open.sort((a, b) => a.gap.expiresAt - b.gap.expiresAt);
    const first = open.shift();
    if (first === undefined) break;
    const slice = cutSlice(first.picture, first.gap, { ...cutting, inFlight: cutting.inFlight + slices.length });
    if (slice === null) continue;
    slices.push(slice);
    // What follows an opening is as unknown as the opening itself: it waits for what the first page shows.
    const rest = { since: slice.range.until, until: first.gap.until };
    if (rest.since < rest.until) open.push({ picture: first.picture, gap: narrowed(first.gap, rest) });
  }
  return slices;
}

function narrowed(gap: Gap, range: TimeRange): Gap {
  return { ...gap, ...range, expiresAt: gap.expiresAt + range.since - gap.since };
}

/**
 * The first slice of a gap; null when nothing of it can be read in time.
 * Near the edge a walk may start only if its oldest second is still inside the window when it ends, so slices there are short;
 * a bound that followed the edge instead would shift the offsets and skip rows without a trace (I6).
 */
function cutSlice(picture: ApiPicture, gap: Gap, cutting: Cutting): PlannedSlice | null {
  const { policy } = cutting;
  const pageMs = (policy.periodMs / policy.tokens) * (cutting.inFlight + 1);
  const edge = windowEdge(gap.grade, cutting.now, picture.refusals);
  const since = Math.max(gap.since, Math.ceil((edge + BOUND_MARGIN_MS + pageMs) / 1000) * 1000);
  if (since >= gap.until) return null;
  const inTime = Math.floor((since - BOUND_MARGIN_MS - edge) / pageMs);
  const rest = { since, until: gap.until };
  const density = neighbour(picture.densities, since);
  const length =
    density === null
      ? rest.until - since
      : sliceLength(rest, density, { pages: pagesWithin(inTime), limit: policy.limit });
  return {
    api: picture.api,
    grade: gap.grade,
    range: { since, until: since + length },
    openingPages: density === null ? Math.min(Math.max(inTime, 1), SLICE_PAGES) : 0,
    deadline: gap.expiresAt + since - gap.since,
  };
}

/** A slice may take a quarter more than was asked, and its end takes a page. */
function pagesWithin(inTime: number): number {
  return Math.min(Math.max(Math.floor((inTime - 1) / MOST_STRETCH), 1), SLICE_PAGES);
}

export type Tail = {
  readonly upper: number;
  readonly settleMs: number;
  /** Posted times of the newest known tasks, newest first, at most a few pages of them. */
  readonly newest: readonly number[];
};

/**
 * The range of a tail read: from as far back as fits into the pages that it needs anyway, at most `settle`, to `upper`.
 * Reading back costs nothing and catches what appeared late.
 */
export function tailRange(picture: ApiPicture, tail: Tail, limit: number): TimeRange {
  const oldest = Math.max(tail.upper - tail.settleMs, picture.origins.metadata);
  const readUpTo = Math.max(oldest, ...picture.segments.map((segment) => Math.min(segment.until, tail.upper)));
  // On a busy account the newest tasks do not reach back to `oldest`: their number belongs to the time that they span.
  const from = Math.max(oldest, tail.newest.at(-1) ?? oldest);
  const recent = tail.newest.filter((at) => at >= from && at < readUpTo).length;
  const expected = (recent * (tail.upper - readUpTo)) / Math.max(readUpTo - from, SHORTEST_SLICE_MS);
  const pages = pagesOfRows(expected * 1.2, limit);
  const room = Math.floor(pages * (limit - 1) * 0.9 - expected);
  const known = tail.newest.filter((at) => at < readUpTo);
  const beyond = known[Math.max(room, 0)];
  const since = beyond === undefined ? oldest : Math.min(Math.max(beyond + 1000, oldest), readUpTo);
  return { since: Math.min(since, tail.upper - 1000), until: tail.upper };
}

/** The stretch whose settling is due: everything read too early to be final and old enough by now; null while there is little. */
export function settlingRange(picture: ApiPicture, upper: number, settleMs: number): TimeRange | null {
  const settled = upper - settleMs;
  const unsettled = picture.segments.filter((segment) => segment.settledAt === null && segment.since < settled);
  if (unsettled.length === 0) return null;
  const since = Math.min(...unsettled.map((segment) => segment.since));
  return settled - since >= settleMs ? { since, until: settled } : null;
}

/** What has left the window, and up to where that is known for good. */
export type Leaving = { readonly lost: readonly TimeRange[]; readonly accountedUntil: number };

/**
 * What has left the window unread since it was last looked at (I7). A slice that is being read was begun in time; whether it
 * is lost shows when its walk ends, so the account stops before it.
 */
export function lossesSince(
  picture: ApiPicture,
  grade: Grade,
  since: { accountedUntil: number; now: number },
): Leaving {
  const edge = windowEdge(grade, since.now, picture.refusals);
  const from = Math.max(picture.origins[grade], since.accountedUntil);
  const underWay = picture.taken.filter((range) => range.until > from).map((range) => range.since);
  const until = Math.min(edge, ...underWay);
  if (until <= from) return { lost: [], accountedUntil: from };
  const held = picture.segments.filter((segment) => grade === 'ids' || segment.grade === 'metadata');
  const known = picture.losses.filter((loss) => loss.grade === grade);
  return { lost: subtract([{ since: from, until }], [...held, ...known]), accountedUntil: until };
}

export type Backlog = {
  readonly calls: number;
  /** False while a density is unknown: then `calls` is the least it can be. */
  readonly exact: boolean;
  readonly willExpire: readonly Gap[];
};

/** What is still ahead of a picture: its gaps less what open walks have passed. */
export function ahead(picture: ApiPicture, upper: number, now: number): Gap[] {
  return gapsOf(picture, upper, now).flatMap((gap) =>
    subtract([gap], picture.read).map((range) => narrowed(gap, range)),
  );
}

/** The calls that the gaps will take at the densities seen so far, and what would leave its window before its turn. */
export function backlogOf(pictures: readonly ApiPicture[], cutting: Cutting): Backlog {
  const { policy, now, upper } = cutting;
  const callMs = policy.periodMs / policy.tokens;
  const gaps = pictures
    .flatMap((picture) => ahead(picture, upper, now).map((gap) => ({ gap, calls: callsOf(picture, gap, policy) })))
    .sort((a, b) => a.gap.expiresAt - b.gap.expiresAt);
  let calls = 0;
  let exact = true;
  const willExpire: Gap[] = [];
  for (const { gap, calls: needed } of gaps) {
    calls += needed ?? 1;
    exact &&= needed !== null;
    const finished = now + calls * callMs;
    const last = gap.expiresAt + gap.until - gap.since;
    if (finished > last - EDGE_MARGIN_MS) willExpire.push(gap);
  }
  return { calls, exact, willExpire };
}

/** Null while the density is unknown. */
export function callsOf(picture: ApiPicture, range: TimeRange, policy: PlanPolicy): number | null {
  const density = neighbour(picture.densities, range.since);
  return density === null ? null : pagesOfRows(rateOf(density) * (range.until - range.since), policy.limit);
}
