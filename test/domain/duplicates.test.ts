import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duplicatesIn, type DuplicateTerms, type Posting, type Repeated } from '../../src/domain/duplicates.ts';

const DAY = 86_400_000;

function posting(n: number, postedAt: number, over: Partial<Posting> = {}): Posting {
  return { n, endpoint: 1, postedAt, costMicros: 10, digest: 1, bare: '{}', ...over };
}

const ALL: DuplicateTerms = { since: null, bareOf: () => 'never asked' };
const ns = ({ first, repeats }: Repeated) => [first, ...repeats];

describe('duplicates', () => {
  it('are what was posted within a day after the first; a later one is a first again', () => {
    const tasks = [posting(1, 0), posting(2, DAY - 1), posting(3, DAY), posting(4, DAY + 5)];
    expect([...duplicatesIn(tasks, ALL)].map(ns)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('count from the moment that was asked for, also where the first came before', () => {
    const tasks = [posting(1, 0), posting(2, 10), posting(3, 20)];
    const groups = [...duplicatesIn(tasks, { ...ALL, since: 15 })];
    expect(groups.map(({ first, count, micros }) => [first, count, micros])).toEqual([[1, 1, 10]]);
  });

  it('are not those that only have the same digest, or another endpoint', () => {
    const tasks = [
      posting(1, 0, { bare: '{"a":1}' }),
      posting(2, 1, { bare: '{"a":2}' }),
      posting(3, 2, { bare: '{"a":1}', endpoint: 2 }),
      posting(4, 3, { bare: '{"a":2}' }),
      posting(5, 4, { bare: '{"a":1}' }),
      // The first two are closed in the middle of those that share the digest.
      posting(6, DAY + 2, { bare: '{"a":1}', endpoint: 2 }),
      posting(7, DAY + 2, { bare: '{"a":1}' }),
      posting(8, DAY + 2, { bare: '{"a":2}' }),
    ];
    expect([...duplicatesIn(tasks, ALL)].map(ns)).toEqual([
      [1, 5],
      [2, 4],
    ]);
  });

  it('are found where the metadata is too long to be kept, by reading that of the first again', () => {
    const long = (value: string) => `{"a":"${value.repeat(2_000)}"}`;
    const asked: number[] = [];
    const bareOf = (n: number) => {
      asked.push(n);
      return long('x');
    };
    const tasks = [posting(1, 0, { bare: long('x') }), posting(2, 1, { bare: long('x') })];
    expect([...duplicatesIn(tasks, { since: null, bareOf })].map(ns)).toEqual([[1, 2]]);
    expect([...duplicatesIn([...tasks.slice(0, 1), posting(2, 1, { bare: long('y') })], { since: null, bareOf })]).toEqual([]); // prettier-ignore
    expect(asked).toEqual([1, 1]);
  });

  it('are those that a search through all pairs finds', () => {
    const drawn = fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: 60 }),
        bare: fc.constantFrom('{"k":1}', '{"l":1}'),
        digest: fc.constant(1),
        costMicros: fc.nat(100),
      }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(drawn, (all) => {
        const tasks = all
          .toSorted((a, b) => a.at - b.at)
          .map(({ at, ...rest }, n) => posting(n, at * (DAY / 20), rest));
        const repeats = new Set<number>();
        for (const bare of ['{"k":1}', '{"l":1}']) {
          let first = Number.NEGATIVE_INFINITY;
          for (const task of tasks.filter((one) => one.bare === bare)) {
            if (task.postedAt - first < DAY) repeats.add(task.n);
            else first = task.postedAt;
          }
        }
        const groups = [...duplicatesIn(tasks, ALL)];
        const wasted = tasks.filter(({ n }) => repeats.has(n)).reduce((sum, { costMicros }) => sum + costMicros, 0);
        expect(groups.reduce((sum, group) => sum + group.count, 0)).toBe(repeats.size);
        expect(groups.reduce((sum, group) => sum + group.micros, 0)).toBe(wasted);
        expect(groups.flatMap(({ repeats: told }) => told).every((n) => repeats.has(n))).toBe(true);
      }),
    );
  });
});
