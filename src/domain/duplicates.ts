import { createFirstPostings, type FirstPostings } from './first-postings.ts';

/** Tasks by posted time, as columns. */
export type Postings = {
  /** Their numbers in the ledger. */
  readonly numbers: readonly number[];
  /** The same for the same endpoint and parameters; whole, from 0 on. */
  readonly digests: readonly number[];
  /** Epoch seconds. */
  readonly postedAt: readonly number[];
};

/** Instants are epoch seconds. */
export type Repeated = {
  /** The task that was there first, and the first of its repeats. */
  readonly first: number;
  readonly repeats: readonly number[];
  /** Of all repeats. */
  readonly count: number;
  readonly micros: number;
  readonly firstPostedAt: number;
  readonly lastPostedAt: number;
};

export type DuplicateTerms = {
  /** Earlier tasks are only what later ones repeat; epoch seconds, null for all. */
  readonly since: number | null;
  /** What a task has cost; asked of repeats alone. */
  readonly microsOf: (n: number) => number;
};

const DAY_SECONDS = 86_400;
const MOST_TOLD = 20;

/**
 * Finds tasks that were posted again within a day: the answer to the first would have served. A task later than that is the first
 * of a new group. Memory holds two days of tasks.
 *
 * @param postings - Ascending.
 */
export function* duplicatesIn(postings: Iterable<Postings>, terms: DuplicateTerms): Generator<Repeated> {
  const open: OpenGroups = { firsts: createFirstPostings(), groups: new Map() };
  let closedAt = Number.NEGATIVE_INFINITY;
  for (const some of postings) {
    const begin = some.postedAt[0] ?? closedAt;
    if (begin - closedAt >= DAY_SECONDS) {
      yield* closeUntil(open, begin - DAY_SECONDS);
      closedAt = begin;
    }
    take(open, some, terms);
  }
  yield* open.groups.values();
}

/** The groups by the task that was there first; of most tasks there is none. */
type OpenGroups = { readonly firsts: FirstPostings; readonly groups: Map<number, Group> };

function* closeUntil({ firsts, groups }: OpenGroups, time: number): Generator<Repeated> {
  firsts.forgetUntil(time);
  for (const [first, group] of groups) {
    if (group.firstPostedAt > time) continue;
    groups.delete(first);
    yield group;
  }
}

function take({ firsts, groups }: OpenGroups, postings: Postings, { since, microsOf }: DuplicateTerms): void {
  const { numbers, digests, postedAt } = postings;
  for (let at = 0; at < digests.length; at += 1) {
    const [digest = 0, n = 0, now = 0] = [digests[at], numbers[at], postedAt[at]];
    const place = firsts.meet(digest, { n, now, after: now - DAY_SECONDS });
    if (place === null || (since !== null && now < since)) continue;
    const first = firsts.numberAt(place);
    const group = groups.get(first) ?? newGroup(first, firsts.timeAt(place));
    if (group.count === 0) groups.set(first, group);
    repeat(group, { n, now, micros: microsOf(n) });
  }
}

type Group = Repeated & { repeats: number[]; count: number; micros: number; lastPostedAt: number };

function newGroup(first: number, firstPostedAt: number): Group {
  return { first, repeats: [], count: 0, micros: 0, firstPostedAt, lastPostedAt: 0 };
}

function repeat(group: Group, { n, now, micros }: { n: number; now: number; micros: number }): void {
  group.count += 1;
  group.micros += micros;
  group.lastPostedAt = now;
  if (group.repeats.length < MOST_TOLD) group.repeats.push(n);
}
