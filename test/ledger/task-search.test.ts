import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_FILTER } from '../../src/domain/report.ts';
import type { ListedTask } from '../../src/domain/task.ts';
import type { FoundTasks, TaskSearch } from '../../src/domain/task-search.ts';
import { openForReading } from '../../src/ledger/database.ts';
import { searchTasks } from '../../src/ledger/task-search.ts';
import { asRow, BARE, DAY, HOUR, listed, NOW, PENDING, readSlice, sliceOf, tempLedger } from '../support/ledger.ts';

const ALL: TaskSearch = { ...NO_FILTER, id: null, target: null };
const SECOND = 1_000;

/** A ledger with these tasks. @param boxMs - 0: each look at the clock ends the search. */
function ledgerOf(tasks: readonly ListedTask[]) {
  const temp = tempLedger();
  const ledger = temp.open();
  const sorted = [...tasks].sort((a, b) => a.postedAt - b.postedAt);
  readSlice(ledger, sliceOf(NOW - 20 * DAY, NOW - HOUR), sorted.map(asRow));
  const database = openForReading(temp.path);
  let now = 0;
  const find = (
    search: Partial<TaskSearch>,
    over: { limit?: number; boxMs?: number; from?: FoundTasks['next'] } = {},
  ) =>
    searchTasks(
      database,
      { ...ALL, ...search },
      { from: null, limit: 1_000, boxMs: 1e9, monotonic: () => (now += 1), ...over },
    );
  const everything = (search: Partial<TaskSearch>, limit: number, boxMs = 1e9) => {
    const found: string[] = [];
    let from: FoundTasks['next'] = null;
    do {
      const part: FoundTasks = find(search, { limit, boxMs, from });
      found.push(...part.tasks.map(({ id }) => id));
      from = part.next;
    } while (from !== null);
    return found;
  };
  return { find, everything, close: () => database.close() };
}

const at = (index: number) => NOW - 2 * DAY - index * SECOND;

