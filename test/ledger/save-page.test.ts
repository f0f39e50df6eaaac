import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { pagesOfRows, rowsOfPages, SLICE_PAGES, soundingOffset } from '../../src/domain/slicing.ts';
import type { PageRow } from '../../src/domain/task.ts';
import type { Walk } from '../../src/domain/walk.ts';
import {
  answerOf,
  asRow,
  BARE,
  circumstances,
  HOUR,
  listed,
  NOW,
  readSlice,
  savePage,
  saveSounding,
  sliceOf,
  startOf,
  tempLedger,
  type TempLedger,
} from '../support/ledger.ts';

const SINCE = NOW - 10 * HOUR;
const UNTIL = NOW - 5 * HOUR;
const SLICE = sliceOf(SINCE, UNTIL);

/** So many tasks, one a second, from the beginning of the slice. */
const tasks = (count: number, prefix = 'task') =>
  Array.from({ length: count }, (_, n) => asRow(listed(`${prefix}-${String(n).padStart(4, '0')}`, SINCE + n * 1000)));

function opened() {
  const temp = tempLedger();
  return { ...temp, ledger: temp.open() };
}

const TABLES = [
  'task', 'task_change', 'tally', 'day_cost', 'tag_cost', 'target_cost', 'likeness', 'call', 'walk', 'walk_row', 'segment', 'loss', 'doubt', 'url', 'status',
  'endpoint', 'api',
]; // prettier-ignore

/** Every row of every table that a page may touch. */
function everything(temp: Pick<TempLedger, 'rows'>): Record<string, unknown> {
  return Object.fromEntries(TABLES.map((table) => [table, temp.rows(`select * from ${table}`)]));
}

describe('I1 page and progress are one transaction', () => {
  const steps = [
    ['a new task', 'insert on task', 'task'],
    ['a change of a task', 'insert on task_change', 'task_change'],
    ['the word for a new url', 'insert on url', 'url'],
    ['the sum of a day', 'insert on day_cost', 'day_cost'],
    ['the sum of a tag', 'insert on tag_cost', 'tag_cost'],
    ['the sum of a target', 'insert on target_cost', 'target_cost'],
    ['what a task is like', 'insert on likeness', 'likeness'],
    ['the end of the call', 'update on call', 'call'],
    ['the list of the walk', 'insert on walk_row', 'walk_row'],
    ['the place of the walk', 'update on walk', 'walk'],
    ['the coverage', 'insert on segment', 'segment'],
    ['the end of the proof', 'delete on walk_row', 'walk_row'],
    ['a doubt', 'insert on doubt', 'doubt'],
  ] as const;

  it.each(steps)(
    'that leaves nothing when %s cannot be written, and succeeds as a whole at the next attempt',
    (_name, when) => {
      const page: PageRow[] = [
        asRow(listed('known', SINCE + 1000, { costMicros: 5 })),
        asRow(
          listed('new', SINCE + 2000, {
            url: 'v3/new/url',
            endpoint: 'new/url',
            status: 'new status',
            tag: 'new tag',
            target: 'new.example',
          }),
        ),
        { kind: 'quarantined', id: null, raw: '{}', reason: 'the row has no id' },
      ];
      const attempt = (temp: ReturnType<typeof opened>) => {
        readSlice(temp.ledger, SLICE, [asRow(listed('known', SINCE + 1000))]);
        const walk = temp.ledger.beginWalk(SLICE, NOW);
        const call = temp.ledger.journal.begin(startOf(walk));
        return () => temp.ledger.savePage(walk, answerOf(call, page), circumstances);
      };
      const undisturbed = opened();
      attempt(undisturbed)();
      const temp = opened();
      const save = attempt(temp);
      const before = everything(temp);
      temp.exec(`create trigger boom after ${when} begin select raise(abort, 'boom'); end`);
      expect(save).toThrow('boom');
      expect(save).toThrow('boom');
      expect(everything(temp)).toEqual(before);
      temp.exec('drop trigger boom');
      expect(save()).toMatchObject({ newTasks: 1, altered: 1, newDoubts: 1, next: 'done' });
      expect(everything(temp)).toEqual(everything(undisturbed));
    },
  );
});

