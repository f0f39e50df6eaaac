import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DIMENSIONS, NO_FILTER, type CostRow, type Dimension, type ReportFilter } from '../../../src/domain/report.ts';
import type { MetadataState } from '../../../src/domain/merge-task.ts';
import type { ListedTask } from '../../../src/domain/task.ts';
import { costs, totalsOf } from '../../../src/ledger/reports/costs.ts';
import { BARE, DAY, FAILED, HOUR, ledgerOf, listed, PENDING, withDatabase } from '../../support/ledger.ts';

const SINCE = Date.UTC(2024, 4, 10);

/** A ledger that holds these tasks, read with their metadata. */
function costsOf(tasks: readonly ListedTask[]) {
  const temp = ledgerOf(tasks, SINCE, SINCE + 4 * DAY);
  const ask = (filter: Partial<ReportFilter>, by: readonly Dimension[] = []) =>
    withDatabase(temp.path, { readonly: true }, (database) => costs(database, { ...NO_FILTER, ...filter }, by));
  return { ...temp, ask };
}

const someTask = fc.record({
  postedAt: fc.integer({ min: 0, max: 4 * 24 * 3600 - 1 }).map((second) => SINCE + second * 1000),
  endpoint: fc.constantFrom('backlinks/summary/live', 'backlinks/anchors/live'),
  tag: fc.constantFrom('a', '', "b' or 1", null),
  target: fc.constantFrom('example.com', 'example.org', null),
  metadata: fc.constantFrom('{}', null),
  costMicros: fc.option(fc.integer({ min: 0, max: 5_000_000 })),
  outcome: fc.constantFrom({}, {}, FAILED, PENDING),
});

const manyTasks = fc.array(someTask, { minLength: 1, maxLength: 60 }).map((drawn) =>
  drawn.map(({ outcome, ...task }, at) =>
    listed(`task-${at}`, task.postedAt, {
      ...task,
      url: `v3/${task.endpoint}`,
      ...(task.metadata === null ? BARE : {}),
      ...outcome,
    }),
  ),
);

const someFilter = fc.record({
  since: fc.option(fc.integer({ min: -10, max: 100 }).map((hours) => SINCE + hours * HOUR)),
  until: fc.option(fc.integer({ min: -10, max: 110 }).map((hours) => SINCE + hours * HOUR)),
  api: fc.constantFrom(null, null, 'backlinks', 'serp'),
  endpoint: fc.constantFrom(null, null, 'backlinks/summary/live', 'no/such'),
  tag: fc.constantFrom(null, null, 'a', '', "b' or 1"),
  state: fc.constantFrom(null, null, 'failed', 'finished', 'pending'),
});

/** The same, worked out task by task in the most simple-minded way. */
function expected(tasks: readonly ListedTask[], filter: ReportFilter, by: readonly Dimension[]) {
  const isDescribed = by.includes('tag') || by.includes('target');
  const groups = new Map<string, CostRow>();
  for (const task of tasks.filter((one) => isMeant(one, filter))) {
    const day = new Date(task.postedAt).toISOString();
    const { endpoint, tag, target, status } = task;
    const all = { day: day.slice(0, 10), month: day.slice(0, 7), endpoint, tag, target, status };
    const metadataState: MetadataState =
      task.metadata !== null ? 'held' : task.state === 'pending' ? 'pending' : 'none';
    const key = {
      ...Object.fromEntries(by.map((name) => [name, all[name]])),
      ...(isDescribed ? { metadataState } : {}),
    };
    const known = groups.get(JSON.stringify(key)) ?? { ...key, tasks: 0, costMicros: 0 };
    groups.set(JSON.stringify(key), {
      ...known,
      tasks: known.tasks + 1,
      costMicros: known.costMicros + (task.costMicros ?? 0),
    });
  }
  return [...groups.values()];
}

function isMeant(task: ListedTask, { since, until, api, endpoint, tag, state }: ReportFilter): boolean {
  return (
    (since === null || task.postedAt >= since) &&
    (until === null || task.postedAt < until) &&
    (api === null || api === 'backlinks') &&
    (endpoint === null || task.endpoint === endpoint) &&
    (tag === null || task.tag === tag) &&
    (state === null || task.state === state)
  );
}

const sorted = (rows: readonly CostRow[]) => rows.map((row) => JSON.stringify(row, Object.keys(row).sort())).sort();

