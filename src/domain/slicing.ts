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
 * What was last seen on the left of `at`, or around it. Short stretches say too little of the density, but a glimpse is a whole
 * page however short: without it a dense beginning would be opened, and given up, for ever.
 */
export function neighbour(densities: readonly Density[], at: number): Density | null {
  let best: Density | null = null;
  for (const density of densities) {
    const length = density.until - density.since;
    const saysLittle = length < SHORTEST_SLICE_MS && !density.glimpse;
    if (density.since > at || saysLittle || at - density.until > FARTHEST * length) continue;
    if (best === null || density.until > best.until || (density.until === best.until && !density.glimpse))
      best = density;
  }
  return best;
}

/** Rows a ms; an empty stretch counts as one row, so that the next slice grows instead of being endless. */
export function rateOf(density: Density): number {
  const { since, until, firstAt = since } = density;
  return Math.max(density.rows, 1) / (until - Math.min(Math.max(firstAt, since), until - 1));
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
export function sliceLength(gap: TimeRange, density: Density, most: { pages: number; limit: number }): number {
  const left = gap.until - gap.since;
  const wanted = rowsOfPages(most.pages, most.limit) / rateOf(density);
  const grown = density.glimpse ? wanted : Math.min(wanted, MOST_GROWTH * (density.until - density.since));
  const length = Math.min(Math.max(emptyBefore(gap, density) + grown, SHORTEST_SLICE_MS), LONGEST_SLICE_MS);
  return left <= length * MOST_STRETCH ? left : Math.ceil(length / 1000) * 1000;
}

export type FirstPage = {
  /** The latest posted time on it. */
  readonly lastPostedAt: number;
  /** How many pages the walk may take. */
  readonly pages: number;
  readonly limit: number;
};

/**
 * Whether a walk that was opened without knowing the density goes on after its first, full page: only when what
 * that page shows of the density says that the slice ends within `pages`. Otherwise it is given up, its rows stay.
 */
export function openingGoesOn(slice: TimeRange, first: FirstPage): boolean {
  const { lastPostedAt, pages, limit } = first;
  const seen = lastPostedAt - slice.since;
  if (slice.until - slice.since <= SHORTEST_SLICE_MS) return true;
  if (seen <= 0) return false;
  return pagesOfRows((limit * (slice.until - slice.since)) / seen, limit) <= pages;
}