describe('the evidence of a slice', () => {
  /** As anyone can work it out: the sum of the first 16 bytes of the SHA-256 of each id. */
  function digestOf(ids: readonly string[]): string {
    const sum = ids.reduce(
      (total, id) => total + BigInt(`0x${createHash('sha256').update(id).digest('hex').slice(0, 32)}`),
      0n,
    );
    return (sum % 2n ** 128n).toString(16).padStart(32, '0');
  }

  it.each([1, 2, 5, 30, 31, 32])('of %i tasks can be worked out again from the ids with SQL and SHA-256', (count) => {
    const { ledger, rows } = opened();
    const outside = [asRow(listed('before', SINCE - 1000)), ...tasks(count), asRow(listed('at the end', UNTIL))];
    readSlice(ledger, { ...SLICE, limit: 7 }, outside);
    const [coverage] = rows('select * from coverage');
    const ids = rows('select id from tasks where api = ? and posted_at >= ? and posted_at < ?', 'backlinks', coverage!['since'], coverage!['until']); // prettier-ignore
    expect(ids).toHaveLength(count);
    expect(coverage).toEqual({
      api: 'backlinks',
      since: SINCE / 1000,
      until: UNTIL / 1000,
      grade: 'metadata',
      read_at: NOW / 1000,
      settled_at: NOW / 1000,
      calls: pagesOfRows(count + 2, 7),
      rows: count,
      digest: digestOf(ids.map(({ id }) => String(id))),
      doubts: 0,
    });
  });

  it('is told of each stretch by itself, where a reading is parted at the settling edge and cut by a later one', () => {
    const { ledger, rows } = opened();
    const list = Array.from({ length: 40 }, (_, n) => asRow(listed(`quarter-${n}`, NOW - 10 * HOUR + n * 15 * 60_000)));
    const inside = (since: number, until: number) =>
      list.filter((row) => row.kind === 'task' && row.task.postedAt >= since && row.task.postedAt < until);
    readSlice(ledger, sliceOf(NOW - 10 * HOUR, NOW), list);
    const late = asRow(listed('late', NOW - 3 * HOUR));
    readSlice(ledger, sliceOf(NOW - 5 * HOUR, NOW - 2 * HOUR), [...inside(NOW - 5 * HOUR, NOW - 2 * HOUR), late]);
    const stretches = rows('select since, until, rows, digest from coverage order by since');
    expect(stretches.map((stretch) => stretch['rows'])).toEqual([20, 13, 4, 4]);
    for (const { since, until, rows: count, digest } of stretches) {
      const ids = rows('select id from tasks where posted_at >= ? and posted_at < ?', since, until);
      expect(ids).toHaveLength(Number(count));
      expect(digest).toBe(digestOf(ids.map(({ id }) => String(id))));
    }
    expect(rows('select sum(rows) as rows from coverage')).toEqual(rows('select count(*) as rows from tasks'));
  });

  it('of an empty slice is a proof too', () => {
    const { ledger, rows } = opened();
    readSlice(ledger, SLICE, []);
    expect(rows('select rows, digest, calls, doubts, grade from coverage')).toEqual([
      { rows: 0, digest: '0'.repeat(32), calls: 1, doubts: 0, grade: 'metadata' },
    ]);
  });

  it('is the same in whatever order the server lists', () => {
    const forward = opened();
    readSlice(forward.ledger, { ...SLICE, limit: 7 }, tasks(30));
    const backward = opened();
    readSlice(backward.ledger, { ...SLICE, limit: 11 }, tasks(30).reverse());
    const evidence = 'select rows, digest from coverage';
    expect(backward.rows(evidence)).toEqual(forward.rows(evidence));
  });

  it('keeps no list of the walk once that has ended', () => {
    const { ledger, rows } = opened();
    const walk = ledger.beginWalk({ ...SLICE, limit: 10 }, NOW);
    savePage(ledger, walk, tasks(10));
    expect(rows('select count(*) as rows from walk_row')).toEqual([{ rows: 10 }]);
    readSlice(ledger, { ...SLICE, limit: 10 }, tasks(30));
    expect(rows('select count(*) as rows from walk_row')).toEqual([{ rows: 10 }]);
  });

  it('ends a lag before its first page was answered: what came later may still have been arriving', () => {
    const { ledger, rows } = opened();
    readSlice(ledger, sliceOf(SINCE, NOW), [], { answer: { serverDate: NOW - 5_000 } });
    expect(rows('select until, settled_at from coverage')).toEqual([
      { until: (NOW - 5_000 - HOUR) / 1000, settled_at: NOW / 1000 },
      { until: (NOW - 35_000) / 1000, settled_at: null },
    ]);
  });

  it('is cut to whole seconds where the server tells no time', () => {
    const { ledger, rows } = opened();
    const second = sliceOf(NOW - HOUR, NOW - HOUR + 1000);
    readSlice(ledger, second, [], { answer: { serverDate: null }, at: { now: NOW + 500 } });
    expect(rows('select since, until, settled_at from coverage')).toEqual([
      { since: (NOW - HOUR) / 1000, until: (NOW - HOUR) / 1000 + 1, settled_at: null },
    ]);
  });
});

