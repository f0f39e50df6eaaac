import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duplicatesIn, type Repeated } from '../../src/domain/duplicates.ts';
import { createFirstPostings } from '../../src/domain/first-postings.ts';

const DAY = 86_400;

type Task = { readonly n: number; readonly postedAt: number; readonly digest: number; readonly costMicros: number };

function posting(n: number, postedAt: number, over: Partial<Task> = {}): Task {
  return { n, postedAt, digest: 1, costMicros: 10, ...over };
}

/** Read `each` at a time. */
function search(tasks: readonly Task[], { since = null, each = 2 }: { since?: number | null; each?: number } = {}) {
  const asked: number[] = [];
  const readings = function* () {
    for (let at = 0; at < tasks.length; at += each) {
      const part = tasks.slice(at, at + each);
      yield {
        numbers: part.map(({ n }) => n),
        digests: part.map(({ digest }) => digest),
        postedAt: part.map(({ postedAt }) => postedAt),
      };
    }
  };
  const microsOf = (n: number) => {
    asked.push(n);
    return tasks.find((one) => one.n === n)?.costMicros ?? Number.NaN;
  };
  return { groups: [...duplicatesIn(readings(), { since, microsOf })], asked };
}

const ns = ({ first, repeats }: Repeated) => [first, ...repeats];

describe('duplicates', () => {
  it('are what was posted within a day after the first; a later one is a first again', () => {
    const tasks = [posting(1, 0), posting(2, DAY - 1), posting(3, DAY), posting(4, DAY + 5)];
    expect(search(tasks).groups.map(ns)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('count from the moment that was asked for, also where the first came before', () => {
    const tasks = [posting(1, 0), posting(2, 10), posting(3, 20)];
    const { groups } = search(tasks, { since: 15 });
    expect(groups.map(({ first, count, micros }) => [first, count, micros])).toEqual([[1, 1, 10]]);
  });

  it('ask for the cost of no task but the repeats', () => {
    const tasks = [posting(1, 0), posting(2, 1, { digest: 2 }), posting(3, 2), posting(4, 2 * DAY)];
    const { groups, asked } = search(tasks);
    expect(groups.map(ns)).toEqual([[1, 3]]);
    expect(asked).toEqual([3]);
  });

  it('tell at most twenty of their numbers, and count all', () => {
    const { groups } = search(Array.from({ length: 30 }, (_, n) => posting(n, n)));
    expect(groups.map(({ repeats, count, micros }) => [repeats.length, count, micros])).toEqual([[20, 29, 290]]);
  });

  it('are those that a search through all pairs finds', () => {
    const drawn = fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: 80 }),
        // The last two are in one place of the table.
        digest: fc.constantFrom(0, 1, 2 ** 40 + 1),
        costMicros: fc.nat(100),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(drawn, fc.integer({ min: 1, max: 9 }), fc.option(fc.nat(80)), (all, each, from) => {
        const since = from === null ? null : from * (DAY / 20);
        const tasks = all
          .toSorted((a, b) => a.at - b.at)
          .map(({ at, ...rest }, n) => posting(n, at * (DAY / 20), rest));
        const repeats = new Set<number>();
        for (const digest of [0, 1, 2 ** 40 + 1]) {
          let first = Number.NEGATIVE_INFINITY;
          for (const task of tasks.filter((one) => one.digest === digest)) {
            if (task.postedAt - first >= DAY) first = task.postedAt;
            else if (since === null || task.postedAt >= since) repeats.add(task.n);
          }
        }
        const { groups } = search(tasks, { since, each });
        const wasted = tasks.filter(({ n }) => repeats.has(n)).reduce((sum, { costMicros }) => sum + costMicros, 0);
        expect(groups.reduce((sum, group) => sum + group.count, 0)).toBe(repeats.size);
        expect(groups.reduce((sum, group) => sum + group.micros, 0)).toBe(wasted);
        expect(groups.every(({ firstPostedAt, lastPostedAt }) => lastPostedAt - firstPostedAt < DAY)).toBe(true);
        expect(groups.flatMap(({ repeats: told }) => told).every((n) => repeats.has(n))).toBe(true);
      }),
    );
  });
});

describe('the table of first postings', () => {
  it('holds more digests than it began with, forgets the old ones, and then has room for as many again', () => {
    const firsts = createFirstPostings();
    const meet = (n: number, now: number) => firsts.meet(n * 7_919, { n, now, after: now - DAY });
    for (let n = 0; n < 5_000; n += 1) expect(meet(n, n)).toBeNull();
    const place = meet(4_999, 5_000);
    expect(place === null ? null : [firsts.numberAt(place), firsts.timeAt(place)]).toEqual([4_999, 4_999]);
    firsts.forgetUntil(2_499);
    expect(meet(2_499, 5_000)).toBeNull();
    expect(meet(2_500, 5_000)).not.toBeNull();
    for (let n = 5_000; n < 20_000; n += 1) expect(meet(n, n)).toBeNull();
  });
});
