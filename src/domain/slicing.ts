import { OVERLAP } from './evidence.ts';
import type { TimeRange } from './time-range.ts';

/** Pages that a slice aims at: its last page is half empty on average, so 20 pages cost 2.5 % over the floor; more would make a restart and a proof dear. */
export const SLICE_PAGES = 20;
export const SHORTEST_SLICE_MS = 60_000;
export const LONGEST_SLICE_MS = 60 * 86_400_000;
/** A quiet neighbour says little of what follows: the next slice is at most so many times as long. */
const MOST_GROWTH = 8;

/** A gap that is so many times what a slice should take becomes one slice: the rest alone would cost a call more. */
export const MOST_STRETCH = 1.25;

/** How many tasks a walk found in how much time. */
export type Density = TimeRange & {
  readonly rows: number;
  /** From the first page of a walk that was then given up: it says how dense the beginning is, and nothing of the rest. */
  readonly glimpse: boolean;
  /** Where a glimpse saw its first task: what lies empty before it would make what follows look quieter than it is. */
  readonly firstAt?: number;
  /** Of a walk that came to its end: where it saw its last task. */
  readonly lastAt?: number;
  /** Of a walk that was given up after a sounding: so many rows the whole of its slice holds at the least. */
  readonly atLeast?: number;
};

/** Rows a page adds to a walk: the first brings its whole limit, each further one all but the link. */
export function rowsOfPages(pages: number, limit: number): number {
  return pages <= 0 ? 0 : limit + (pages - 1) * (limit - OVERLAP);
}

/** Pages that a walk of so many rows takes; a full last page wants one more to prove the end. */
export function pagesOfRows(rows: number, limit: number): number {
  return rows < limit ? 1 : 1 + Math.ceil((rows - limit + 1) / (limit - OVERLAP));
}

/** So many times its own length to the right a stretch still says something; slices of one length are cut four at a time. */
const FARTHEST = 32;

/**
 * What was last seen around `at`, or else on the left of it. Of those around it the one that begins last: a walk that was overtaken
 * near an edge has seen what lies right ahead, and a longer one only what is usual. Short stretches say too little of the density,
 * but a glimpse is a whole page however short: without it a dense beginning would be opened, and given up, for ever.
 */
export function neighbour(densities: readonly Density[], at: number): Density | null {
  let best: Density | null = null;
  for (const density of densities) {
    const length = density.until - density.since;
    const saysLittle = length < SHORTEST_SLICE_MS && !density.glimpse;
    if (density.since > at || saysLittle || at - density.until > FARTHEST * length) continue;
    if (best === null || isNearer(density, best, at)) best = density;
  }
  return best;
}

/** Whether of two stretches on the left of `at`, or around it, the first says more of what follows. */
function isNearer(one: Density, other: Density, at: number): boolean {
  if (one.until > at && other.until > at)
    return one.since === other.since ? one.until > other.until : one.since > other.since;
  return one.until === other.until ? !one.glimpse : one.until > other.until;
}

/** Rows a ms; an empty stretch counts as one row, so that the next slice grows instead of being endless. */
export function rateOf(density: Density): number {
  const { since, until, firstAt = since } = density;
  return Math.max(density.rows, 1) / (until - Math.min(Math.max(firstAt, since), until - 1));
}

/**
 * Whether a walk says nothing of what follows it: it saw so little that not even two steps of growth would fill a page, or its
 * latter half is silent where a page or more should have been. Then the rest is opened as at the very beginning: to feel one's
 * way through a silence costs more calls than the page of an opening that is given up.
 */
export function saysNothing(
  { since, until, rows, glimpse, firstAt = since, lastAt = until }: Density,
  limit: number,
): boolean {
  if (glimpse) return false;
  const silence = until - lastAt;
  const missing = (rows * silence) / Math.max(lastAt - firstAt, 1000);
  return rows * MOST_GROWTH ** 2 < limit || (2 * silence > until - since && missing >= limit);
}

/** How much of a range lies before the first task of its neighbour, ms. */
function emptyBefore(range: TimeRange, { firstAt = 0 }: Density): number {
  return Math.min(Math.max(firstAt - range.since, 0), range.until - range.since);
}

