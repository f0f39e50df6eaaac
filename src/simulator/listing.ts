import { EARLY_MS, type TaskModel } from './model.ts';
import type { SimulatorOptions } from './options.ts';
import { hash32 } from './random.ts';

const SHUFFLE = 40;

export type ListQuestion = {
  /** `datetime_from` and `datetime_to`, epoch ms, whole seconds. */
  readonly fromAt: number;
  readonly toAt: number;
  readonly descending: boolean;
  readonly offset: number;
  readonly limit: number;
  /** The moment whose list is asked for. */
  readonly now: number;
  /** Numbers the call: ties are reshuffled by it. */
  readonly call: number;
  /** Tasks that are not listed at the moment. */
  readonly hidden: ReadonlySet<number>;
};

/**
 * The indices of one page, in the order of the list.
 *
 * The rows that match are one stretch of indices less a few exceptions near its edges, since completion and listing follow
 * posting within a bounded time. So the row at an offset is found by searching, not by counting: five million tasks answer as fast as five.
 */
export function listPage(model: TaskModel, listing: SimulatorOptions['listing'], question: ListQuestion): number[] {
  const members = matching(model, listing, question);
  if (listing.sort === 'posted') return pageOf([ordered(model, listing, question, members)], question);
  const open = listing.filter === 'done' ? [] : unfinished(model, members, question.now);
  const finished = ordered(model, listing, question, without(members, open));
  const blocks = [finished, listOf(open)];
  return pageOf(listing.unfinished === 'last' ? blocks : blocks.reverse(), question);
}

/** `[low, high)` of the indices less `excluded` (ascending, all inside). */
type Members = { readonly low: number; readonly high: number; readonly excluded: readonly number[] };

/** [from, to) */
type IndexRange = readonly [from: number, to: number];

/** A part of the ascending list, by rank. */
type Block = { readonly size: number; readonly slice: (from: number, to: number) => number[] };

function matching(model: TaskModel, listing: SimulatorOptions['listing'], question: ListQuestion): Members {
  const { now, hidden } = question;
  const since = question.fromAt + (listing.fromBound === 'inclusive' ? 0 : 1);
  const until = question.toAt + (listing.toBound === 'inclusive' ? 1 : 0);
  const [early, late] = listing.filter === 'done' ? [EARLY_MS, model.maxDoneDelayMs] : [0, 0];
  const posted = model.countBefore(now + 1);
  const low = Math.min(posted, model.countBefore(since - late));
  const high = Math.max(low, Math.min(posted, model.countBefore(until + early)));
  const column = listing.filter === 'done' ? model.doneAt : model.postedAt;
  const isListed = (index: number): boolean => {
    const at = column(index);
    return at >= since && at < until && at <= now && model.listedAt(index) <= now && !hidden.has(index);
  };
  const doubtful: IndexRange[] = [
    [low, model.countBefore(since + early)],
    [model.countBefore(until - late), high],
    [model.countBefore(now - Math.max(late, model.maxListDelayMs)), high],
    ...[...hidden].map((index): IndexRange => [index, index + 1]),
  ];
  return { low, high, excluded: exceptions(doubtful, low, high, isListed) };
}

/** The indices of these ranges, cut to [low, high), that do not pass; ascending, each once. */
function exceptions(
  ranges: readonly IndexRange[],
  low: number,
  high: number,
  passes: (index: number) => boolean,
): number[] {
  const found: number[] = [];
  let next = low;
  const ascending = ranges.toSorted((a, b) => a[0] - b[0]);
  for (const [from, to] of ascending) {
    const end = Math.min(to, high);
    for (next = Math.max(next, from); next < end; next += 1) if (!passes(next)) found.push(next);
  }
  return found;
}

function unfinished(model: TaskModel, members: Members, now: number): number[] {
  const from = Math.max(members.low, model.countBefore(now - model.maxDoneDelayMs));
  const size = rankOf(members, members.high);
  return take(members, rankOf(members, from), size).filter((index) => model.doneAt(index) > now);
}

