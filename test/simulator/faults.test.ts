import { describe, expect, test } from 'vitest';
import type { SimulatorPatch } from '../../src/simulator/options.ts';
import { formatWireTime } from '../../src/time.ts';
import { ask, DAY, fakeClock, lastDay, simulate, START } from './calls.ts';

type Rule = NonNullable<SimulatorPatch['faults']>[number];

async function answerUnder(rule: Rule, headers: Record<string, string> = {}) {
  const simulator = await simulate({ faults: [rule] });
  return await ask(simulator, lastDay({ offset: 3, limit: 20 }), { headers });
}

describe('a fault', () => {
  test.each<[Rule['fault'], Record<string, unknown>]>([
    ['http500', { http: 500, envelope: { status_code: 50000 } }],
    ['http502', { http: 502, envelope: {} }],
    ['http503', { http: 503, envelope: {} }],
    ['http402', { http: 402, envelope: { status_code: 40200 } }],
    ['html', { http: 200, envelope: {} }],
    ['envelope50000', { http: 200, envelope: { status_code: 50000, tasks: null } }],
    ['envelope40202', { http: 200, envelope: { status_code: 40202, tasks: null } }],
    ['task50401', { http: 200, envelope: { status_code: 20000, tasks_error: 1 }, task: { status_code: 50401 } }],
    ['task40202', { http: 200, envelope: { status_code: 20000 }, task: { status_code: 40202, result: null } }],
    ['code:40503', { http: 200, envelope: { status_code: 20000 }, task: { status_code: 40503 } }],
    ['empty_ok', { http: 200, task: { status_code: 20000, result_count: 0, result: [] } }],
    ['lie_result_count', { http: 200, task: { status_code: 20000, result_count: 21 } }],
    ['wrong_shape', { http: 200, task: { status_code: 20000, result: { items: 'of another kind' } } }],
    ['wrong_echo', { http: 200, task: { status_code: 20000, data: { offset: 999_999, limit: 7 } } }],
  ])('%s is answered as its name says', async (fault, expected) => {
    expect(await answerUnder({ fault })).toMatchObject(expected);
  });

  test('code:… stands in the envelope, with a text of its own, where that is asked for', async () => {
    const { envelope } = await answerUnder({ fault: 'code:40209', level: 'envelope', message: 'Too many.' });
    expect(envelope).toMatchObject({ status_code: 40209, status_message: 'Too many.', tasks: null });
  });

  test('http429 tells how long to wait, or does not', async () => {
    expect((await answerUnder({ fault: 'http429', retryAfterSeconds: 7 })).headers['retry-after']).toBe('7');
    const silent = await answerUnder({ fault: 'http429' });
    expect({ http: silent.http, after: silent.headers['retry-after'] }).toEqual({ http: 429, after: undefined });
  });

  test.each(['reset', 'cut'] as const)('%s breaks the connection', async (fault) => {
    await expect(answerUnder({ fault })).rejects.toThrow(/hang up|aborted|ECONNRESET/);
    await expect(answerUnder({ fault }, { 'accept-encoding': 'gzip' })).rejects.toThrow(/hang up|aborted|ECONNRESET/);
  });

  test('truncated ends in the middle of the JSON, and says that this is all', async () => {
    for (const encoding of ['identity', 'gzip']) {
      const { http, text } = await answerUnder({ fault: 'truncated' }, { 'accept-encoding': encoding });
      expect(http).toBe(200);
      expect(text).toMatch(/^{"version"/);
      expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    }
  });

  test('huge is a good answer of the size that was asked for', async () => {
    const { text, task } = await answerUnder({ fault: 'huge', bytes: 300_000 });
    expect(task).toMatchObject({ status_code: 20000, result_count: 20 });
    expect(text.length).toBeGreaterThan(300_000);
    expect(text.length).toBeLessThan(310_000);
  });

  test('drop_row and repeat_row touch one row in the middle', async () => {
    const simulator = await simulate();
    const whole = (await ask(simulator, lastDay({ limit: 20 }))).rows.map(({ id }) => id);
    simulator.set({ faults: [{ fault: 'drop_row' }] });
    const dropped = await ask(simulator, lastDay({ limit: 20 }));
    expect(dropped.task['result_count']).toBe(19);
    expect(dropped.rows.map(({ id }) => id)).toEqual(whole.toSpliced(10, 1));
    simulator.set({ faults: [{ fault: 'repeat_row' }] });
    const repeated = await ask(simulator, lastDay({ limit: 20 }));
    expect(repeated.rows.map(({ id }) => id)).toEqual(whole.with(10, whole[9]!));
  });

  test('slow answers well after its time', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock, faults: [{ fault: 'slow', ms: 90_000 }] });
    const { task } = await ask(simulator, lastDay());
    expect(clock.slept).toEqual([90_000]);
    expect(task).toMatchObject({ status_code: 20000, time: '90.0000 sec.' });
  });

  test('hang never answers, and ends with the simulator', async () => {
    const simulator = await simulate({ faults: [{ fault: 'hang', times: 1 }] });
    let answered = false;
    const hanging = ask(simulator, lastDay()).then(
      () => (answered = true),
      (error: unknown) => error,
    );
    await expect.poll(() => simulator.stats().perCode).toEqual({ hang: 1 });
    expect((await ask(simulator, lastDay())).http).toBe(200);
    expect(answered).toBe(false);
    await simulator.close();
    expect(await hanging).toBeInstanceOf(Error);
  });
});

