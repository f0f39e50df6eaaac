import { describe, expect, test } from 'vitest';
import { formatWireTime } from '../../src/time.ts';
import { ask, DAY, fakeClock, lastDay, MINUTE, type Row, simulate, START } from './calls.ts';

/** A few hundred tasks within the last day. */
const DENSE = { tasks: 300, spanDays: 0.9 } as const;
const WITH = { include_metadata: true };

function kinds(rows: readonly Row[], field: string): unknown[] {
  return [...new Set(rows.map((row) => row[field]))].toSorted();
}

describe('an answer', () => {
  test('has every field of envelope and task, and echoes the request', async () => {
    const simulator = await simulate(DENSE);
    const question = lastDay({ limit: 7, ...WITH });
    const { envelope, task, headers } = await ask(simulator, question);
    expect(Object.keys(envelope)).toEqual([
      'version',
      'status_code',
      'status_message',
      'time',
      'cost',
      'tasks_count',
      'tasks_error',
      'tasks',
    ]);
    expect(envelope).toMatchObject({ status_message: 'Ok.', time: '0.0000 sec.', cost: 0, tasks_count: 1 });
    expect(task).toMatchObject({
      status_code: 20000,
      result_count: 7,
      path: ['v3', 'backlinks', 'id_list'],
      data: { api: 'backlinks', function: 'id_list', ...question },
    });
    expect(task['id']).toHaveLength(36);
    expect(headers['date']).toBe('Sun, 15 Mar 2026 12:00:00 GMT');
  });

  test('is zipped when that is asked for and offered', async () => {
    const simulator = await simulate(DENSE);
    const plain = await ask(simulator, lastDay());
    const zipped = await ask(simulator, lastDay(), { headers: { 'accept-encoding': 'gzip, deflate' } });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(zipped.rows).toEqual(plain.rows);
    simulator.set({ answers: { gzip: false } });
    const refused = await ask(simulator, lastDay(), { headers: { 'accept-encoding': 'gzip' } });
    expect(refused.headers['content-encoding']).toBeUndefined();
  });

  test('leaves out date, time and echo, and lies about the time, where that is asked for', async () => {
    const simulator = await simulate({ answers: { dateHeader: false, time: 'lie', echo: false } });
    const { headers, envelope, task } = await ask(simulator, lastDay());
    expect(headers['date']).toBeUndefined();
    expect(envelope['time']).toBe('60.0000 sec.');
    expect(task).not.toHaveProperty('data');
    simulator.set({ answers: { time: 'absent', dateHeader: true }, skewMs: -3_600_000 });
    const other = await ask(simulator, lastDay({ datetime_to: formatWireTime(START - DAY / 2) }));
    expect(other.headers['date']).toBe('Sun, 15 Mar 2026 11:00:00 GMT');
    expect(other.envelope).not.toHaveProperty('time');
    expect(other.task).not.toHaveProperty('time');
  });

  test('says [] or null where there are no rows', async () => {
    const simulator = await simulate(DENSE);
    expect((await ask(simulator, lastDay({ offset: 5000 }))).task).toMatchObject({ result: [], result_count: 0 });
    simulator.set({ answers: { emptyResult: 'null' } });
    expect((await ask(simulator, lastDay({ offset: 5000 }))).task).toMatchObject({ result: null, result_count: 0 });
  });

  test('takes as long as the options say, and tells the time it took to work', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock, latency: { meanMs: 5_000, tailShare: 0.2, tailMs: 60_000 } });
    for (let call = 0; call < 40; call += 1) {
      const before = clock.slept.length;
      const { envelope } = await ask(simulator, lastDay());
      expect(envelope['time']).toBe(`${(clock.slept[before]! / 1_000).toFixed(4)} sec.`);
    }
    const tail = clock.slept.filter((ms) => ms === 60_000);
    const rest = clock.slept.filter((ms) => ms !== 60_000);
    expect(tail.length).toBeGreaterThan(2);
    expect(rest.reduce((sum, ms) => sum + ms, 0) / rest.length).toBeGreaterThan(2_500);
  });

  test('shows the list as it was when the call arrived, however long it takes', async () => {
    const finishing = { share: 1, minMs: 60_000, maxMs: 600_000 };
    const late = { share: 0.5, maxMs: 600_000 };
    const simulator = await simulate({ tasks: 50, spanDays: 0.005, newestAgoMs: 61_000, finishing, late });
    const { rows } = await ask(simulator, lastDay());
    simulator.set({ faults: [{ fault: 'slow', ms: 900_000 }] });
    expect(rows.filter((row) => row.datetime_done === null).length).toBeGreaterThan(10);
    expect((await ask(simulator, lastDay())).rows).toEqual(rows);
  });

  test('does not count the way of a call as work', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock, latency: { transitMs: 10_000 } });
    const { envelope } = await ask(simulator, lastDay());
    expect(clock.slept).toHaveLength(2);
    expect(Math.min(...clock.slept)).toBeGreaterThan(0);
    expect(envelope['time']).toBe('0.0000 sec.');
    expect(simulator.stats().arrivals[0]).toMatchObject({ at: START + clock.slept[0]! });
  });

  test('is the same for every offset in the sandbox, and never longer than the cap', async () => {
    const simulator = await simulate({ ...DENSE, listing: { sandbox: true, pageCap: 40 } });
    const first = await ask(simulator, lastDay());
    const third = await ask(simulator, lastDay({ offset: 80 }));
    expect(first.rows).toHaveLength(40);
    expect(third.rows).toEqual(first.rows);
    simulator.set({ listing: { sandbox: false } });
    expect((await ask(simulator, lastDay({ offset: 80 }))).rows).not.toEqual(first.rows);
  });
});