function ordered(
  model: TaskModel,
  listing: SimulatorOptions['listing'],
  question: ListQuestion,
  members: Members,
): Block {
  const size = rankOf(members, members.high);
  const reshuffled = listing.ties === 'reshuffled';
  if (listing.sort === 'posted' && !reshuffled) return { size, slice: (from, to) => take(members, from, to) };
  const byDone = listing.sort === 'done';
  const key = byDone ? model.doneAt : model.postedAt;
  const [early, late] = byDone ? [EARLY_MS, model.maxDoneDelayMs] : [0, 0];
  const tie = reshuffled ? (index: number) => hash32(model.seed ^ question.call, index, SHUFFLE) : null;
  const slice = (from: number, to: number): number[] => {
    const [first] = take(members, from, from + 1);
    const [last] = take(members, to - 1, to);
    if (first === undefined || last === undefined) return [];
    // Whatever lies outside of this window sorts before, or after, every row of the page.
    const start = Math.max(members.low, model.countBefore(model.postedAt(first) - early - late));
    const end = Math.min(members.high, model.countBefore(model.postedAt(last) + late + early + 1));
    const skipped = rankOf(members, start);
    return sortedSlice(take(members, skipped, rankOf(members, end)), from - skipped, to - skipped, { key, tie });
  };
  return { size, slice };
}

/** Ranks [from, to) of `indices` (ascending) sorted by key, ties by index, or by `tie` where given. */
function sortedSlice(
  indices: readonly number[],
  from: number,
  to: number,
  by: { readonly key: (index: number) => number; readonly tie: ((index: number) => number) | null },
): number[] {
  const base = indices[0] ?? 0;
  const keys = indices.map(by.key);
  const lowest = keys.reduce((least, key) => Math.min(least, key), Infinity);
  // Seconds and position in one number: 2²⁴ seconds and 2²⁸ positions fit, and numbers sort fast.
  const codes = Float64Array.from(keys, (key, at) => ((key - lowest) / 1_000) * 2 ** 28 + ((indices[at] ?? 0) - base));
  codes.sort();
  const second = (rank: number) => Math.floor((codes[rank] ?? 0) / 2 ** 28);
  const indexAt = (rank: number) => base + ((codes[rank] ?? 0) % 2 ** 28);
  const { tie } = by;
  if (tie === null) return Array.from({ length: to - from }, (_, at) => indexAt(from + at));
  const page: number[][] = [];
  for (let rank = from; rank < to;) {
    // A second is shuffled as a whole, also where it reaches beyond the page: so pages can miss its rows and repeat them.
    const start = firstWhere(codes.length, (at) => second(at) >= second(rank));
    const end = firstWhere(codes.length, (at) => second(at) > second(rank));
    const run = Array.from({ length: end - start }, (_, at) => indexAt(start + at));
    page.push(shuffled(run, tie).slice(rank - start, to - start));
    rank = end;
  }
  return page.flat();
}

/** Sorted by 28 bits of the tie; 25 bits hold the position, so a second may have 33 million tasks. */
function shuffled(run: readonly number[], tie: (index: number) => number): number[] {
  const codes = Float64Array.from(run, (index, at) => (tie(index) >>> 4) * 2 ** 25 + at);
  return Array.from(codes.sort(), (code) => run[code % 2 ** 25] ?? 0);
}

function listOf(indices: readonly number[]): Block {
  return { size: indices.length, slice: (from, to) => indices.slice(from, to) };
}

function pageOf(blocks: readonly Block[], { offset, limit, descending }: ListQuestion): number[] {
  const size = blocks.reduce((sum, block) => sum + block.size, 0);
  const first = descending ? Math.max(0, size - offset - limit) : offset;
  const end = descending ? Math.max(0, size - offset) : Math.min(size, offset + limit);
  let before = 0;
  const page = blocks.flatMap((block) => {
    const from = Math.max(0, first - before);
    const to = Math.min(block.size, end - before);
    before += block.size;
    return from < to ? block.slice(from, to) : [];
  });
  return descending ? page.reverse() : page;
}

function without(members: Members, more: readonly number[]): Members {
  return { ...members, excluded: [...members.excluded, ...more].sort((a, b) => a - b) };
}

/** How many members lie before `index`. */
function rankOf(members: Members, index: number): number {
  const before = firstWhere(members.excluded.length, (at) => (members.excluded[at] ?? 0) >= index);
  return Math.max(0, index - members.low - before);
}

/** The members of ranks [from, to). */
function take(members: Members, from: number, to: number): number[] {
  const { low, high, excluded } = members;
  let skip = firstWhere(excluded.length, (at) => (excluded[at] ?? 0) - low - at > from);
  const taken: number[] = [];
  for (let index = low + from + skip; index < high && taken.length < to - from; index += 1) {
    if (excluded[skip] === index) skip += 1;
    else taken.push(index);
  }
  return taken;
}

/** The first position, 0 … length, at which a monotone condition holds. */
function firstWhere(length: number, holds: (at: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