describe('costs', () => {
  it('are those of the tasks, by whatever they are told apart and narrowed to', () => {
    const asked = fc.array(fc.tuple(someFilter, fc.subarray([...DIMENSIONS])), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(manyTasks, asked, (tasks, questions) => {
        const { ask } = costsOf(tasks);
        for (const [filter, by] of questions)
          expect(sorted(ask(filter, by)), JSON.stringify({ filter, by })).toEqual(sorted(expected(tasks, filter, by)));
      }),
      { numRuns: 6 },
    );
  });

  it('know the days before 1970 too, from the sums and from parts of days alike', () => {
    const since = Date.UTC(1969, 11, 29);
    const tasks = [1, 23, 25, 30, 49].map((hour) => listed(`hour ${hour}`, since + hour * HOUR));
    const { path } = ledgerOf(tasks, since, since + 3 * DAY);
    const ask = (from: number | null, by: readonly Dimension[]) =>
      withDatabase(path, { readonly: true }, (database) =>
        costs(database, { ...NO_FILTER, since: from }, by).map(({ day, tasks: count }) => [day, count]),
      );
    for (const by of [['day'], ['day', 'target', 'status']] as const) {
      expect(ask(null, by)).toEqual([['1969-12-29', 2], ['1969-12-30', 2], ['1969-12-31', 1]]); // prettier-ignore
      expect(ask(since + 2 * HOUR, by)).toEqual([['1969-12-29', 1], ['1969-12-30', 2], ['1969-12-31', 1]]); // prettier-ignore
    }
  });

  it('are exact to the micro-dollar where floating point is not', () => {
    const { ask } = costsOf(
      Array.from({ length: 10 }, (_, at) => listed(`t${at}`, SINCE + at, { costMicros: 100_001 })),
    );
    expect(ask({})).toEqual([{ tasks: 10, costMicros: 1_000_010 }]);
  });

  it('tell a task without a tag from one whose metadata is unknown', () => {
    const { ask } = costsOf([
      listed('held', SINCE, { tag: null, metadata: '{}' }),
      listed('bare', SINCE + 1000, BARE),
      listed('empty', SINCE + 2000, { tag: '', metadata: '{"tag":""}' }),
    ]);
    const rows = ask({}, ['tag']).map(({ tag, metadataState, tasks }) => [tag, metadataState, tasks]);
    expect(rows).toHaveLength(3);
    expect(rows).toEqual(expect.arrayContaining([[null, 'held', 1], [null, 'none', 1], ['', 'held', 1]])); // prettier-ignore
  });

  it('come by time first, then the dearest first', () => {
    const { ask } = costsOf([
      listed('1', SINCE + DAY, { tag: 'x', costMicros: 9 }),
      listed('2', SINCE, { tag: 'y', costMicros: 1 }),
      listed('3', SINCE, { tag: 'z', costMicros: 2 }),
    ]);
    const order = ask({}, ['tag', 'day']).map(({ day, tag }) => `${day ?? ''} ${tag ?? ''}`);
    expect(order).toEqual(['2024-05-10 z', '2024-05-10 y', '2024-05-11 x']);
  });

  it('of the tasks one by one come by time, then the dearest, then the most, then by name', () => {
    const target = (name: string | null, over: Partial<ListedTask>) =>
      listed(`${name}-${JSON.stringify(over)}`, SINCE, { target: name, costMicros: 1, ...over });
    const { ask } = costsOf([
      target('later', { postedAt: SINCE + DAY, costMicros: 90 }),
      ...['b', null, 'a'].map((name) => target(name, {})),
      ...[1, 2].map((second) => target('twice', { postedAt: SINCE + second * 1000, costMicros: second - 1 })),
      target('dear', { costMicros: 2 }),
    ]);
    const order = ask({}, ['day', 'target']).map(({ day, target: name }) => `${day?.slice(8)} ${name}`);
    expect(order).toEqual(['10 dear', '10 twice', '10 null', '10 a', '10 b', '11 later']);
  });

  it('by target have every task once, however many there are and in one second, and texts to the letter', () => {
    const targets = ['a"b', 'a\nb', 'ä\\u0041', '\u2028🎉', '', '[1,2]', null];
    const tasks = Array.from({ length: 7_000 }, (_, at) => {
      const second = at < 2_500 ? 5 : Math.floor(at / 3);
      return listed(`t${at}`, SINCE + second * 1000, { target: targets[at % 7] ?? null, costMicros: at });
    });
    const { ask } = costsOf(tasks);
    for (const filter of [{}, { since: SINCE + 5_000, until: SINCE + 6_000 }, { until: SINCE + 2_000_000 }])
      expect(sorted(ask(filter, ['target']))).toEqual(sorted(expected(tasks, { ...NO_FILTER, ...filter }, ['target'])));
  });

  it('of nothing are no row, and sum up to nothing', () => {
    const { ask } = costsOf([listed('1', SINCE)]);
    expect(ask({ until: SINCE })).toEqual([]);
    expect(ask({ until: SINCE }, ['day'])).toEqual([]);
    expect(totalsOf([])).toEqual({ tasks: 0, costMicros: 0 });
  });
});
