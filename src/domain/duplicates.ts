import { haveSameParameters, type Likeness } from './parameters.ts';

/** A task as far as it can be a duplicate. */
export type Posting = Likeness & {
  /** Its number in the ledger. */
  readonly n: number;
  readonly endpoint: number;
  /** Epoch ms. */
  readonly postedAt: number;
  readonly costMicros: number;
};

export type Repeated = {
  readonly endpoint: number;
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
  /** Earlier tasks are only what later ones repeat; epoch ms, null for all. */
  readonly since: number | null;
  /** Of a task that came by before; asked where it is too long to be kept for a day. */
  readonly bareOf: (n: number) => string;
};

const DAY_MS = 86_400_000;
const MOST_TOLD = 20;
/** What is longer is read again when it is compared, so that a task takes 2 kB of memory at the most. */
const MOST_KEPT = 1_000;

/**
 * Finds tasks that were posted again within a day: the answer to the first would have served. A task later than that is the first
 * of a new group. Memory holds one day of tasks.
 *
 * @param postings - By posted time, ascending.
 */
export function* duplicatesIn(postings: Iterable<Posting>, terms: DuplicateTerms): Generator<Repeated> {
  const open = createOpenGroups();
  for (const posting of postings) {
    yield* open.closedBefore(posting.postedAt - DAY_MS);
    const group = open.find(posting, terms);
    if (group === null) open.begin(posting);
    else if (terms.since === null || posting.postedAt >= terms.since) repeat(group, posting);
  }
  yield* open.closedBefore(Number.POSITIVE_INFINITY);
}

type Group = {
  readonly endpoint: number;
  readonly first: number;
  readonly firstPostedAt: number;
  readonly digest: number;
  /** Null: too long to be kept. */
  readonly bare: string | null;
  repeats: number[];
  count: number;
  micros: number;
  lastPostedAt: number;
  /** Another with the same digest. */
  next: Group | null;
};

function repeat(group: Group, { n, costMicros, postedAt }: Posting): void {
  group.count += 1;
  group.micros += costMicros;
  group.lastPostedAt = postedAt;
  if (group.repeats.length === 0) group.repeats = [n];
  else if (group.repeats.length < MOST_TOLD) group.repeats.push(n);
}

/** A queue beside the map: a Map from which the oldest are deleted steps over all that were, each time that it is read from its start. */
function createOpenGroups() {
  const byDigest = new Map<number, Group>();
  let queue: Group[] = [];
  let closed = 0;
  const trim = () => {
    if (closed < 1_000 || 2 * closed < queue.length) return;
    queue = queue.slice(closed);
    closed = 0;
  };
  return {
    find: (posting: Posting, { bareOf }: DuplicateTerms): Group | null => {
      let group = byDigest.get(posting.digest) ?? null;
      while (group !== null && !isAlike(group, posting, bareOf)) group = group.next;
      return group;
    },
    begin: ({ n, endpoint, digest, postedAt, bare }: Posting) => {
      const group: Group = {
        endpoint,
        first: n,
        firstPostedAt: postedAt,
        digest,
        bare: bare.length > MOST_KEPT ? null : bare,
        repeats: NONE,
        count: 0,
        micros: 0,
        lastPostedAt: 0,
        next: byDigest.get(digest) ?? null,
      };
      byDigest.set(digest, group);
      queue.push(group);
    },
    *closedBefore(before: number): Generator<Repeated> {
      for (let group = queue[closed]; group !== undefined && group.firstPostedAt <= before; group = queue[closed]) {
        remove(byDigest, group);
        closed += 1;
        if (group.count > 0) yield group;
      }
      trim();
    },
  };
}

const NONE: number[] = [];

function isAlike(group: Group, { endpoint, bare }: Posting, bareOf: DuplicateTerms['bareOf']): boolean {
  return endpoint === group.endpoint && haveSameParameters(group.bare ?? bareOf(group.first), bare);
}

/** It is the oldest of those with its digest, so the last of them. */
function remove(byDigest: Map<number, Group>, closed: Group): void {
  const newest = byDigest.get(closed.digest);
  if (newest === closed) byDigest.delete(closed.digest);
  for (let group = newest; group !== undefined; group = group.next ?? undefined) {
    if (group.next === closed) group.next = null;
  }
}