describe('a rule', () => {
  const HIT = 'code:50000';

  async function hits(rules: Rule[], questions: Record<string, unknown>[]): Promise<boolean[]> {
    const simulator = await simulate({ apis: ['backlinks', 'serp'], faults: rules });
    const hit: boolean[] = [];
    for (const { api = 'backlinks', ...question } of questions)
      hit.push((await ask(simulator, question, { api: String(api) })).task['status_code'] === 50000);
    return hit;
  }

  const five = Array.from({ length: 5 }, () => lastDay());

  test('hits the n-th call, every n-th, or as many as it is told to', async () => {
    expect(await hits([{ when: { call: 2 }, fault: HIT }], five)).toEqual([false, true, false, false, false]);
    expect(await hits([{ when: { every: 2 }, fault: HIT }], five)).toEqual([false, true, false, true, false]);
    expect(await hits([{ times: 3, fault: HIT }], five)).toEqual([true, true, true, false, false]);
  });

  test('hits by offset, limit, metadata, API and the time that is asked for', async () => {
    const questions = [
      lastDay(),
      lastDay({ offset: 999 }),
      lastDay({ limit: 500 }),
      lastDay({ include_metadata: true }),
      lastDay({ api: 'serp' }),
      { datetime_from: formatWireTime(START - 3 * DAY), datetime_to: formatWireTime(START - 2 * DAY) },
      lastDay({ limit: 0 }),
    ];
    const hitBy = async (when: Rule['when']) =>
      (await hits([{ when, fault: HIT }], questions)).flatMap((hit, index) => (hit ? [index] : []));
    expect(await hitBy({ offsetFrom: 1 })).toEqual([1]);
    expect(await hitBy({ limitAbove: 500 })).toEqual([0, 1, 3, 4, 5]);
    expect(await hitBy({ metadata: true })).toEqual([3]);
    expect(await hitBy({ api: 'serp' })).toEqual([4]);
    expect(await hitBy({ covers: START - 2.5 * DAY })).toEqual([5]);
    expect(await hitBy({ covers: START - 2 * DAY, metadata: false })).toEqual([5]);
  });

  test('hits a seeded share of the calls, the same with the same seed', async () => {
    const many = Array.from({ length: 60 }, () => lastDay({ limit: 1 }));
    const first = await hits([{ when: { share: 0.3 }, fault: HIT }], many);
    expect(first.filter(Boolean).length).toBeGreaterThan(8);
    expect(first.filter(Boolean).length).toBeLessThan(30);
    expect(await hits([{ when: { share: 0.3 }, fault: HIT }], many)).toEqual(first);
  });

  test('gives way to the one before it, and counts anew when the rules are set again', async () => {
    const simulator = await simulate();
    const rules: Rule[] = [
      { when: { call: 1 }, fault: 'code:50301' },
      { times: 1, fault: 'code:50000' },
    ];
    for (let round = 0; round < 2; round += 1) {
      simulator.set({ faults: rules });
      const codes: unknown[] = [];
      for (let call = 0; call < 3; call += 1) codes.push((await ask(simulator, lastDay())).task['status_code']);
      expect(codes).toEqual([50301, 50000, 20000]);
    }
  });

  test('does not meet a call that the budget has refused', async () => {
    const simulator = await simulate({ rate: { calls: 1 }, faults: [{ when: { call: 2 }, fault: 'html' }] });
    await ask(simulator, lastDay());
    expect((await ask(simulator, lastDay())).envelope['status_code']).toBe(40202);
    simulator.set({ rate: { calls: 5 } });
    expect((await ask(simulator, lastDay())).text).toMatch(/^<html>/);
  });
});
