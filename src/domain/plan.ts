import { subtract } from './coverage.ts';
import { foretoldLosses, type Demand } from './foresight.ts';
import {
  ahead,
  BOUND_MARGIN_MS,
  gapsOf,
  isPressed,
  narrowed,
  type ApiPicture,
  type Gap,
  type PlanPolicy,
} from './gaps.ts';
import {
  MOST_STRETCH,
  neighbour,
  pagesOfRows,
  rowsAt,
  saysNothing,
  SHORTEST_SLICE_MS,
  SLICE_PAGES,
  sliceLength,
  type Density,
} from './slicing.ts';
import type { Grade } from './task.ts';
import type { TimeRange } from './time-range.ts';
import { windowEdge } from './window.ts';

/** What to read next. */
export type PlannedSlice = {
  readonly api: string;
  readonly grade: Grade;
  readonly range: TimeRange;
  /** 0, or how many pages a walk into the unknown may take; once its first page shows more, it is given up. */
  readonly openingPages: number;
  readonly deadline: number;
};

/** The moment and the room in which slices are cut. */
export type Cutting = {
  readonly now: number;
  /** The end of what is wanted, exclusive. */
  readonly upper: number;
  /** Where it ends earlier for an API, whose newest tasks are left to the tail. */
  readonly uppers?: ReadonlyMap<string, number>;
  readonly policy: PlanPolicy;
  /** Walks that share the budget with the one that is planned. */
  readonly inFlight: number;
  /** Calls a period that the newest tasks take of the budget; none where nobody reads them. */
  readonly tailCalls?: number;
};

/** What a call of the backlog takes on average, ms. */
export function callMsOf({ policy, tailCalls = 0 }: Pick<Cutting, 'policy' | 'tailCalls'>): number {
  return policy.periodMs / Math.max(policy.tokens - tailCalls, 1);
}

type OpenGap = { readonly picture: ApiPicture; readonly gap: Gap };

/**
 * The next `count` slices of all APIs, earliest deadline first; slices that a walk has begun are left alone, and so is what
 * cannot be read in time whatever is done.
 */
export function nextSlices(pictures: readonly ApiPicture[], cutting: Cutting, count: number): PlannedSlice[] {
  const slices: PlannedSlice[] = [];
  const open = readable(pictures, cutting);
  while (slices.length < count) {
    open.sort((a, b) => a.gap.expiresAt - b.gap.expiresAt);
    const first = open.shift();
    if (first === undefined) break;
    // What else is pressed is read at the same time.
    const pressed = open.filter(({ gap }) => isPressed(gap.expiresAt, cutting.now, cutting.policy)).length;
    const beside = Math.max(cutting.inFlight + slices.length, pressed);
    const slice = cutSlice(first.picture, first.gap, { ...cutting, inFlight: beside });
    if (slice === null) continue;
    slices.push(slice);
    // What follows an opening is as unknown as the opening itself: it waits for what the first page shows.
    const rest = { since: slice.range.until, until: first.gap.until };
    if (rest.since < rest.until) open.push({ picture: first.picture, gap: narrowed(first.gap, rest) });
  }
  return slices;
}

/** The gaps that nobody reads yet, from where they can be read in time. */
function readable(pictures: readonly ApiPicture[], cutting: Cutting): OpenGap[] {
  const open = pictures.flatMap((picture) =>
    gapsOf(picture, cutting.uppers?.get(picture.api) ?? cutting.upper, cutting.now)
      .flatMap((gap) => subtract([gap], picture.taken).map((range) => narrowed(gap, range)))
      .map((gap) => ({ picture, gap })),
  );
  const losses = foretold(open, cutting);
  return open.flatMap(({ picture, gap }, index) =>
    subtract([gap], [losses[index] ?? NOTHING]).map((range) => ({ picture, gap: narrowed(gap, range) })),
  );
}

const NOTHING: TimeRange = { since: 0, until: 0 };

/**
 * So many times its own length what was seen is believed of what follows, when something is to be given up for it: a crowded
 * minute must not condemn a month. Where the crowd goes on, the next slices say so.
 */
const BELIEVED_OF_A_WALK = 8;
const BELIEVED_OF_A_GLIMPSE = 2;

function foretold(open: readonly OpenGap[], cutting: Cutting): (TimeRange | null)[] {
  const demands = open.map(({ picture, gap }) => demandOf(picture, gap, cutting.policy));
  return foretoldLosses(demands, { now: cutting.now, callMs: callMsOf(cutting) });
}

/** The beginning of a gap as far as its density is known; a single call where it is not. */
function demandOf(picture: ApiPicture, gap: Gap, policy: PlanPolicy): Demand {
  const { since, expiresAt } = gap;
  const density = knownAt(picture, since, policy);
  if (density === null) return { since, until: gap.until, expiresAt, calls: 1 };
  const until = Math.min(gap.until, Math.max(since, density.until) + believed(density));
  return { since, until, expiresAt, calls: pagesOfRows(rowsAt({ since, until }, density), policy.limit) };
}