describe('a walk', () => {
  const limit = 10;
  const small = { ...SLICE, limit };
  const list = tasks(25);
  const read = (ledger: ReturnType<TempLedger['open']>, walk: Walk, rows: readonly PageRow[], resumed = false) =>
    savePage(ledger, walk, rows.slice(walk.reading.nextOffset, walk.reading.nextOffset + limit), { at: { resumed } });

  it('goes on after a restart where it was, and proves as much', () => {
    const temp = opened();
    read(temp.ledger, temp.ledger.beginWalk(small, NOW), list);
    temp.ledger.close();
    const ledger = temp.open();
    const [walk] = ledger.openWalks();
    expect(walk!.reading).toMatchObject({ nextOffset: 9, pages: 1, link: 'task-0009', ordered: true });
    const second = read(ledger, walk!, list, true);
    const last = read(ledger, second.walk, list);
    expect([second.next, last.next]).toEqual(['more', 'done']);
    const undisturbed = opened();
    readSlice(undisturbed.ledger, small, list);
    expect(temp.rows('select * from coverage')).toEqual(undisturbed.rows('select * from coverage'));
    expect(temp.rows('select * from tasks order by id')).toEqual(undisturbed.rows('select * from tasks order by id'));
  });

  it('begins anew after a restart when the list has shifted meanwhile', () => {
    const temp = opened();
    read(temp.ledger, temp.ledger.beginWalk(small, NOW), list);
    const grown = [...tasks(1, 'late'), ...list];
    const [walk] = temp.ledger.openWalks();
    const shifted = read(temp.ledger, walk!, grown, true);
    expect(shifted.next).toBe('again');
    expect(shifted.walk.reading).toMatchObject({ reading: 1, nextOffset: 0, pages: 0, flaws: [] });
    let next = shifted;
    for (let call = 0; call < 9 && next.next !== 'done'; call += 1) next = read(temp.ledger, next.walk, grown);
    expect(next.next).toBe('done');
    expect(temp.rows('select rows, doubts from coverage')).toEqual([{ rows: 26, doubts: 0 }]);
    expect(next.walk.reading.reading).toBe(1);
  });

  it('leaves the second of a broken link uncovered, and no other', () => {
    const temp = opened();
    const crowd = [...list.slice(0, 8), ...['a', 'b', 'c', 'd'].map((id) => asRow(listed(id, SINCE + 8_000)))];
    const other = [...list.slice(0, 8), ...['d', 'c', 'b', 'a'].map((id) => asRow(listed(id, SINCE + 8_000)))];
    const first = savePage(temp.ledger, temp.ledger.beginWalk(small, NOW), crowd.slice(0, limit));
    const last = savePage(temp.ledger, first.walk, other.slice(9));
    expect(last.next).toBe('done');
    expect(temp.rows('select since, until from coverage')).toEqual([
      { since: SINCE / 1000, until: SINCE / 1000 + 8 },
      { since: SINCE / 1000 + 9, until: UNTIL / 1000 },
    ]);
  });

  it('that the server leads in a circle stops, is a doubt and covers nothing', () => {
    const temp = opened();
    const first = savePage(temp.ledger, temp.ledger.beginWalk(small, NOW), list.slice(0, limit));
    const again = savePage(temp.ledger, first.walk, list.slice(0, limit));
    expect(again).toMatchObject({ next: 'stuck', newDoubts: 1 });
    expect(temp.rows('select * from coverage')).toEqual([]);
    expect(temp.rows('select kind from doubts')).toEqual([{ kind: 'repeating_page' }]);
  });

  it('whose readings never agree is covered with a doubt after twelve', () => {
    const temp = opened();
    const end = readSlice(temp.ledger, small, list, { answer: { resultCount: 3 } });
    expect(end.reading.reading).toBe(12);
    expect(temp.rows('select doubts, rows from coverage')).toEqual([{ doubts: 1, rows: 25 }]);
    expect(temp.rows('select kind, since, until from doubts')).toEqual([
      { kind: 'unproven', since: SINCE / 1000, until: UNTIL / 1000 },
    ]);
  });

  it('that proves nothing again a minute later makes the doubt wider, and one elsewhere is another', () => {
    const temp = opened();
    const dishonest = { answer: { resultCount: 3 } };
    for (const [from, until] of [[0, 60], [1, 61], [300, 360]] as const) {
      readSlice(temp.ledger, sliceOf(SINCE + from * 60_000, SINCE + until * 60_000, { limit }), [], dishonest);
    } // prettier-ignore
    expect(temp.rows('select kind, until - since as seconds from doubts')).toEqual([
      { kind: 'unproven', seconds: 61 * 60 },
      { kind: 'unproven', seconds: 60 * 60 },
    ]);
  });

  it('that opens the unknown and finds it large is sounded, given up where a row lies beyond its pages, and its density is known', () => {
    const temp = opened();
    const first = savePage(
      temp.ledger,
      temp.ledger.beginWalk({ ...small, openingPages: 2 }, NOW),
      list.slice(0, limit),
    );
    expect(first.next).toBe('sound');
    const atLeast = soundingOffset(2, limit) + 1;
    expect(saveSounding(temp.ledger, first.walk, [asRow(listed('far', SINCE + HOUR))])).toMatchObject({
      next: 'done',
      newTasks: 1,
    });
    expect(temp.ledger.openWalks()).toEqual([]);
    expect(temp.rows('select * from coverage')).toEqual([]);
    expect(temp.ledger.picture('backlinks').densities).toEqual([
      { since: SINCE, until: SINCE + limit * 1000, rows: limit, glimpse: true, firstAt: SINCE, atLeast },
    ]);
    expect(temp.rows('select count(*) as tasks from tasks')).toEqual([{ tasks: limit + 1 }]);
  });

  it('that opens the unknown and is sounded without a row goes on, and is never given up after', () => {
    const temp = opened();
    const first = savePage(
      temp.ledger,
      temp.ledger.beginWalk({ ...small, openingPages: 2 }, NOW),
      list.slice(0, limit),
    );
    const sounded = saveSounding(temp.ledger, first.walk, []);
    expect(sounded).toMatchObject({ next: 'more', walk: { openingPages: 0, reading: first.walk.reading } });
    expect(temp.ledger.openWalks()).toMatchObject([{ openingPages: 0, calls: 1 }]);
    expect(temp.rows('select row_offset, row_limit, rows from calls order by id desc limit 1')).toEqual([
      { row_offset: soundingOffset(2, limit), row_limit: 1, rows: 0 },
    ]);
  });

  it('that was stopped before its sounding is sounded after its next page', () => {
    const temp = opened();
    const first = savePage(
      temp.ledger,
      temp.ledger.beginWalk({ ...small, openingPages: 2 }, NOW),
      list.slice(0, limit),
    );
    const resumed = { at: { resumed: true } };
    const next = list.slice(limit - 1, 2 * limit - 1);
    expect(savePage(temp.ledger, first.walk, next, resumed).next).toBe('sound');
  });

  it('that opens the unknown of an account known to be large is given up without a sounding', () => {
    const temp = opened();
    readSlice(temp.ledger, { ...SLICE, limit }, tasks(rowsOfPages(SLICE_PAGES + 1, limit)));
    const range = { since: UNTIL, until: UNTIL + HOUR };
    const crowd = Array.from({ length: limit }, (_, n) => asRow(listed(`crowd-${n}`, UNTIL)));
    const walk = temp.ledger.beginWalk({ ...small, range, openingPages: 2 }, NOW);
    expect(savePage(temp.ledger, walk, crowd).next).toBe('done');
    expect(temp.ledger.openWalks()).toEqual([]);
  });

  it('that the window overtakes leaves the density of what it read, so that the next slice is not as long', () => {
    const temp = opened();
    const walk = savePage(temp.ledger, temp.ledger.beginWalk(small, NOW), list.slice(0, limit)).walk;
    temp.ledger.endWalk(walk, 'expired', NOW);
    temp.ledger.endWalk(temp.ledger.beginWalk(small, NOW), 'expired', NOW);
    expect(temp.ledger.picture('backlinks').densities).toEqual([
      { since: SINCE, until: SINCE + limit * 1000, rows: limit, glimpse: true, firstAt: SINCE },
    ]);
  });

  it('that finds a whole page in its first second leaves a density too', () => {
    const temp = opened();
    const crowd = Array.from({ length: limit }, (_, n) => asRow(listed(`crowd-${n}`, SINCE)));
    const { walk } = savePage(temp.ledger, temp.ledger.beginWalk({ ...small, openingPages: 2 }, NOW), crowd);
    saveSounding(temp.ledger, walk, [asRow(listed('far', SINCE))]);
    expect(temp.ledger.picture('backlinks').densities).toEqual([
      {
        since: SINCE,
        until: SINCE + 1000,
        rows: limit,
        glimpse: true,
        firstAt: SINCE,
        atLeast: soundingOffset(2, limit) + 1,
      },
    ]);
  });
});

