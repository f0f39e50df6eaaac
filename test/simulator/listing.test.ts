import { describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/simulator/simulator.ts';
import type { SimulatedTask } from '../../src/simulator/rows.ts';
import { formatWireTime } from '../../src/time.ts';
import { ask, fakeClock, MINUTE, type Row, simulate, START } from './calls.ts';

/** Four hundred tasks within a quarter of an hour, sixty of them in one second, many late, many unfinished. */
const SMALL = {
  tasks: 400,
  spanDays: 0.01,
  newestAgoMs: 5_000,
  arrivals: 'crowded_second',
  crowdTasks: 60,
  late: { share: 0.2, maxMs: 100_000 },
  finishing: { share: 0.3, minMs: 5_000, maxMs: 300_000 },
  listing: {},
} as const;

const FROM = START - 12 * MINUTE;
const TO = START - 1_000;

function both<const Option>(...options: Option[]): Option[] {
  return options;
}

const COMBINATIONS = both('posted', 'done').flatMap((filter) =>
  both('posted', 'done').flatMap((sort) =>
    both('inclusive', 'exclusive').flatMap((fromBound) =>
      both('inclusive', 'exclusive').flatMap((toBound) =>
        both('first', 'last').map((unfinished) => ({ filter, sort, fromBound, toBound, unfinished }) as const),
      ),
    ),
  ),
);

/** The list as it should be, from the truth alone: filtered, sorted and cut in the plainest way. */
function expectedIds(
  simulator: Simulator,
  listing: (typeof COMBINATIONS)[number],
  range: { from: number; to: number },
  now = START,
): string[] {
  const column = (task: SimulatedTask) => (listing.filter === 'posted' ? task.postedAt : task.doneAt);
  const key = (task: SimulatedTask) => {
    if (listing.sort === 'posted') return task.postedAt;
    if (task.doneAt <= now) return task.doneAt;
    return listing.unfinished === 'first' ? -Infinity : Infinity;
  };
  return [...simulator.tasks('backlinks')]
    .filter((task) => task.listedAt <= now && (listing.filter === 'posted' || task.doneAt <= now))
    .filter((task) => (listing.fromBound === 'inclusive' ? column(task) >= range.from : column(task) > range.from))
    .filter((task) => (listing.toBound === 'inclusive' ? column(task) <= range.to : column(task) < range.to))
    .sort((a, b) => (key(a) === key(b) ? a.index - b.index : key(a) - key(b)))
    .map(({ id }) => id);
}

async function readAll(simulator: Simulator, range: { from: number; to: number }, sort = 'asc'): Promise<Row[]> {
  const limit = 37;
  const all: Row[] = [];
  for (let offset = 0; ; offset += limit) {
    const times = { datetime_from: formatWireTime(range.from), datetime_to: formatWireTime(range.to) };
    const { rows, task } = await ask(simulator, { ...times, limit, offset, sort });
    expect(task).toMatchObject({ status_code: 20000, result_count: rows.length });
    all.push(...rows);
    if (rows.length < limit) return all;
  }
}

describe('paging the whole list by offset', () => {
  test('returns exactly the truth, for every filter, sort and bound, in both directions', async () => {
    const simulator = await simulate(SMALL);
    // Bounds that fall on a posted and on a completion time, so that inclusive and exclusive differ.
    const some = [...simulator.tasks('backlinks')].filter(({ postedAt, doneAt }) => postedAt > FROM && doneAt < TO);
    const ranges = [
      { from: some[20]!.postedAt, to: some[300]!.postedAt },
      { from: some[21]!.doneAt, to: some[290]!.doneAt },
    ];
    const everything = { from: FROM, to: TO };
    const sizes = new Set<number>();
    for (const [index, listing] of COMBINATIONS.entries()) {
      simulator.set({ listing });
      for (const range of [ranges[index % 2]!, everything]) {
        const expected = expectedIds(simulator, listing, range);
        sizes.add(expected.length);
        expect((await readAll(simulator, range)).map(({ id }) => id)).toEqual(expected);
        expect((await readAll(simulator, range, 'desc')).map(({ id }) => id)).toEqual(expected.toReversed());
      }
    }
    expect(sizes.size).toBeGreaterThan(8);
  });

  test('keeps the sorted order and loses nobody when ties are reshuffled by every call', async () => {
    const simulator = await simulate({ ...SMALL, listing: { ties: 'reshuffled' } });
    const range = { from: FROM, to: TO };
    for (const sort of ['posted', 'done'] as const) {
      simulator.set({ listing: { sort } });
      const question = { datetime_from: formatWireTime(range.from), datetime_to: formatWireTime(range.to) };
      const first = (await ask(simulator, question)).rows;
      const second = (await ask(simulator, question)).rows;
      const expected = expectedIds(simulator, { ...COMBINATIONS[0]!, sort, unfinished: 'last' }, range);
      expect(first.map(({ id }) => id).toSorted()).toEqual(expected.toSorted());
      expect(second.map(({ id }) => id)).not.toEqual(first.map(({ id }) => id));
      const keys = first.map((row) => (sort === 'posted' ? row.datetime_posted : (row.datetime_done ?? '9')));
      expect(keys).toEqual(keys.toSorted());
    }
  });

  test('misses rows of a second and repeats others when ties are reshuffled by every call', async () => {
    const simulator = await simulate({ ...SMALL, late: { share: 0 }, listing: { ties: 'reshuffled' } });
    const ids = (await readAll(simulator, { from: FROM, to: TO })).map(({ id }) => id);
    const listed = expectedIds(simulator, COMBINATIONS[0]!, { from: FROM, to: TO });
    expect(ids).toHaveLength(listed.length);
    expect(new Set(ids).size).toBeLessThan(listed.length - 5);
    expect(new Set(ids).size).toBeGreaterThan(listed.length - 60);
    const crowd = [...simulator.tasks('backlinks')].findLastIndex(
      (task, index, all) => task.postedAt === all[index - 30]?.postedAt,
    );
    const first = listed.indexOf([...simulator.tasks('backlinks')][crowd]!.id) - 10;
    const times = { datetime_from: formatWireTime(FROM), datetime_to: formatWireTime(TO) };
    const seen = (await ask(simulator, { ...times, offset: first, limit: 10 })).rows.map(({ id }) =>
      listed.indexOf(id),
    );
    expect(Math.min(...seen)).toBeLessThan(first - 5);
  });

  test('shows late tasks once they are listed and unfinished ones once they are done', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ ...SMALL, clock });
    const range = { from: FROM, to: TO };
    for (const minutes of [0, 1, 2, 7]) {
      if (minutes > 0) clock.advance(minutes * MINUTE);
      for (const filter of ['posted', 'done'] as const) {
        const listing = { ...COMBINATIONS[0]!, filter };
        simulator.set({ listing });
        const expected = expectedIds(simulator, listing, range, clock.now());
        expect((await readAll(simulator, range)).map(({ id }) => id)).toEqual(expected);
      }
    }
  });
});
