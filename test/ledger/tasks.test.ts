import fc from 'fast-check';
import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { likenessOf } from '../../src/ledger/likeness.ts';
import type { ListedTask, PageRow } from '../../src/domain/task.ts';
import {
  asRow,
  BARE,
  circumstances,
  DAY,
  HOUR,
  listed,
  NOW,
  PENDING,
  policy,
  savePage,
  sliceOf,
  startOf,
  answerOf,
  tempLedger,
  type TempLedger,
} from '../support/ledger.ts';

const POSTED = NOW - 3 * HOUR;
const SLICE = sliceOf(NOW - 4 * HOUR, NOW - 2 * HOUR);

/** The sums that people see, worked out afresh from the tasks. */
const RECOMPUTED = {
  costs_by_day: `select api, endpoint, date(posted_at, 'unixepoch') as day, state, count(*) as tasks,
    sum(ifnull(cost_micros, 0)) / 1e6 as cost, sum(ifnull(cost_micros, 0)) as cost_micros
    from tasks group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  costs_by_tag: `select api, tag, metadata_state, date(posted_at, 'unixepoch') as day, count(*) as tasks,
    sum(ifnull(cost_micros, 0)) / 1e6 as cost, sum(ifnull(cost_micros, 0)) as cost_micros
    from tasks group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
};

function expectSumsRight(temp: Pick<TempLedger, 'rows'>) {
  const ordered = 'order by 1, 2, 3, 4';
  expect(temp.rows(`select * from costs_by_day ${ordered}`)).toEqual(temp.rows(RECOMPUTED.costs_by_day));
  expect(temp.rows(`select * from costs_by_tag ${ordered}`)).toEqual(temp.rows(RECOMPUTED.costs_by_tag));
  expect(
    temp.rows(`select api.name as api, state, metadata_state, tasks from tally join api on api.id = tally.api
      where tasks <> 0 ${ordered}`),
  ).toEqual(temp.rows(`select api, state, metadata_state, count(*) as tasks from tasks group by 1, 2, 3 ${ordered}`));
  expect(
    temp.rows(`select api.name as api, nullif(target, x'') as target, metadata_state, date(day * 86400, 'unixepoch') as day, tasks,
      cost_micros from target_cost join api on api.id = target_cost.api ${ordered}`),
  ).toEqual(
    temp.rows(`select api, target, metadata_state, date(posted_at, 'unixepoch') as day, count(*) as tasks,
      sum(ifnull(cost_micros, 0)) as cost_micros from tasks group by 1, 2, 3, 4 ${ordered}`),
  );
  for (const sums of ['day_cost', 'tag_cost', 'target_cost', 'tally'])
    expect(temp.rows(`select * from ${sums} where tasks = 0`), sums).toEqual([]);
}

function expectLikenessRight(temp: Pick<TempLedger, 'rows'>) {
  const described = temp.rows(`select n, endpoint, metadata from task join url on url.id = task.url
    where metadata is not null order by n`);
  expect(temp.rows('select task, digest from likeness order by task')).toEqual(
    described.map(({ n, endpoint, metadata }) => ({ task: n, digest: likenessOf(Number(endpoint), String(metadata)) })),
  );
}

function opened() {
  const temp = tempLedger();
  const ledger = temp.open();
  const see = (task: ListedTask | readonly PageRow[], over: Parameters<typeof savePage>[3] = {}, plan = SLICE) =>
    savePage(ledger, ledger.beginWalk(plan, NOW), 'id' in task ? [asRow(task)] : task, over);
  return { ...temp, ledger, see, task: () => temp.rows('select * from tasks')[0] ?? {} };
}