describe('a task that the ledger knows and a reading does not list', () => {
  const read = (over: Parameters<typeof listed>[2], ids: readonly PageRow[] = []) => {
    const temp = opened();
    readSlice(temp.ledger, SLICE, [asRow(listed('known', SINCE + 5_000, over)), ...tasks(2)]);
    readSlice(temp.ledger, SLICE, [...tasks(2), ...ids]);
    return temp.rows(`select kind, task_id, since, until from doubts`);
  };
  const doubt = { kind: 'unlisted', task_id: 'known', since: SINCE / 1000, until: UNTIL / 1000 };

  it('is a doubt, and stays', () => {
    expect(read({})).toEqual([doubt]);
  });

  it('is none where it was done outside the slice, or not at all: the server may filter by completion', () => {
    expect(read({ doneAt: UNTIL + 1000, doneText: 'later' })).toEqual([]);
    expect(read({ doneAt: null, doneText: null, status: '40602', statusCode: 40_602, state: 'pending' })).toEqual([]);
  });

  it('is none where it came only after the reading had begun', () => {
    const temp = opened();
    const slow = temp.ledger.beginWalk(SLICE, NOW);
    const call = temp.ledger.journal.begin(startOf(slow));
    readSlice(temp.ledger, SLICE, [asRow(listed('late', SINCE + 5_000))]);
    temp.ledger.savePage(slow, answerOf(call, []), circumstances);
    expect(temp.rows('select * from doubts')).toEqual([]);
  });

  it('is told once, however often a tail that slides on misses it', () => {
    const temp = opened();
    readSlice(temp.ledger, SLICE, [asRow(listed('known', SINCE + HOUR))]);
    for (let minute = 0; minute < 10; minute += 1) {
      readSlice(temp.ledger, sliceOf(SINCE + minute * 60_000, SINCE + 2 * HOUR + minute * 60_000), []);
    }
    expect(temp.rows('select kind, task_id, since from doubts')).toEqual([
      { kind: 'unlisted', task_id: 'known', since: SINCE / 1000 },
    ]);
  });

  it('is told once, is never deleted, and does not keep the slice open', () => {
    const temp = opened();
    readSlice(temp.ledger, SLICE, [asRow(listed('known', SINCE + 5_000))]);
    for (let n = 0; n < 3; n += 1) expect(readSlice(temp.ledger, SLICE, []).reading.reading).toBe(1);
    expect(temp.rows('select kind, task_id from doubts')).toEqual([{ kind: 'unlisted', task_id: 'known' }]);
    expect(temp.rows('select id from tasks')).toEqual([{ id: 'known' }]);
    expect(temp.rows('select rows, doubts from coverage')).toEqual([{ rows: 0, doubts: 1 }]);
  });
});

