import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PageRow } from '../../src/domain/task.ts';
import type { Walk } from '../../src/domain/walk.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { asRow, HOUR, listed, NOW, savePage, sliceOf, tempLedger } from '../support/ledger.ts';

const SINCE = NOW - 10 * HOUR;
const UNTIL = NOW - 5 * HOUR;
const LIMIT = 8;

/** Gives the rows of one page; the list behind it is as the server has it at that moment. */
type ModelServer = (offset: number) => readonly PageRow[];

/** Park and Miller's generator: the same orders when the test runs again. */
function dice(from: number): () => number {
  let state = from;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const taskRow = (name: string, second: number) => asRow(listed(name, SINCE + second * 1000));
const idOf = (row: PageRow | undefined) => (row?.kind === 'task' ? row.task.id : '');

/** Another order at every call: no link holds, and only the count can prove the slice. */
function shuffling(list: readonly PageRow[], roll: () => number): ModelServer {
  return (offset) => {
    const order = list.map((row) => ({ row, key: roll() })).sort((a, b) => a.key - b.key);
    return order.map(({ row }) => row).slice(offset, offset + LIMIT);
  };
}

function readOn(ledger: Ledger, from: Walk, server: ModelServer): Walk {
  let walk = from;
  let resumed = true;
  for (;;) {
    const saved = savePage(ledger, walk, server(walk.reading.nextOffset), { at: { resumed } });
    if (saved.next === 'done') return saved.walk;
    // By chance a whole page may bring nothing new; that a walk stops there is another rule.
    fc.pre(saved.next !== 'stuck');
    walk = saved.walk;
    resumed = false;
  }
}

const course = fc.record({
  before: fc.integer({ min: 2 * LIMIT, max: 3 * LIMIT }),
  pages: fc.integer({ min: 1, max: 3 }),
  left: fc.integer({ min: 1, max: 5 }),
  arrived: fc.integer({ min: 0, max: 5 }),
  seed: fc.integer({ min: 1, max: 2 ** 31 - 2 }),
});

describe('a list that changes between two readings', () => {
  it('is proven by what it holds now', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    const rows = Object.fromEntries('abcdefgh'.split('').map((name, n) => [name, taskRow(name, n)]));
    const pageOf = (names: string) => names.split('').flatMap((name) => rows[name] ?? []);
    let walk = ledger.beginWalk(sliceOf(SINCE, UNTIL, { limit: 4 }), NOW);
    const read = (...pages: string[]) =>
      pages.map((names) => {
        const saved = savePage(ledger, walk, pageOf(names));
        walk = saved.walk;
        return saved.next;
      });
    // Six tasks, of which a leaves and g arrives: as many as before, and one more in the union.
    expect(read('dcba', 'fec')).toEqual(['more', 'again']);
    expect(read('dcbg', 'fec')).toEqual(['more', 'again']);
    expect(read('gbcd', 'fec')).toEqual(['more', 'done']);
    expect(temp.rows('select rows, doubts from coverage')).toEqual([{ rows: 6, doubts: 0 }]);
  });
});

describe('a walk that is resumed after tasks have left its slice', () => {
  it('is proven by what the server lists now, and hides none of it', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(course, ({ before, pages, left, arrived, seed }) => {
        const temp = tempLedger();
        const roll = dice(seed);
        const old = Array.from({ length: before }, (_, n) => taskRow(`old-${n}`, n));
        const first = temp.open();
        let walk = first.beginWalk(sliceOf(SINCE, UNTIL, { limit: LIMIT }), NOW);
        const server = shuffling(old, roll);
        for (let page = 0; page < pages; page += 1) {
          walk = savePage(first, walk, server(walk.reading.nextOffset)).walk;
        }
        // The link leaves among others, so that the page which is read next cannot begin with it.
        const gone = new Set([walk.reading.link, ...old.slice(0, left).map(idOf)]);
        const arrivals = Array.from({ length: arrived }, (_, n) => taskRow(`new-${n}`, n));
        const now = [...old.filter((row) => !gone.has(idOf(row))), ...arrivals];
        first.close();
        const second = temp.open();
        const end = readOn(second, walk, shuffling(now, roll));
        const held = new Set(temp.rows('select id from tasks').map(({ id }) => String(id)));
        expect(now.map(idOf).filter((id) => !held.has(id))).toEqual([]);
        expect(temp.rows('select kind from doubts')).toEqual([]);
        expect(temp.rows('select rows from coverage')).toEqual([{ rows: now.length }]);
        expect(end.reading.reading).toBeLessThan(12);
        second.close();
      }),
      { numRuns: 30, seed: 20_240_515 },
    );
  });
});