/** Rows that a range holds at the density of its neighbour. */
export function rowsAt(range: TimeRange, density: Density): number {
  return rateOf(density) * (range.until - range.since - emptyBefore(range, density));
}

/**
 * How much of a gap the next slice takes: what holds `pages` pages at the density of its neighbour.
 * @returns ms, whole seconds; the whole gap when little more than that is left.
 */
export function sliceLength(gap: TimeRange, density: Density, room: { pages: number; limit: number }): number {
  const left = gap.until - gap.since;
  const wanted = rowsOfPages(room.pages, room.limit) / rateOf(density);
  const grown = density.glimpse ? wanted : Math.min(wanted, MOST_GROWTH * (density.until - density.since));
  const empty = emptyBefore(gap, density);
  const length = Math.min(Math.max(empty + grown, SHORTEST_SLICE_MS), LONGEST_SLICE_MS);
  // Of what lies empty nothing is stretched: a quarter of a silent month may be a crowded week.
  const most = empty + Math.max(length - empty, 0) * MOST_STRETCH;
  return left <= most ? left : Math.ceil(length / 1000) * 1000;
}

export type OpeningPages = {
  /** How many pages have been read, how many rows they held, and how many pages the walk may take. */
  readonly read: number;
  readonly rows: number;
  readonly most: number;
  readonly limit: number;
  /** The earliest and the latest posted time so far, inside the slice. */
  readonly firstPostedAt: number;
  readonly lastPostedAt: number;
  /** Whether its beginning may leave the window before it ends, and all its pages be lost. */
  readonly pressed: boolean;
  /** Whether the last page was the first after a stop: what the one before it had shown may not have been acted on. */
  readonly resumed: boolean;
};

/** A promise that is broken by less costs less than to begin anew. */
const BROKEN_PROMISE = 2;

/** Tasks that crowd are believed to go on only once so large a share of the pages has been read, and they promise so many times the pages. */
const CROWD = { share: 1 / 3, times: 8 };

/**
 * Whether a walk that was opened without knowing the density goes on after a full page: only when what its pages show of the
 * density says that the slice ends within its pages. Otherwise it is given up, its rows stay. What lies empty before its first
 * task counts as seen, since a few tasks after a silence are likelier than very many.
 *
 * It is judged by its first page (by its second, after a stop between them), and one that its window may overtake by every page; that one is also given up when, without
 * the silence, it has turned out to be no small crowd.
 */
export function openingGoesOn(slice: TimeRange, seen: OpeningPages): boolean {
  const { read, rows, most, limit, firstPostedAt, lastPostedAt, pressed, resumed } = seen;
  const isJudged = read === 1 || pressed || (read === 2 && resumed);
  if (slice.until - slice.since <= SHORTEST_SLICE_MS || !isJudged) return true;
  const promisedFrom = (from: number) => {
    const ahead = (rows * (slice.until - lastPostedAt)) / Math.max(lastPostedAt - from, 1);
    return read - 1 + pagesOfRows(ahead, limit);
  };
  if (read === 1) return lastPostedAt > slice.since && promisedFrom(slice.since) <= most;
  const isCrowd = read > CROWD.share * most && promisedFrom(firstPostedAt) > CROWD.times * most;
  return !isCrowd && promisedFrom(slice.since) <= BROKEN_PROMISE * most;
}

/**
 * Where an opening is sounded whose pages promise too much: the first row that it would not reach in its pages and one more, for
 * 20,000 tasks take 21. No row there proves, in whatever order the server lists, that the slice ends within them: one call
 * tells islands from a crowded account.
 */
export function soundingOffset(most: number, limit: number): number {
  return rowsOfPages(most + 1, limit) - 1;
}

/**
 * Whether a sounding may show that an opening ends within its pages. Of an account that has shown more tasks than those hold it
 * hardly ever would: the call would be lost with each silence.
 */
export function isWorthSounding(densities: readonly Density[], limit: number): boolean {
  const known = densities.reduce((sum, { glimpse, rows, atLeast = 0 }) => sum + (glimpse ? atLeast : rows), 0);
  return known < rowsOfPages(SLICE_PAGES + 1, limit);
}