describe('a row that cannot be a task', () => {
  const broken = (id: string | null, raw: string): PageRow => ({
    kind: 'quarantined',
    id,
    raw,
    reason: 'its datetime_posted is no time',
  });

  it('is kept raw, as a doubt, and does not block its slice', () => {
    const { ledger, rows } = opened();
    const end = readSlice(ledger, SLICE, [...tasks(3), broken('odd', '{"id":"odd","datetime_posted":"?"}')]);
    expect(end.reading.reading).toBe(1);
    expect(rows('select kind, task_id, detail from doubts')).toEqual([
      {
        kind: 'quarantined',
        task_id: 'odd',
        detail: 'its datetime_posted is no time: {"id":"odd","datetime_posted":"?"}',
      },
    ]);
    expect(rows('select rows from coverage')).toEqual([{ rows: 3 }]);
  });

  it.each(['odd', null])('is a link like any other at the end of a page (id %j)', (id) => {
    const { ledger, rows } = opened();
    const list = [...tasks(4), broken(id, '{"n":1}'), ...tasks(4, 'more')];
    const end = readSlice(ledger, { ...SLICE, limit: 5 }, list);
    expect(end.reading).toMatchObject({ reading: 1, flaws: [] });
    expect(rows('select rows, calls from coverage')).toEqual([{ rows: 8, calls: 3 }]);
  });

  it.each([
    ['on one page', 1000, [broken(null, '{}'), broken(null, '{}')]],
    ['on two pages', 4, [broken(null, '{}'), ...tasks(5), broken(null, '{}'), ...tasks(2, 'more')]],
    ['at the seam of two pages', 4, [...tasks(3), broken(null, '{}'), broken(null, '{}'), ...tasks(2, 'more')]],
  ])('and has no id may have its like %s: one reading proves the slice', (_where, limit, list) => {
    const { ledger, rows } = opened();
    const end = readSlice(ledger, { ...SLICE, limit }, list);
    expect(end.reading).toMatchObject({ reading: 1, flaws: [] });
    expect(rows('select kind, detail from doubts')).toEqual([
      { kind: 'quarantined', detail: 'its datetime_posted is no time: {}' },
    ]);
    expect(rows('select until - since as seconds from coverage')).toEqual([{ seconds: (UNTIL - SINCE) / 1000 }]);
  });

  it('and has no id, but is all that comes, page after page, is no walk without end', () => {
    const { ledger } = opened();
    const full = Array.from({ length: 4 }, () => broken(null, '{}'));
    const first = savePage(ledger, ledger.beginWalk({ ...SLICE, limit: 4 }, NOW), full);
    expect(first.next).toBe('more');
    expect(savePage(ledger, first.walk, full).next).toBe('stuck');
  });

  describe('and has no id, from a server that lists in another order at every call', () => {
    const rowOf: Record<string, PageRow> = {
      ...Object.fromEntries(tasks(4).map((row, n) => ['abcd'.charAt(n), row])),
      '-': broken(null, '{}'),
    };
    /** Reads the pages twice; the last of them is short. */
    const readTwice = (limit: number, pages: readonly string[]) => {
      const { ledger } = opened();
      let walk = ledger.beginWalk({ ...SLICE, limit }, NOW);
      return [...pages, ...pages].map((page) => {
        const saved = savePage(
          ledger,
          walk,
          Array.from(page).flatMap((name) => rowOf[name] ?? []),
        );
        walk = saved.walk;
        return saved.next;
      });
    };

    it('counts as often as a page has listed it', () => {
      expect(readTwice(4, ['--ba', 'cda'])).toEqual(['more', 'again', 'more', 'done']);
    });

    it('never counts for a task that no page has listed', () => {
      expect(readTwice(3, ['a-b', 'da-', '-'])).toEqual(['more', 'more', 'again', 'more', 'more', 'again']);
    });
  });

  it('is recorded once, however often it is listed', () => {
    const { ledger, rows } = opened();
    for (let n = 0; n < 3; n += 1) readSlice(ledger, SLICE, [broken(null, '{"n":1}'), broken(null, '{"n":2}')]);
    expect(rows('select count(*) as doubts from doubts')).toEqual([{ doubts: 2 }]);
  });
});

