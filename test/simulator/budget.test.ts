import { describe, expect, test } from 'vitest';
import { mostInAnyPeriod } from '../../src/simulator/rate.ts';
import { systemClock } from '../../src/time.ts';
import { ask, fakeClock, lastDay, simulate } from './calls.ts';

const TEN = { calls: 10 } as const;

describe('the budget', () => {
  test('lets ten calls through in any sixty seconds and refuses the eleventh', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock, rate: TEN });
    for (let call = 0; call < 10; call += 1) {
      expect((await ask(simulator, lastDay())).envelope['status_code']).toBe(20000);
      clock.advance(1_000);
    }
    const refused = await ask(simulator, lastDay());
    expect(refused.http).toBe(200);
    expect(refused.envelope).toMatchObject({ status_code: 40202, tasks: null, tasks_count: 0 });
    clock.advance(49_999);
    expect((await ask(simulator, lastDay())).envelope['status_code']).toBe(40202);
    clock.advance(1);
    expect((await ask(simulator, lastDay())).envelope['status_code']).toBe(20000);
    expect((await ask(simulator, lastDay())).envelope['status_code']).toBe(40202);
    expect(simulator.stats()).toMatchObject({ calls: 14, accepted: 11, throttled: 3, acceptedMaxInAnyPeriod: 10 });
  });

  test('tells a refusal in the task or as HTTP 429 where that is asked for', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock, rate: { calls: 1, answer: 'task40202' } });
    await ask(simulator, lastDay());
    expect(await ask(simulator, lastDay())).toMatchObject({
      http: 200,
      envelope: { status_code: 20000, tasks_error: 1 },
      task: { status_code: 40202, result: null },
    });
    simulator.set({ rate: { answer: 'http429' } });
    clock.advance(10_500);
    const refused = await ask(simulator, lastDay());
    expect({ http: refused.http, after: refused.headers['retry-after'] }).toEqual({ http: 429, after: '50' });
  });

  test('lets two budgets through at the turn of the minute when it goes by the clock', async () => {
    const clock = fakeClock();
    clock.advance(59_000);
    const simulator = await simulate({ clock, rate: { ...TEN, window: 'clock' } });
    const codes: unknown[] = [];
    for (let call = 0; call < 22; call += 1) {
      codes.push((await ask(simulator, lastDay())).envelope['status_code']);
      if (call === 10) clock.advance(1_000);
    }
    expect(codes.filter((code) => code === 40202)).toHaveLength(2);
    expect(simulator.stats()).toMatchObject({ acceptedMaxInAnyPeriod: 20, maxInAnyPeriod: 22 });
  });

  test('is used up by refused calls too when it is strict', async () => {
    const clock = fakeClock();
    const simulator = await simulate({ clock, rate: { calls: 2, strict: true } });
    for (let call = 0; call < 5; call += 1) {
      await ask(simulator, lastDay());
      clock.advance(20_000);
    }
    expect(simulator.stats()).toMatchObject({ accepted: 2, throttled: 3 });
  });

  test('is one for the account, or one for each API', async () => {
    const simulator = await simulate({ apis: ['backlinks', 'serp'], rate: { calls: 1 } });
    await ask(simulator, lastDay());
    expect((await ask(simulator, lastDay(), { api: 'serp' })).envelope['status_code']).toBe(40202);
    simulator.set({ rate: { scope: 'api' } });
    expect((await ask(simulator, lastDay(), { api: 'serp' })).envelope['status_code']).toBe(20000);
    expect((await ask(simulator, lastDay(), { api: 'serp' })).envelope['status_code']).toBe(40202);
  });

  test('counts a call when it arrives, not when it is answered', async () => {
    const simulator = await simulate({ clock: systemClock(), rate: { calls: 3 }, latency: { meanMs: 20 } });
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => ask(simulator, lastDay())));
    expect(answers.filter(({ envelope }) => envelope['status_code'] === 40202)).toHaveLength(2);
    expect(simulator.stats().maxInAnyPeriod).toBe(5);
  });

  test('is not used by a caller whom it does not know', async () => {
    const simulator = await simulate({ rate: { calls: 1 } });
    for (let call = 0; call < 3; call += 1)
      expect((await ask(simulator, lastDay(), { authorization: null })).http).toBe(401);
    expect((await ask(simulator, lastDay())).envelope['status_code']).toBe(20000);
  });

  test('is used by calls that fail, whatever the reason', async () => {
    const simulator = await simulate({ rate: { calls: 2 }, faults: [{ fault: 'http500', times: 1 }] });
    await ask(simulator, lastDay());
    await ask(simulator, lastDay({ limit: 0 }));
    expect((await ask(simulator, lastDay())).envelope['status_code']).toBe(40202);
    expect(simulator.stats().perCode).toEqual({ 50000: 1, 40501: 1, 40202: 1 });
  });
});

describe('the most arrivals in any period', () => {
  test('is that of the fullest stretch; a whole period apart is apart', () => {
    expect(mostInAnyPeriod([], 100)).toBe(0);
    expect(mostInAnyPeriod([0, 100, 200], 100)).toBe(1);
    expect(mostInAnyPeriod([0, 99, 150, 199, 245, 700], 100)).toBe(3);
  });
});