describe('a task', () => {
  it('reads as it was received', () => {
    const { see, task } = opened();
    const saved = see(
      listed('a', POSTED, {
        costMicros: 20_001,
        url: 'https://api.dataforseo.com/v3/backlinks/summary/live',
        extra: '{"x":1}',
      }),
    );
    expect(saved).toMatchObject({ newTasks: 1, altered: 0, next: 'done' });
    expect(task()).toEqual({
      id: 'a',
      api: 'backlinks',
      endpoint: 'backlinks/summary/live',
      url: 'https://api.dataforseo.com/v3/backlinks/summary/live',
      datetime_posted: '2024-05-15 09:00:00 +00:00',
      datetime_done: '2024-05-15 09:00:01 +00:00',
      posted_at: POSTED / 1000,
      done_at: POSTED / 1000 + 1,
      status: '20000',
      status_code: 20_000,
      state: 'finished',
      cost: 0.020001,
      cost_micros: 20_001,
      tag: 'customer-7',
      target: 'example.com',
      metadata: '{"tag":"customer-7","target":"example.com"}',
      metadata_state: 'held',
      extra: '{"x":1}',
      first_seen_at: NOW / 1000,
      changed_at: NOW / 1000,
    });
  });

  it('keeps times in unusual writing as they were written, and nulls as nulls', () => {
    const { see, task } = opened();
    see(
      listed('a', POSTED, {
        ...PENDING,
        ...BARE,
        postedText: '2024-05-15 11:00:00 +02:00',
        url: null,
        endpoint: '',
        costMicros: null,
      }),
    );
    expect(task()).toMatchObject({
      datetime_posted: '2024-05-15 11:00:00 +02:00',
      posted_at: POSTED / 1000,
      datetime_done: null,
      done_at: null,
      url: null,
      endpoint: '',
      cost: null,
      cost_micros: null,
      metadata: null,
      metadata_state: 'pending',
    });
    see(listed('a', POSTED, { doneText: 'soon', doneAt: null, status: 'whatever', statusCode: null }));
    expect(task()).toMatchObject({ datetime_done: 'soon', done_at: null, status: 'whatever', status_code: null });
  });

  it('that changes keeps the old values in the history', () => {
    const { see, rows, task } = opened();
    see(listed('a', POSTED, { ...PENDING, costMicros: 20_000 }));
    const saved = see(listed('a', POSTED, { costMicros: 0 }), { at: { now: NOW + 5_000 } });
    expect(saved).toMatchObject({ newTasks: 0, altered: 1 });
    expect(rows('select * from task_changes order by field')).toEqual([
      { task_id: 'a', seen_at: NOW / 1000 + 5, field: 'cost', old: '0.02', new: '0' },
      { task_id: 'a', seen_at: NOW / 1000 + 5, field: 'done', old: null, new: '2024-05-15 09:00:01 +00:00' },
      { task_id: 'a', seen_at: NOW / 1000 + 5, field: 'status', old: '40602', new: '20000' },
    ]);
    expect(task()).toMatchObject({ first_seen_at: NOW / 1000, changed_at: NOW / 1000 + 5, state: 'finished' });
  });

  it('I3 keeps its metadata under a reading without', () => {
    const { see, task } = opened();
    see(listed('a', POSTED));
    const before = task();
    const saved = see(listed('a', POSTED, BARE), {}, { ...SLICE, grade: 'ids' });
    expect(saved.altered).toBe(0);
    expect(task()).toEqual(before);
  });

  it('I3 is not changed by an answer to a call that was sent before its last change', () => {
    const { ledger, see, task, rows } = opened();
    see(listed('a', POSTED, PENDING));
    const slow = ledger.beginWalk(SLICE, NOW);
    const sentBefore = ledger.journal.begin(startOf(slow));
    see(listed('a', POSTED));
    const finished = task();
    const saved = ledger.savePage(slow, answerOf(sentBefore, [asRow(listed('a', POSTED, PENDING))]), circumstances);
    expect(saved).toMatchObject({ altered: 0, newDoubts: 0 });
    expect(task()).toEqual(finished);
    expect(rows('select * from doubts')).toEqual([]);
  });

  it('I3 is not changed by an answer to a call that was under way when it changed', () => {
    const { ledger, see, task } = opened();
    see(listed('a', POSTED, { costMicros: 1 }));
    const [first, second] = [ledger.beginWalk(SLICE, NOW), ledger.beginWalk(SLICE, NOW)];
    const calls = [ledger.journal.begin(startOf(first)), ledger.journal.begin(startOf(second))];
    const save = (walk: typeof first, call: number, costMicros: number) =>
      ledger.savePage(walk, answerOf(call, [asRow(listed('a', POSTED, { costMicros }))]), circumstances);
    expect(save(first, calls[0]!, 2).altered).toBe(1);
    expect(save(second, calls[1]!, 3).altered).toBe(0);
    expect(task()['cost_micros']).toBe(2);
  });

  it('that turns pending again stays finished, and is a doubt once', () => {
    const { see, task, rows } = opened();
    see(listed('a', POSTED));
    expect(see(listed('a', POSTED, { ...PENDING, costMicros: 0 })).newDoubts).toBe(1);
    expect(see(listed('a', POSTED, PENDING)).newDoubts).toBe(0);
    expect(task()).toMatchObject({ state: 'finished', status: '20000', cost_micros: 20_000 });
    expect(rows('select kind, task_id from doubts')).toEqual([{ kind: 'reverted', task_id: 'a' }]);
  });

  it('that is listed with another posted time stays where it is, and is a doubt', () => {
    const { see, task, rows } = opened();
    see(listed('a', POSTED));
    see(listed('a', POSTED + 60_000, { doneAt: POSTED + 1000, doneText: '2024-05-15 09:00:01 +00:00' }));
    expect(task()['posted_at']).toBe(POSTED / 1000);
    expect(rows('select kind, task_id from doubts')).toEqual([{ kind: 'moved', task_id: 'a' }]);
  });
});