describe('seconds that are in doubt in what is read again', () => {
  /** Three pages whose links are broken within the fourth and the seventh second. */
  function readInDoubt(purpose: Walk['purpose']) {
    const { ledger, rows } = opened();
    const [a, b, c, d, e, f, g, h, i, j] = tasks(10);
    const twin = (id: string, second: number) => asRow(listed(id, SINCE + second * 1000));
    readSlice(ledger, SLICE, tasks(10), { answer: { serverDate: UNTIL + 60_000 } });
    let walk = ledger.beginWalk({ ...SLICE, purpose, limit: 4 }, NOW);
    const pages = [[a, b, c, d], [twin('x', 3), e, f, g], [twin('y', 6), h, i, j], []];
    for (const page of pages.slice(0, 3))
      walk = savePage(
        ledger,
        walk,
        page.flatMap((row) => row ?? []),
      ).walk;
    const last = savePage(
      ledger,
      walk,
      [j].flatMap((row) => row ?? []),
    );
    expect(last.next).toBe('done');
    const open = rows('select purpose, since, until from walk where finished_at is null order by since');
    return { open, taken: ledger.picture('backlinks').taken };
  }
  const second = (n: number) => ({ since: SINCE / 1000 + n, until: SINCE / 1000 + n + 1 });

  it.each(['settle', 'chase'] as const)('%s: become slices of their own, or they would be due for ever', (purpose) => {
    const { open, taken } = readInDoubt(purpose);
    expect(open).toEqual([
      { purpose, ...second(3) },
      { purpose, ...second(6) },
    ]);
    expect(taken).toHaveLength(2);
  });

  it('are a gap where nothing covered them, which cuts the slices', () => {
    expect(readInDoubt('backfill').open).toEqual([]);
  });
});

