/** Of each digest the first task that bears it, in plain arrays: a Map takes four times as long for numbers beyond 30 bits. */
export type FirstPostings = {
  /**
   * @param n - Whole, from 0 on, like `digest`. @param now - Not before that of the call before.
   * @returns Where the first task is that was posted after `after` with this digest; null: it is this one, and is kept as that.
   */
  readonly meet: (
    digest: number,
    posting: { readonly n: number; readonly now: number; readonly after: number },
  ) => number | null;
  readonly numberAt: (place: number) => number;
  readonly timeAt: (place: number) => number;
  /** Forgets those that were posted until then, and all places; what is left decides the room. */
  readonly forgetUntil: (time: number) => void;
};

type Table = {
  readonly size: number; // a power of two
  readonly digests: Float64Array;
  readonly numbers: Float64Array;
  readonly times: Float64Array;
};

const LEAST_SIZE = 1_024;
const EMPTY = -1;

export function createFirstPostings(): FirstPostings {
  let table = newTable(LEAST_SIZE);
  let used = 0;
  const rebuild = (size: number, after: number) => {
    const old = table;
    table = newTable(size);
    used = 0;
    for (let at = 0; at < old.size; at += 1) {
      const [digest = EMPTY, time = 0] = [old.digests[at], old.times[at]];
      if (digest === EMPTY || time <= after) continue;
      write(table, placeOf(table, digest), { digest, n: old.numbers[at] ?? 0, time });
      used += 1;
    }
  };
  return {
    meet: (digest, { n, now, after }) => {
      const place = placeOf(table, digest);
      const isNew = table.digests[place] === EMPTY;
      if (!isNew && (table.times[place] ?? 0) > after) return place;
      write(table, place, { digest, n, time: now });
      if (isNew) used += 1;
      if (2 * used > table.size) rebuild(2 * table.size, Number.NEGATIVE_INFINITY);
      return null;
    },
    numberAt: (place) => table.numbers[place] ?? 0,
    timeAt: (place) => table.times[place] ?? 0,
    forgetUntil: (time) => {
      const left = table.digests.reduce(
        (sum, digest, at) => (digest !== EMPTY && (table.times[at] ?? 0) > time ? sum + 1 : sum),
        0,
      );
      rebuild(sizeFor(left), time);
    },
  };
}

/** Twice as many places, and as many again before it has to grow. */
function sizeFor(count: number): number {
  return Math.max(LEAST_SIZE, 2 ** Math.ceil(Math.log2(Math.max(4 * count, 1))));
}

function newTable(size: number): Table {
  return {
    size,
    digests: new Float64Array(size).fill(EMPTY),
    numbers: new Float64Array(size),
    times: new Float64Array(size),
  };
}

/** Its own, or the empty one where it belongs. Half of the places are empty, so that there is always one near. */
function placeOf({ size, digests }: Table, digest: number): number {
  let place = (digest | 0) & (size - 1);
  while (digests[place] !== digest && digests[place] !== EMPTY) place = (place + 1) & (size - 1);
  return place;
}

type Entry = { readonly digest: number; readonly n: number; readonly time: number };

function write({ digests, numbers, times }: Table, place: number, { digest, n, time }: Entry): void {
  digests[place] = digest;
  numbers[place] = n;
  times[place] = time;
}