describe('a row', () => {
  test('is what the truth says', async () => {
    const simulator = await simulate({ ...DENSE, outcomes: { failedShare: 0.2, emptyShare: 0.2, partialShare: 0.1 } });
    const { rows } = await ask(simulator, lastDay(WITH));
    const byId = new Map([...simulator.tasks('backlinks')].map((task) => [task.id, task]));
    expect(byId.size).toBe(300);
    for (const row of rows) {
      const task = byId.get(row.id)!;
      const pending = task.doneAt > START;
      expect(row).toEqual({
        id: task.id,
        url: `v3/${task.endpoint}`,
        datetime_posted: formatWireTime(task.postedAt),
        datetime_done: pending ? null : formatWireTime(task.doneAt),
        status: pending ? '40602' : String(task.code),
        cost: expect.closeTo(pending ? 0 : task.costMicros / 1_000_000, 9) as number,
        metadata: task.metadata,
      });
      expect(row.id).toMatch(/^[0-9]{8}-[0-9a-f]{4}-[0-9a-f]{4}-0000-[0-9a-f]{12}$/);
      expect((task.metadata as Row)['tag'] ?? null).toBe(task.tag);
      expect((task.metadata as Row)['target']).toBe(task.target);
    }
    expect(kinds(rows, 'status')).toEqual(
      expect.arrayContaining(['20000', '40102', '40106', '40501', '50000']) as unknown[],
    );
  });

  test('has costs with binary noise, and completions a second before posting', async () => {
    const simulator = await simulate(DENSE);
    const { rows } = await ask(simulator, lastDay());
    const noisy = rows.filter(({ cost }) => String(cost).length > 12);
    expect(noisy.length).toBeGreaterThan(20);
    expect(noisy.length).toBeLessThan(150);
    const early = rows.filter(({ datetime_done, datetime_posted }) => String(datetime_done) < datetime_posted);
    expect(early.length).toBeGreaterThan(1);
  });

  test.each([
    ['code', /^\d{5}$/],
    ['message', /^[A-Z].*\.$/],
    ['ok', /^[a-z].*[^.]$/],
  ] as const)('writes its status as %s', async (status, form) => {
    const simulator = await simulate({ ...DENSE, rows: { status } });
    for (const row of (await ask(simulator, lastDay())).rows) expect(row['status']).toMatch(form);
  });

  test('writes status and url in other forms', async () => {
    const simulator = await simulate({ ...DENSE, rows: { status: 'number', url: 'rooted' } });
    const [row] = (await ask(simulator, lastDay())).rows;
    expect(row).toMatchObject({ status: 20000, url: expect.stringMatching(/^\/v3\/backlinks\//) as string });
    simulator.set({ rows: { status: 'mixed', url: 'mixed' } });
    const { rows } = await ask(simulator, lastDay());
    expect(kinds(rows, 'status')).toEqual(expect.arrayContaining([20000, '20000', 'Ok.', 'ok']) as unknown[]);
    expect(new Set(rows.map(({ url }) => String(url).split('/')[0]))).toEqual(new Set(['', 'v3', 'https:']));
  });

  test.each([
    ['null', { datetime_done: null }],
    ['empty', { datetime_done: '' }],
    ['missing', {}],
  ] as const)('has a completion that is %s while it is unfinished, costs nothing, and finishes', async (form, done) => {
    const clock = fakeClock();
    const slow = { share: 1, minMs: 10 * MINUTE, maxMs: 10 * MINUTE };
    const shape = { tasks: 5, spanDays: 0.002, newestAgoMs: 90_000 };
    const rows = { pendingDone: form, pendingStatus: 40601 } as const;
    const outcomes = { failedShare: 0, emptyShare: 0 };
    const simulator = await simulate({ clock, ...shape, finishing: slow, rows, outcomes });
    const pending = (await ask(simulator, lastDay())).rows;
    expect(pending).toHaveLength(5);
    for (const row of pending) {
      expect(row).toMatchObject({ status: '40601', cost: 0, ...done });
      expect('datetime_done' in row).toBe(form !== 'missing');
    }
    clock.advance(20 * MINUTE);
    for (const row of (await ask(simulator, lastDay())).rows) {
      expect(row).toMatchObject({ status: '20000', cost: expect.any(Number) as number });
      expect(row['cost']).toBeGreaterThan(0);
    }
  });

  test('loses its cost when it is refunded', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock, ...DENSE, outcomes: { refundShare: 0.5, refundAfterMs: 5 * DAY } });
    const free = async () => (await ask(simulator, lastDay())).rows.filter(({ cost }) => cost === 0).length;
    const before = await free();
    clock.advance(6 * DAY);
    expect(await free()).toBeGreaterThan(before + 80);
  });

  test('may lack its id or posted time, hold nulls, and know fields that nobody documented', async () => {
    const some = { withoutIdShare: 0.2, withoutPostedShare: 0.2, nullFieldShare: 0.2, unknownFieldsShare: 0.2 };
    const simulator = await simulate({ ...DENSE, rows: some });
    const rows: Record<string, unknown>[] = (await ask(simulator, lastDay(WITH))).rows;
    const share = (holds: (row: Record<string, unknown>) => boolean) => rows.filter(holds).length / rows.length;
    expect(share((row) => !('id' in row))).toBeCloseTo(0.2, 1);
    expect(share((row) => !('datetime_posted' in row))).toBeCloseTo(0.2, 1);
    expect(share((row) => 'priority' in row)).toBeCloseTo(0.2, 1);
    for (const field of ['url', 'status', 'cost', 'metadata']) {
      expect(share((row) => row[field] === null)).toBeGreaterThan(0);
    }
  });

  test('vanishes while it is hidden, also in the middle of a walk', async () => {
    const simulator = await simulate(DENSE);
    const whole = (await ask(simulator, lastDay())).rows.map(({ id }) => id);
    const tasks = [...simulator.tasks('backlinks')];
    simulator.set({ listing: { hidden: [100, 7] } });
    const rest = (await ask(simulator, lastDay())).rows.map(({ id }) => id);
    expect(rest).toEqual(whole.filter((id) => id !== tasks[7]!.id && id !== tasks[100]!.id));
    simulator.set({ listing: { hidden: [], flickerTasks: 4, flickerEveryCalls: 2 } });
    const lengths: number[] = [];
    const lists = new Set<string>();
    for (let call = 0; call < 6; call += 1) {
      const { rows } = await ask(simulator, lastDay());
      lengths.push(rows.length);
      lists.add(rows.map(({ id }) => id).join());
    }
    expect(Math.max(...lengths)).toBeLessThanOrEqual(whole.length);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(whole.length - 4);
    expect(lists.size).toBeGreaterThanOrEqual(3);
  });
});