describe('a strip of the month that the server lists without metadata', () => {
  const bareTask = (id: string, at: number) => asRow(listed(id, at, BARE));

  it('is covered by ids only, and its metadata is lost, with a doubt: from its first task to its last', () => {
    const { ledger, rows } = opened();
    readSlice(ledger, SLICE, [bareTask('a', SINCE + 60_000), bareTask('b', SINCE + 90_000)]);
    const strip = { since: SINCE / 1000 + 60, until: SINCE / 1000 + 91 };
    expect(rows('select since, until, grade from coverage')).toEqual([
      { since: SINCE / 1000, until: strip.since, grade: 'metadata' },
      { ...strip, grade: 'ids' },
      { since: strip.until, until: UNTIL / 1000, grade: 'metadata' },
    ]);
    expect(rows('select since, until, grade, reason from losses')).toEqual([
      { ...strip, grade: 'metadata', reason: 'the server lists these tasks without metadata' },
    ]);
    expect(rows('select kind, since, until from doubts')).toEqual([{ kind: 'no_metadata', ...strip }]);
    expect(rows('select distinct metadata_state from tasks')).toEqual([{ metadata_state: 'none' }]);
  });

  it('is told once, however often a moving tail reads it', () => {
    const { ledger, rows } = opened();
    for (let minute = 0; minute < 10; minute += 1) {
      const from = SINCE + minute * 1000;
      readSlice(ledger, sliceOf(from, from + HOUR), [bareTask('a', SINCE + 60_000)]);
    }
    expect(rows('select since, until, grade from losses')).toEqual([
      { since: SINCE / 1000 + 60, until: SINCE / 1000 + 61, grade: 'metadata' },
    ]);
    expect(rows('select kind from doubts')).toEqual([{ kind: 'no_metadata' }]);
  });

  it('is one doubt that grows, however many tasks a moving tail finds without it', () => {
    const { ledger, rows } = opened();
    const bare = Array.from({ length: 10 }, (_, n) => bareTask(`bare-${n}`, SINCE + n * 60_000 + 30_000));
    for (let minute = 1; minute <= 10; minute += 1) {
      readSlice(ledger, sliceOf(SINCE, SINCE + minute * 60_000), bare.slice(0, minute));
    }
    expect(rows('select count(*) as losses from losses')).toEqual([{ losses: 10 }]);
    expect(rows('select kind, since, until from doubts')).toEqual([
      { kind: 'no_metadata', since: SINCE / 1000 + 30, until: SINCE / 1000 + 571 },
    ]);
  });

  it('is no loss where the metadata is held already', () => {
    const { ledger, rows } = opened();
    readSlice(ledger, SLICE, [asRow(listed('a', SINCE + 60_000))]);
    readSlice(ledger, SLICE, [bareTask('a', SINCE + 60_000)]);
    expect(rows('select * from losses')).toEqual([]);
    expect(rows('select grade from coverage')).toEqual([{ grade: 'metadata' }]);
    expect(rows('select metadata_state from tasks')).toEqual([{ metadata_state: 'held' }]);
  });

  it('is none where one task of many carries it, or where all are still pending', () => {
    const { ledger, rows } = opened();
    readSlice(ledger, SLICE, [bareTask('a', SINCE + 60_000), asRow(listed('b', SINCE + 90_000))]);
    expect(rows('select * from losses')).toEqual([]);
    expect(rows('select grade from coverage')).toEqual([{ grade: 'metadata' }]);
  });
});