function believed({ since, until, glimpse, firstAt = since }: Density): number {
  // The silence before a glimpse's first task says nothing of how long the crowd goes on.
  return glimpse ? BELIEVED_OF_A_GLIMPSE * (until - firstAt) : BELIEVED_OF_A_WALK * (until - since);
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
  const inTimeFor = (pages: number) =>
    Math.max(gap.since, Math.ceil((edge + BOUND_MARGIN_MS + pages * pageMs) / 1000) * 1000);
  const density = knownAt(picture, inTimeFor(1), policy);
  const since = inTimeFor(density === null ? 1 : leastPages(inTimeFor(1), density, policy));
  if (since >= gap.until) return null;
  const inTime = Math.floor((since - BOUND_MARGIN_MS - edge) / pageMs);
  const rest = narrowed(gap, { since, until: gap.until });
  const here = density === null ? null : (knownAt(picture, since, policy) ?? density);
  const length = here === null ? rest.until - since : lengthAt(rest, here, { ...cutting, pages: pagesWithin(inTime) });
  return {
    api: picture.api,
    grade: gap.grade,
    range: { since, until: since + length },
    openingPages: density === null ? Math.min(Math.max(inTime, 1), SLICE_PAGES) : 0,
    deadline: rest.expiresAt,
  };
}

function knownAt({ densities }: ApiPicture, at: number, { limit }: PlanPolicy): Density | null {
  const density = neighbour(densities, at);
  return density === null || saysNothing(density, limit) ? null : density;
}

type Room = Cutting & { readonly pages: number };

function lengthAt(rest: Gap, density: Density, room: Room): number {
  const { policy, now, pages } = room;
  const pressed = isPressed(rest.expiresAt, now, policy);
  const certain = pressed ? certainLength(rest, density, room) : null;
  const most = pressed ? PRESSED_PAGES : SLICE_PAGES;
  return certain ?? sliceLength(rest, density, { pages: Math.min(pages, most), limit: policy.limit });
}

/**
 * Near an edge a glimpse is taken as far as it reached, and nothing is guessed of what follows, where that brings the rest out
 * of the edge's reach: a crowd behind it would otherwise be overtaken, and all its pages lost. Where it saw more than can be read in
 * time, the silence before its first task is taken alone. Null where neither can be so.
 */
function certainLength(rest: Gap, density: Density, { now, policy, pages }: Room): number | null {
  const { until, firstAt = rest.since, rows, glimpse } = density;
  // A little less than it saw fits into its pages; its last second may hold more than it saw.
  const margin = Math.max(GLIMPSE_MARGIN * (until - Math.max(firstAt, rest.since)), 1000 + BESIDE_A_CROWD_MS);
  const fits = pagesOfRows(rows, policy.limit) <= pages + 1 && until - margin > firstAt;
  const seenUntil = fits ? until - margin : firstAt - BESIDE_A_CROWD_MS;
  const end = Math.min(Math.floor(seenUntil / 1000) * 1000, rest.until);
  const isOut = !isPressed(rest.expiresAt + end - rest.since, now, policy);
  return glimpse && end > rest.since && isOut ? end - rest.since : null;
}

const GLIMPSE_MARGIN = 0.01;
/** A slice that ends so long before a crowd lists nothing of it: a second more is asked for than the slice has. */
const BESIDE_A_CROWD_MS = 2 * BOUND_MARGIN_MS;

/**
 * A slice that may be overtaken by the window is a quarter of the others: an account may grow many times as dense as it began,
 * and a slice that was cut too long would be begun anew, as long, for ever.
 */
const PRESSED_PAGES = SLICE_PAGES / 4;

/** One page that came in no time may be a crowded moment or a crowded account: for a glimpse nobody steps in further than this. */
const MOST_PAGES_FOR_A_GLIMPSE = 60;

/** What the shortest slice from there takes: a dense account steps in by as much, or it would be late with every slice. */
function leastPages(since: number, density: Density, policy: PlanPolicy): number {
  const pages = pagesOfRows(rowsAt({ since, until: since + SHORTEST_SLICE_MS }, density), policy.limit);
  return density.glimpse ? Math.min(pages, MOST_PAGES_FOR_A_GLIMPSE) : pages;
}

/** A slice may take a quarter more than was asked, and its end takes a page. */
function pagesWithin(inTime: number): number {
  return Math.max(Math.floor((inTime - 1) / MOST_STRETCH), 1);
}

export type Backlog = {
  readonly calls: number;
  /** False while a density is unknown: then `calls` is the least it can be. */
  readonly exact: boolean;
  /** What will leave its window before its turn, whatever is done. */
  readonly willExpire: readonly Gap[];
};

/** The calls that the gaps will take at the densities seen so far, without those of what will be lost anyway. */
export function backlogOf(pictures: readonly ApiPicture[], cutting: Cutting): Backlog {
  const { now, upper, policy } = cutting;
  const open = pictures.flatMap((picture) => ahead(picture, upper, now).map((gap) => ({ picture, gap })));
  const losses = foretold(open, cutting);
  const kept = open.flatMap(({ picture, gap }, index) =>
    subtract([gap], [losses[index] ?? NOTHING]).map((range) => callsOf(picture, range, policy)),
  );
  return {
    calls: kept.reduce<number>((sum, calls) => sum + (calls ?? 1), 0),
    exact: !kept.includes(null),
    willExpire: open.flatMap(({ gap }, index) => {
      const loss = losses[index];
      return loss === null || loss === undefined ? [] : [narrowed(gap, loss)];
    }),
  };
}

/** Null while the density is unknown. */
export function callsOf(picture: ApiPicture, range: TimeRange, policy: PlanPolicy): number | null {
  const density = knownAt(picture, range.since, policy);
  return density === null ? null : pagesOfRows(rowsAt(range, density), policy.limit);
}