describe('metadata', () => {
  test('comes only when it is asked for', async () => {
    const simulator = await simulate(DENSE);
    for (const row of (await ask(simulator, lastDay())).rows) expect(row).not.toHaveProperty('metadata');
    simulator.set({ metadata: { unasked: 'null' } });
    for (const row of (await ask(simulator, lastDay())).rows) expect(row).toHaveProperty('metadata', null);
    const { rows } = await ask(simulator, lastDay(WITH));
    expect(rows.map((row) => row['metadata'])).not.toContain(null);
  });

  test('can be a list, null, absent, or missing for some', async () => {
    const simulator = await simulate({ ...DENSE, metadata: { form: 'list' } });
    for (const row of (await ask(simulator, lastDay(WITH))).rows) expect(row['metadata']).toHaveLength(1);
    simulator.set({ metadata: { form: 'null' } });
    for (const row of (await ask(simulator, lastDay(WITH))).rows) expect(row['metadata']).toBeNull();
    simulator.set({ metadata: { form: 'absent' } });
    for (const row of (await ask(simulator, lastDay(WITH))).rows) expect(row).not.toHaveProperty('metadata');
    simulator.set({ metadata: { form: 'object', missingShare: 0.5 } });
    const { rows } = await ask(simulator, lastDay(WITH));
    expect(rows.filter((row) => row['metadata'] === null).length / rows.length).toBeCloseTo(0.5, 1);
  });

  test('has a tag in the share that was asked for', async () => {
    const simulator = await simulate({ ...DENSE, metadata: { tagShare: 0.8, tags: 3 } });
    const tags = [...simulator.tasks('backlinks')].map(({ tag }) => tag);
    expect(tags.filter((tag) => tag === null).length / tags.length).toBeCloseTo(0.2, 1);
    expect(new Set(tags)).toEqual(new Set([null, 'customer-1', 'customer-2', 'customer-3']));
  });

  test('has as many targets as were asked for', async () => {
    const simulator = await simulate({ ...DENSE, metadata: { targets: 3 } });
    const targets = new Set([...simulator.tasks('backlinks')].map(({ target }) => target));
    expect(targets).toEqual(new Set([0, 1, 2].map((n) => `site-${n}.example.com`)));
  });

  test('is larger for the share of tasks that was asked for', async () => {
    const simulator = await simulate({ ...DENSE, metadata: { largeShare: 0.1, largeBytes: 3_000 } });
    const { rows } = await ask(simulator, lastDay(WITH));
    const large = rows.filter((row) => JSON.stringify(row['metadata']).length > 2_500);
    expect(large.length / rows.length).toBeCloseTo(0.1, 1);
    expect(large.length).toBeGreaterThan(0);
  });

  test.each([100, 250, 1_000, 20_000, 5_000_000])(
    'is about %i bytes long, whatever it is written in',
    async (bytes) => {
      for (const script of ['latin', 'cyrillic', 'arabic', 'han', 'emoji', 'mixed'] as const) {
        const simulator = await simulate({ ...DENSE, tasks: 3, metadata: { bytes, script } });
        const { rows } = await ask(simulator, lastDay({ ...WITH, limit: 1 }));
        const size = Buffer.byteLength(JSON.stringify(rows[0]!['metadata']));
        expect(size).toBeGreaterThan(bytes * 0.9 - 20);
        expect(size).toBeLessThan(bytes * 1.1 + 120);
      }
    },
  );
});
