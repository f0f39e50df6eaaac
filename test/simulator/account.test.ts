import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/time.ts';
import { ask, BASIC, basic, DAY, fakeClock, lastDay, simulate, START } from './calls.ts';

const USER_DATA = { method: 'GET', path: '/v3/appendix/user_data' };

describe('a caller', () => {
  test.each([
    ['nothing', null],
    ['another password', basic('login', 'Password')],
    ['another scheme', BASIC.replace('Basic', 'Bearer')],
    ['rubbish', 'Basic %%%'],
  ])('with %s gets 401 and 40100', async (_, authorization) => {
    const simulator = await simulate();
    const { http, envelope } = await ask(simulator, lastDay(), { authorization });
    expect(http).toBe(401);
    expect(envelope).toMatchObject({ status_code: 40100, tasks: null, tasks_count: 0 });
  });

  test('is known by the base64 of UTF-8', async () => {
    const simulator = await simulate({ login: 'jürgen@example.com', password: 'pass:wörd🔑' });
    const known = basic('jürgen@example.com', 'pass:wörd🔑');
    expect((await ask(simulator, lastDay(), { authorization: known })).http).toBe(200);
    expect((await ask(simulator, lastDay())).http).toBe(401);
  });

  test('whom it does not know gets tasks as null, as [] or not at all', async () => {
    const simulator = await simulate();
    const refused = async () => (await ask(simulator, lastDay(), { authorization: null })).envelope;
    simulator.set({ refusals: { tasks: 'empty' } });
    expect(await refused()).toMatchObject({ tasks: [] });
    simulator.set({ refusals: { tasks: 'absent' } });
    expect(await refused()).not.toHaveProperty('tasks');
  });
});

describe('a refusal', () => {
  test.each([
    [40100, 401],
    [40104, 200],
    [40200, 402],
    [40201, 200],
    [40207, 200],
    [40210, 200],
  ] as const)('of the account with %i comes with HTTP %i, until it is lifted', async (account, http) => {
    const simulator = await simulate({ refusals: { account } });
    expect(await ask(simulator, lastDay())).toMatchObject({ http, envelope: { status_code: account, tasks: null } });
    expect(await ask(simulator, null, USER_DATA)).toMatchObject({ http, envelope: { status_code: account } });
    simulator.set({ refusals: { account: null } });
    expect(await ask(simulator, lastDay())).toMatchObject({ http: 200, task: { status_code: 20000 } });
  });

  test.each([
    [40204, 200],
    [40400, 404],
    [40402, 200],
  ] as const)('of one API with %i comes with HTTP %i and leaves the others alone', async (code, http) => {
    const simulator = await simulate({ apis: ['backlinks', 'serp'], refusals: { apis: { serp: code } } });
    expect(await ask(simulator, lastDay(), { api: 'serp' })).toMatchObject({ http, envelope: { status_code: code } });
    expect(await ask(simulator, lastDay())).toMatchObject({ http: 200, task: { status_code: 20000 } });
    simulator.set({ refusals: { apis: { serp: null } } });
    expect(await ask(simulator, lastDay(), { api: 'serp' })).toMatchObject({ http: 200 });
  });

  test('can stand in the task', async () => {
    const simulator = await simulate({ refusals: { account: 40210, level: 'task' } });
    expect(await ask(simulator, lastDay())).toMatchObject({
      envelope: { status_code: 20000, tasks_error: 1 },
      task: { status_code: 40210, result: null },
    });
    simulator.set({ refusals: { account: 40200 } });
    expect(await ask(simulator, lastDay())).toMatchObject({ http: 402, envelope: { status_code: 40200 } });
  });
});