describe('a search for tasks', () => {
  it('finds the newest first, page by page, each once, also where many share a second', () => {
    const tasks = Array.from({ length: 57 }, (_, index) => listed(`task-${index}`, at(Math.floor(index / 20))));
    const { everything, close } = ledgerOf(tasks);
    const all = everything({}, 1_000);
    expect([...all].sort()).toEqual(tasks.map(({ id }) => id).sort());
    for (const limit of [1, 7, 20]) expect(everything({}, limit)).toEqual(all);
    close();
  });

  it('narrows by id, time, API, endpoint, state, tag and target', () => {
    const { find, close } = ledgerOf([
      listed('a', at(0), { endpoint: 'backlinks/history/live', url: 'v3/backlinks/history/live' }),
      listed('b', at(1), { ...PENDING }),
      listed('c', at(2), { tag: 'other', metadata: '{}' }),
      listed('d', at(3), { target: 'example.org' }),
      listed('e', at(4), { ...BARE }),
    ]);
    const ids = (search: Partial<TaskSearch>) => find(search).tasks.map(({ id }) => id);
    expect(ids({ id: 'd' })).toEqual(['d']);
    expect(ids({ id: 'nobody' })).toEqual([]);
    expect(ids({ since: at(2), until: at(0) })).toEqual(['b', 'c']);
    expect(ids({ api: 'backlinks', state: 'pending' })).toEqual(['b']);
    expect(ids({ api: 'serp' })).toEqual([]);
    expect(ids({ endpoint: 'backlinks/history/live' })).toEqual(['a']);
    expect(ids({ tag: 'other' })).toEqual(['c']);
    expect(ids({ target: { text: 'example.org', match: 'exact' } })).toEqual(['d']);
    expect(ids({ target: { text: 'example.', match: 'exact' } })).toEqual([]);
    expect(ids({ target: { text: 'example.', match: 'prefix' } })).toEqual(['a', 'b', 'c', 'd']);
    close();
  });

  it.each(['%', '_', 'a*', '\u{10ffff}', '💶', "'; drop table task; --"])(
    'takes the beginning "%s" as it stands',
    (text) => {
      const { find, close } = ledgerOf([listed('it', at(0), { target: `${text}rest` }), listed('not', at(1))]);
      expect(find({ target: { text, match: 'prefix' } }).tasks.map(({ id }) => id)).toEqual(['it']);
      close();
    },
  );

  it('whose time is over says how far back it was, and goes on from there', () => {
    const tasks = Array.from({ length: 4_500 }, (_, index) =>
      listed(`task-${index}`, at(index), { tag: index === 4_400 ? 'needle' : 'hay' }),
    );
    const { find, everything, close } = ledgerOf(tasks);
    const first = find({ tag: 'needle' }, { boxMs: 0 });
    expect(first).toMatchObject({ tasks: [], searchedBackTo: at(1_999), next: { at: at(1_999) / 1000 } });
    expect(everything({ tag: 'needle' }, 10, 0)).toEqual(['task-4400']);
    close();
  });

  it('steps over the days that hold none, and ends where none does', () => {
    const tasks = Array.from({ length: 40 }, (_, index) =>
      listed(`task-${index}`, NOW - 2 * DAY - Math.floor(index / 4) * DAY - (index % 4) * HOUR, {
        tag: index === 38 ? 'needle' : 'hay',
        ...(index === 38
          ? { state: 'empty', endpoint: 'backlinks/history/live', url: 'v3/backlinks/history/live' }
          : {}),
        ...(index < 36 ? BARE : {}),
      }),
    );
    const { find, close } = ledgerOf(tasks);
    // Each look at the clock ends the search: what is found at once was looked for in its own days alone.
    const once = (search: Partial<TaskSearch>) => {
      const { tasks: found, searchedBackTo } = find(search, { boxMs: 0 });
      return [found.map(({ id }) => id), searchedBackTo];
    };
    expect(once({ tag: 'needle' })).toEqual([['task-38'], null]);
    expect(once({ state: 'empty' })).toEqual([['task-38'], null]);
    expect(once({ endpoint: 'backlinks/history/live', tag: 'needle' })).toEqual([['task-38'], null]);
    expect(once({ target: { text: 'example.', match: 'prefix' } })).toEqual([
      ['task-36', 'task-37', 'task-38', 'task-39'],
      null,
    ]);
    for (const none of [{ tag: 'nobody' }, { state: 'partial' }, { api: 'serp' }, { endpoint: 'x' }] as const)
      expect(once(none)).toEqual([[], null]);
    expect(once({ tag: 'needle', until: tasks[38]!.postedAt })).toEqual([[], null]);
    expect(once({ tag: 'needle', since: tasks[38]!.postedAt })).toEqual([['task-38'], null]);
    close();
  });

  it('finds the same in any pages and any time, whatever is asked', () => {
    const tasks = Array.from({ length: 300 }, (_, index) =>
      listed(`task-${index}`, at(Math.floor(index / 7)) - Math.floor(index / 40) * 2 * DAY, {
        tag: index < 80 ? `t${index % 5}` : `u${index % 5}`,
        target: `site-${index % 3}.example`,
        state: index % 50 === 0 ? 'empty' : 'finished',
        ...(index > 200 && index < 250 ? BARE : {}),
      }),
    );
    const { everything, close } = ledgerOf(tasks);
    fc.assert(
      fc.property(
        fc.record({
          tag: fc.constantFrom(null, 't1', 'u4', 'none'),
          state: fc.constantFrom(null, 'empty' as const),
          target: fc.constantFrom(null, { text: 'site-1.example', match: 'exact' as const }),
          since: fc.constantFrom(null, at(30), at(0) - 5 * DAY),
          until: fc.constantFrom(null, at(5), at(0) - 3 * DAY),
        }),
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom(0, 1e9),
        (search, limit, boxMs) => {
          const fits = ({ tag, state, target, postedAt }: ListedTask) =>
            (search.tag === null || tag === search.tag) &&
            (search.state === null || state === search.state) &&
            (search.target === null || target === search.target.text) &&
            postedAt >= (search.since ?? 0) &&
            postedAt < (search.until ?? Infinity);
          expect(everything(search, limit, boxMs).sort()).toEqual(
            tasks
              .filter(fits)
              .map(({ id }) => id)
              .sort(),
          );
        },
      ),
      { numRuns: 60 },
    );
    close();
  });
});
