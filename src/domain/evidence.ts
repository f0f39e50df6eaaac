import { subtract, union } from './coverage.ts';
import type { TimeRange } from './time-range.ts';

/** After so many readings a slice counts as covered, with a doubt: a server that never agrees with itself must not hold up the rest. */
export const MOST_READINGS = 12;

/** Pages overlap by one row, the link. */
export const OVERLAP = 1;

/** How far the present reading of a slice has come. Kept with the walk in the ledger, page by page. */
export type ReadingState = {
  /** 1 for the first reading of the slice. */
  readonly reading: number;
  readonly nextOffset: number;
  readonly pages: number;
  /** Rows received in this reading, overlaps included. */
  readonly rows: number;
  /** Key of the last row: the next page must begin with it. */
  readonly link: string | null;
  readonly linkPostedAt: number | null;
  /** Posted times have not descended so far. */
  readonly ordered: boolean;
  /** Where links broke or ids came twice. */
  readonly doubtful: readonly TimeRange[];
  /** What made this reading unsound as a whole. */
  readonly flaws: readonly Flaw[];
  /** The length that the reading before found; null before the second. */
  readonly previousLength: number | null;
};

export type Flaw = 'result_count' | 'echo' | 'ended_before_its_link' | 'repeats' | 'links';

/** A page as the proof sees it. */
export type PageSeen = {
  readonly limit: number;
  readonly rows: readonly RowSeen[];
  /** `result_count` is missing or the number of rows. */
  readonly countMatches: boolean;
  readonly echoMatches: boolean;
  /** The first page after a stop of the process. */
  readonly resumed: boolean;
};

type RowSeen = {
  /** The id, or a name of the raw row where it has none. */
  readonly key: string;
  /** Null for a row without a readable posted time. */
  readonly postedAt: number | null;
  /** This reading has listed the same key before this row; the link itself does not count. */
  readonly repeated: boolean;
  /** Without id: a row like it may be another one, so that to see it twice is no flaw; but it is nothing new either. */
  readonly nameless: boolean;
};

export type PageStep =
  | { readonly kind: 'more'; readonly state: ReadingState }
  | { readonly kind: 'end'; readonly state: ReadingState; readonly length: number }
  /** Something has shifted while nobody read: from offset 0 again. */
  | { readonly kind: 'restart' }
  /** The page brought nothing that this reading had not seen: the server repeats itself for ever. */
  | { readonly kind: 'stuck' };

export function firstReading(): ReadingState {
  return { ...blank, reading: 1, previousLength: null };
}

export function nextReading(before: ReadingState, length: number): ReadingState {
  return { ...blank, reading: before.reading + 1, previousLength: length };
}

/**
 * The same reading from offset 0, because something has shifted while nobody read. What the readings before have found is
 * of another list: neither their length nor their rows may enter the count. Its number stays, so that there is an end.
 */
export function restartedReading(before: ReadingState): ReadingState {
  return { ...blank, reading: before.reading, previousLength: null };
}

const blank = {
  nextOffset: 0,
  pages: 0,
  rows: 0,
  link: null,
  linkPostedAt: null,
  ordered: true,
  doubtful: [],
  flaws: [],
} satisfies Partial<ReadingState>;

/** Takes one page into the reading (I4). A page shorter than its limit is the end: no total is ever given. */
export function takePage(before: ReadingState, page: PageSeen): PageStep {
  const linked = before.pages === 0 || page.rows[0]?.key === before.link;
  if (!linked && page.resumed) return { kind: 'restart' };
  const ends = page.rows.length < page.limit;
  const fresh = page.rows.some((row, index) => !row.repeated && !(index === 0 && linked && before.pages > 0));
  if (!ends && !fresh) return { kind: 'stuck' };
  const state: ReadingState = {
    ...before,
    nextOffset: before.nextOffset + page.rows.length - OVERLAP,
    pages: before.pages + 1,
    rows: before.rows + page.rows.length,
    link: page.rows.at(-1)?.key ?? before.link,
    linkPostedAt: page.rows.at(-1)?.postedAt ?? before.linkPostedAt,
    ordered: before.ordered && isOrdered(before.linkPostedAt, page.rows),
    doubtful: union([...before.doubtful, ...doubtfulIn(before, page, linked)]),
    flaws: [...new Set([...before.flaws, ...flawsOf(before, page, linked)])],
  };
  return ends ? { kind: 'end', state, length: before.nextOffset + page.rows.length } : { kind: 'more', state };
}