describe('user_data', () => {
  test('tells the balance and what was spent today', async () => {
    const simulator = await simulate({ apis: ['backlinks', 'serp'], tasks: 500, spanDays: 2 });
    const { http, task } = await ask(simulator, null, USER_DATA);
    expect(http).toBe(200);
    const [account] = task['result'] as { money: { balance: number; statistics: { day: Record<string, unknown> } } }[];
    const spent = (api: string) =>
      [...simulator.tasks(api)]
        .filter(({ postedAt, doneAt }) => postedAt >= START - DAY / 2 && doneAt <= START)
        .reduce((sum, { costMicros }) => sum + costMicros, 0) / 1_000_000;
    expect(spent('backlinks')).toBeGreaterThan(1);
    expect(account!.money.statistics.day).toEqual({
      total_backlinks: spent('backlinks'),
      total_serp: spent('serp'),
      total: spent('backlinks') + spent('serp'),
      value: '2026-03-15',
    });
    expect(account!.money.balance).toBeCloseTo(10_000 - spent('backlinks') - spent('serp'), 6);
  });

  test('has a budget of its own, and asks for credentials', async () => {
    const simulator = await simulate({ rate: { calls: 1 } });
    await ask(simulator, lastDay());
    expect((await ask(simulator, null, { ...USER_DATA, authorization: null })).http).toBe(401);
    for (let call = 0; call < 6; call += 1)
      expect((await ask(simulator, null, USER_DATA)).envelope['status_code']).toBe(20000);
    expect((await ask(simulator, null, USER_DATA)).envelope['status_code']).toBe(40202);
    expect(simulator.stats()).toMatchObject({ calls: 1, userDataCalls: 8 });
  });
});

describe('another process', () => {
  const get = (path: string) => ({ method: 'GET', path: `/_simulator/${path}`, authorization: null });
  const post = (path: string, body = '') => ({ path: `/_simulator/${path}`, authorization: null, body });

  test('reads and changes the options', async () => {
    const simulator = await simulate({ rate: { calls: 5 } });
    const changed = await ask(simulator, null, post('options', '{"rate":{"periodMs":100},"login":"other"}'));
    expect(changed.http).toBe(200);
    expect(changed.envelope).toMatchObject({ login: 'other', rate: { calls: 5, periodMs: 100 } });
    expect(simulator.options.rate).toMatchObject({ calls: 5, periodMs: 100 });
    expect((await ask(simulator, null, get('options'))).envelope).toEqual(changed.envelope);
  });

  test('is told all problems of a patch at once, and nothing changes', async () => {
    const simulator = await simulate();
    const before = simulator.options;
    const refused = await ask(simulator, null, post('options', '{"tasks":-1,"sped":2}'));
    expect(refused.http).toBe(400);
    expect(refused.envelope['problems']).toHaveLength(2);
    expect((await ask(simulator, null, post('options', '{'))).http).toBe(400);
    expect(simulator.options).toBe(before);
  });

  test('reads the statistics and the truth, and posts tasks', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock, tasks: 30_000 });
    await ask(simulator, lastDay());
    const stats = await ask(simulator, null, get('stats'));
    expect(stats.envelope).toMatchObject({ calls: 1, accepted: 1, maxInAnyPeriod: 1, perCode: { 20000: 1 } });
    expect((await ask(simulator, null, post('post?api=backlinks&count=3'))).http).toBe(200);
    expect((await ask(simulator, null, post('post?count=0'))).http).toBe(400);
    const { text } = await ask(simulator, null, get('tasks?api=backlinks'));
    const told = text.trim().split('\n');
    expect(told).toEqual([...simulator.tasks('backlinks')].map((task) => JSON.stringify(task)));
    expect(told).toHaveLength(30_003);
    expect((await ask(simulator, null, get('nothing'))).http).toBe(404);
  });
});