const TAGS = [null, '', '=x', '=', 'customer-7', 'Grüße 🚀', "it's; drop table task", '|', 'a|b', 'x'.repeat(100_000)];

describe('the sums', () => {
  const outcome = fc.constantFrom<Partial<ListedTask>>({}, PENDING, {
    status: '40102',
    statusCode: 40_102,
    state: 'empty',
  });
  const seen = fc.record({
    id: fc.integer({ min: 1, max: 12 }),
    outcome,
    endpoint: fc.constantFrom('backlinks/summary/live', 'backlinks/history/live'),
    day: fc.integer({ min: 0, max: 2 }),
    costMicros: fc.option(fc.integer({ min: 0, max: 3_000_000 })),
    described: fc.boolean(),
    tag: fc.constantFrom(...TAGS),
  });
  const pages = fc.array(
    fc.record({ rows: fc.array(seen, { maxLength: 8 }), grade: fc.constantFrom('ids', 'metadata') }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );

  it('are, after any pages, what the tasks add up to, and so is which of them are alike', () => {
    const temp = tempLedger();
    const ledger = temp.open();
    fc.assert(
      fc.property(pages, fc.constantFrom('backlinks', 'serp'), fc.uuid(), (drawn, api, run) => {
        for (const { rows, grade } of drawn) {
          const tasks = rows.map(({ id, outcome: of, endpoint, day, costMicros, described, tag }) => {
            const metadata =
              described && grade === 'metadata'
                ? { metadata: JSON.stringify({ tag, target: tag, id }), tag, target: tag }
                : BARE;
            const at = NOW - 3 * DAY + day * DAY;
            return listed(`${run}-${id}`, at, { ...of, endpoint, url: `v3/${endpoint}`, costMicros, ...metadata });
          });
          const walk = ledger.beginWalk(sliceOf(NOW - 4 * DAY, NOW - HOUR, { api, grade }), NOW);
          savePage(ledger, walk, tasks.map(asRow));
        }
        expectSumsRight(temp);
        expectLikenessRight(temp);
      }),
      { numRuns: 30 },
    );
  });

  it.each(TAGS.map((tag) => [tag?.slice(0, 20) ?? null, tag]))(
    'keep the tag %j apart from no tag and from an unknown one',
    (_name, tag) => {
      const { see, rows } = opened();
      see(
        [
          listed('with', POSTED, { tag, metadata: JSON.stringify({ tag }) }),
          listed('without', POSTED, { tag: null, metadata: '{}' }),
          listed('unknown', POSTED, { ...BARE, ...PENDING }),
        ].map(asRow),
      );
      expectSumsRight({ rows });
      const held = rows(`select tag, tasks from costs_by_tag where metadata_state = 'held' order by tag is null desc`);
      expect(held).toEqual(tag === null ? [{ tag: null, tasks: 2 }] : [{ tag: null, tasks: 1 }, { tag, tasks: 1 }]); // prettier-ignore
    },
  );

  it('take no task for one that was deleted by hand and had its number', () => {
    const { see, rows, exec } = opened();
    see([listed('kept', POSTED), listed('deleted', POSTED + 1000)].map(asRow));
    exec(`delete from task where id = 'deleted'`);
    see(listed('of its number', POSTED + 2000, BARE));
    expect(rows('select n, id from task order by n')).toEqual([{ n: 1, id: 'kept' }, { n: 2, id: 'of its number' }]); // prettier-ignore
    expectLikenessRight({ rows });
  });

  it('stay right when metadata counts as lost', () => {
    const { ledger, see, rows } = opened();
    ledger.ensureFrontiers('backlinks', NOW, policy);
    const atEdge = NOW - 20 * DAY;
    const plan = sliceOf(atEdge - HOUR, atEdge + HOUR, { grade: 'ids' });
    see([listed('old', atEdge, BARE), listed('new', NOW - 2 * DAY, BARE)].map(asRow), {}, plan);
    see([listed('held', atEdge)].map(asRow), {}, { ...plan, grade: 'metadata' });
    ledger.accountLosses('backlinks', atEdge + 31 * DAY);
    expect(rows('select id, metadata_state from tasks order by id')).toEqual([
      { id: 'held', metadata_state: 'held' },
      { id: 'new', metadata_state: 'pending' },
      { id: 'old', metadata_state: 'lost' },
    ]);
    expect(rows('select id, changed_at from tasks where changed_at <> first_seen_at')).toEqual([
      { id: 'old', changed_at: (atEdge + 31 * DAY) / 1000 },
    ]);
    expectSumsRight({ rows });
  });
});

describe('a row that has not changed', () => {
  it('is not written: neither the row nor a sum, nor a page of the log for them', () => {
    const { ledger, see, path, exec } = opened();
    const rows = Array.from({ length: 900 }, (_, n) => asRow(listed(`task-${n}`, POSTED + n * 1000)));
    see(rows);
    exec('pragma wal_checkpoint(truncate)');
    exec(`create trigger no_task after update on task begin select raise(abort, 'a task was written'); end;
      create trigger no_day after update on day_cost begin select raise(abort, 'a sum was written'); end;
      create trigger no_tag after update on tag_cost begin select raise(abort, 'a sum was written'); end;
      create trigger no_target after update on target_cost begin select raise(abort, 'a sum was written'); end;
      create trigger no_likeness after insert on likeness begin select raise(abort, 'a likeness was written'); end;
      create trigger no_tally after update on tally begin select raise(abort, 'a sum was written'); end;`);
    exec('pragma wal_checkpoint(truncate)');
    expect(see(rows)).toMatchObject({ newTasks: 0, altered: 0, next: 'done' });
    // The rows of the walk, its place and the call: a few pages, where the tasks themselves fill a hundred.
    expect(statSync(`${path}-wal`).size / 900).toBeLessThan(100);
    ledger.close();
  });
});
