import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duplicatesIn, parametersOf, type Posting } from '../../src/domain/duplicates.ts';

const DAY = 86_400_000;

function posting(id: string, postedAt: number, over: Partial<Posting> = {}): Posting {
  return { id, endpoint: 'e', target: null, tag: null, postedAt, costMicros: 10, key: 'k', ...over };
}

describe('parameters', () => {
  it.each([
    ['in any order', '{"a":1,"b":{"d":1,"c":2}}', '{"b":{"c":2,"d":1},"a":1}', true],
    [
      'whatever the tag and where the answer goes',
      '{"a":1,"tag":"x","postback_url":"u"}',
      '{"a":1,"pingback_url":"v"}',
      true,
    ],
    ['whatever the tag, in a list', '[{"a":1,"tag":"x"}]', '[{"tag":"y","a":1}]', true],
    ['but not with another value', '{"a":1}', '{"a":2}', false],
    ['but not with one more', '{"a":1}', '{"a":1,"b":null}', false],
    ['but not where only a part inside is called tag', '{"a":{"tag":1}}', '{"a":{"tag":2}}', false],
    ['but not with lists in another order', '{"a":[1,2]}', '{"a":[2,1]}', false],
    ['but not with numbers that only a double takes for equal', '{"a":12345678901234567890}', '{"a":12345678901234567891}', false], // prettier-ignore
  ])('are the same %s', (_, a, b, same) => {
    expect(parametersOf(a) === parametersOf(b)).toBe(same);
  });
});

describe('duplicates', () => {
  it('are what was posted within a day after the first; a later one is a first again', () => {
    const tasks = [posting('a', 0), posting('b', DAY - 1), posting('c', DAY), posting('d', DAY + 5)];
    const groups = [...duplicatesIn(tasks, null)];
    expect(groups.map(({ firstId, repeatedIds }) => [firstId, ...repeatedIds])).toEqual([['a', 'b'], ['c', 'd']]); // prettier-ignore
  });

  it('count from the moment that was asked for, also where the first came before', () => {
    const groups = [...duplicatesIn([posting('a', 0), posting('b', 10), posting('c', 20)], 15)];
    expect(groups.map(({ firstId, repeats, wastedMicros }) => [firstId, repeats, wastedMicros])).toEqual([
      ['a', 1, 10],
    ]);
  });

  it('are those that a search through all pairs finds', () => {
    const drawn = fc.array(
      fc.record({ at: fc.integer({ min: 0, max: 60 }), key: fc.constantFrom('k', 'l'), costMicros: fc.nat(100) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(drawn, (all) => {
        const tasks = all
          .toSorted((a, b) => a.at - b.at)
          .map(({ at, ...rest }, n) => posting(String(n), at * (DAY / 20), rest));
        const repeats = new Set<string>();
        for (const key of ['k', 'l']) {
          let first = Number.NEGATIVE_INFINITY;
          for (const task of tasks.filter((one) => one.key === key)) {
            if (task.postedAt - first < DAY) repeats.add(task.id);
            else first = task.postedAt;
          }
        }
        const groups = [...duplicatesIn(tasks, null)];
        const wasted = tasks.filter(({ id }) => repeats.has(id)).reduce((sum, { costMicros }) => sum + costMicros, 0);
        expect(groups.reduce((sum, group) => sum + group.repeats, 0)).toBe(repeats.size);
        expect(groups.reduce((sum, group) => sum + group.wastedMicros, 0)).toBe(wasted);
        expect(groups.flatMap(({ repeatedIds }) => repeatedIds).every((id) => repeats.has(id))).toBe(true);
      }),
    );
  });
});