describe('the simulator', () => {
  test('lets a test see and change things before a call is worked on', async () => {
    const seen: unknown[] = [];
    const simulator = await simulate({
      faults: [{ when: { call: 3 }, fault: 'html' }],
      onCall: ({ number, api, question, fault }) => {
        seen.push({ number, api, limit: question?.limit ?? null, fault });
        if (number === 2) simulator.set({ listing: { pageCap: 1 } });
      },
    });
    expect((await ask(simulator, lastDay({ limit: 5 }))).rows).toHaveLength(5);
    expect((await ask(simulator, lastDay({ limit: 5 }))).rows).toHaveLength(1);
    await ask(simulator, lastDay({ limit: 0 }));
    expect(seen).toEqual([
      { number: 1, api: 'backlinks', limit: 5, fault: null },
      { number: 2, api: 'backlinks', limit: 5, fault: null },
      { number: 3, api: 'backlinks', limit: null, fault: 'html' },
    ]);
  });

  test('takes every change at once', async () => {
    const simulator = await simulate({ tasks: 50, spanDays: 0.5, late: { share: 0 } });
    expect((await ask(simulator, lastDay())).rows).toHaveLength(50);
    const other = { share: 1, maxMs: 50 * DAY };
    simulator.set({ late: other });
    expect((await ask(simulator, lastDay())).rows.length).toBeLessThan(5);
    simulator.set({ late: { share: 0 }, tasks: 20 });
    expect((await ask(simulator, lastDay())).rows).toHaveLength(20);
    simulator.post('backlinks', 9);
    simulator.set({ tasks: 22 });
    expect([...simulator.tasks('backlinks')]).toHaveLength(22);
    simulator.set({ seed: 77 });
    expect((await ask(simulator, lastDay())).rows.map(({ id }) => id)).toEqual(
      [...simulator.tasks('backlinks')].map(({ id }) => id),
    );
  });

  test('tells the rows of any range and moment without a call', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock, tasks: 50, spanDays: 0.5, finishing: { share: 0.9, maxMs: DAY } });
    const range = { fromAt: START - DAY, toAt: START - 60_000 };
    const now = simulator.rows('backlinks', range);
    expect(now).toEqual((await ask(simulator, lastDay({ include_metadata: true }))).rows);
    const later = simulator.rows('backlinks', { ...range, at: START + 2 * DAY });
    clock.advance(2 * DAY);
    expect(simulator.rows('backlinks', range)).toEqual(later);
    expect(later).not.toEqual(now);
    expect(simulator.rows('serp', range)).toEqual([]);
    expect(simulator.stats().calls).toBe(1);
    expect(simulator.windowEdge('ids')).toBe(Date.parse('2025-09-17T12:00:00Z'));
  });

  test('wakes whoever sleeps in it when it closes', async () => {
    let sleeping: AbortSignal | undefined;
    const sleep = (_: number, signal?: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        sleeping = signal;
        signal?.addEventListener('abort', () => reject(new Error('closed')));
      });
    const simulator = await simulate({ clock: { ...fakeClock(), sleep }, latency: { tailShare: 1 } });
    const call = ask(simulator, lastDay()).catch((error: unknown) => error);
    await expect.poll(() => sleeping).toBeDefined();
    await simulator.close();
    expect(sleeping!.aborted).toBe(true);
    expect(await call).toBeInstanceOf(Error);
  });

  test('does not read requests of megabytes', async () => {
    const simulator = await simulate();
    await expect(ask(simulator, null, { body: ' '.repeat(2_000_000) })).rejects.toThrow();
    expect((await ask(simulator, lastDay())).http).toBe(200);
  });

  test('closes at once and twice, while answers are on their way', async () => {
    const simulator = await simulate({ clock: systemClock(), latency: { tailShare: 1, tailMs: 60_000 } });
    const call = ask(simulator, lastDay()).catch((error: unknown) => error);
    await expect.poll(() => simulator.stats().calls).toBe(1);
    await simulator.close();
    await simulator.close();
    expect(await call).toBeInstanceOf(Error);
  });

  test('says so when its port is taken', async () => {
    const first = await simulate();
    const port = Number(new URL(first.url).port);
    await expect(simulate({ port })).rejects.toThrow(/EADDRINUSE/);
  });
});