function flawsOf(before: ReadingState, page: PageSeen, linked: boolean): Flaw[] {
  const flaws: Flaw[] = [];
  if (!page.countMatches) flaws.push('result_count');
  if (!page.echoMatches) flaws.push('echo');
  if (before.pages > 0 && page.rows.length === 0) flaws.push('ended_before_its_link');
  if (!linked) flaws.push('links');
  if (page.rows.some((row) => row.repeated && !row.nameless)) flaws.push('repeats');
  return flaws;
}

/** The seconds beside a broken link, and those of ids that came twice. */
function doubtfulIn(before: ReadingState, page: PageSeen, linked: boolean): TimeRange[] {
  const repeats = page.rows.filter((row) => row.repeated).flatMap((row) => secondsBetween(row.postedAt, row.postedAt));
  if (linked) return repeats;
  return [...repeats, ...secondsBetween(before.linkPostedAt, page.rows[0]?.postedAt ?? null)];
}

function secondsBetween(a: number | null, b: number | null): TimeRange[] {
  const known = [a, b].filter((at) => at !== null);
  return known.length === 0 ? [] : [{ since: Math.min(...known), until: Math.max(...known) + 1000 }];
}

function isOrdered(before: number | null, rows: readonly RowSeen[]): boolean {
  let last = before ?? Number.NEGATIVE_INFINITY;
  for (const { postedAt } of rows) {
    if (postedAt === null || postedAt < last) return false;
    last = postedAt;
  }
  return true;
}

/** What a finished reading proves. */
export type Verdict =
  | { readonly kind: 'covered'; readonly ranges: readonly TimeRange[]; readonly doubtful: readonly TimeRange[] }
  | { readonly kind: 'again' }
  /** Covered all the same, after too many readings that never agreed. */
  | { readonly kind: 'covered_in_doubt'; readonly flaws: readonly Flaw[] };

export type FinishedReading = { readonly state: ReadingState; readonly length: number; readonly unionSize: number };

/** The union holds rows that are listed no more, or may: more than the list has, or from a list of another length. */
export function listHasChanged({ state, length, unionSize }: FinishedReading): boolean {
  return unionSize > length || (state.previousLength !== null && state.previousLength !== length);
}

/**
 * Judges a finished reading of `range` (I4).
 * - All links hold and no id came twice: covered.
 * - *isolate*: in posted order only the doubtful seconds stay uncovered, each to become a slice of its own.
 * - *count*: two successive readings of the same length, and as many distinct rows in the union of all readings.
 * - else again, and after {@link MOST_READINGS} covered with a doubt.
 *
 * @param found.unionSize - Distinct rows that all readings of this slice have listed.
 */
export function judge(range: TimeRange, found: FinishedReading): Verdict {
  const { state, length, unionSize } = found;
  if (state.flaws.length === 0) return { kind: 'covered', ranges: [range], doubtful: [] };
  const dishonest = state.flaws.some((flaw) => flaw === 'result_count' || flaw === 'echo');
  if (!dishonest && state.previousLength === length && unionSize === length) {
    return { kind: 'covered', ranges: [range], doubtful: [] };
  }
  const isolable = !dishonest && state.ordered && !state.flaws.includes('ended_before_its_link');
  const rest = subtract([range], state.doubtful);
  if (isolable && rest.length > 0) {
    return { kind: 'covered', ranges: rest, doubtful: subtract([range], rest) };
  }
  return state.reading >= MOST_READINGS ? { kind: 'covered_in_doubt', flaws: state.flaws } : { kind: 'again' };
}
