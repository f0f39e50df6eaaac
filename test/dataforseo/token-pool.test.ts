import { afterEach, describe, expect, it } from 'vitest';
import type { TokenPool } from '../../src/dataforseo/token-pool.ts';
import { createTokenPool } from '../../src/dataforseo/token-pool.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const WHOLE = 60_300;
const never = new AbortController().signal;
const pools: TokenPool[] = [];

afterEach(() => {
  for (const pool of pools.splice(0)) pool.stop();
});

function setUp(calls: number) {
  const clock = createFakeClock();
  const spare: number[] = [];
  const pool = createTokenPool({ clock, terms: { calls, periodMs: 60_000 }, history: [] }, (now) => spare.push(now));
  pools.push(pool);
  const answer = () => {
    const now = clock.monotonic();
    return { sentMono: now, headersMono: now, answeredMono: now, executionMs: null };
  };
  return { clock, pool, answer, spare };
}

describe('the pool of tokens', () => {
  it('makes whoever finds no token wait, and serves them in their order', async () => {
    const { clock, pool, answer } = setUp(1);
    const token = await pool.take(never);
    const served: string[] = [];
    const first = pool.take(never).then((later) => {
      served.push(`first at ${String(clock.monotonic())}`);
      return later;
    });
    const second = pool.take(never).then(() => served.push(`second at ${String(clock.monotonic())}`));
    const began = clock.monotonic();
    expect(pool.waiting()).toEqual({ untilMono: Infinity, why: 'budget' });
    expect(token.answered(answer())).toBe(began + WHOLE);
    await clock.advance(WHOLE - 1);
    expect(served).toEqual([]);
    await clock.advance(1);
    expect(served).toEqual([`first at ${String(began + WHOLE)}`]);
    (await first).answered(answer());
    await clock.advance(WHOLE);
    await second;
    expect(served[1]).toBe(`second at ${String(began + 2 * WHOLE)}`);
  });

  it('forgets who gives up waiting, and gives the token to the next', async () => {
    const { clock, pool, answer } = setUp(1);
    const token = await pool.take(never);
    const caller = new AbortController();
    const given_up = pool.take(caller.signal);
    let isServed = false;
    const next = pool.take(never).then(() => (isServed = true));
    caller.abort(new Error('too long'));
    await expect(given_up).rejects.toThrow('too long');
    token.answered(answer());
    await clock.advance(WHOLE);
    await next;
    expect(isServed).toBe(true);
    await expect(pool.take(caller.signal)).rejects.toThrow('too long');
  });

  it('takes the end of a call once', async () => {
    const { clock, pool, answer } = setUp(2);
    const token = await pool.take(never);
    const backAt = token.answered(answer());
    token.unused();
    expect(token.failed(clock.monotonic() + 99_000)).toBe(backAt);
    expect(pool.inUse()).toBe(1);
  });

  it('tells how many tokens are spare, less whoever waits already', async () => {
    const { clock, pool, answer, spare } = setUp(2);
    expect(spare.at(-1)).toBe(2);
    const token = await pool.take(never);
    expect(spare.at(-1)).toBe(1);
    await pool.take(never);
    const waiting = pool.take(never);
    expect(spare.at(-1)).toBe(-1);
    token.answered(answer());
    await clock.advance(WHOLE);
    await waiting;
    expect(spare.at(-1)).toBe(0);
  });

  it('disbelieves the time of the server after a throttle', async () => {
    const { clock, pool } = setUp(3);
    const before = await pool.take(never);
    const throttled = await pool.take(never);
    await clock.advance(2_000);
    const now = clock.monotonic();
    const slow = { sentMono: now - 2_000, headersMono: now, answeredMono: now, executionMs: 1_500 };
    expect(before.answered(slow)).toBe(now - 1_500 + WHOLE);
    throttled.throttled({ answeredMono: now, retryAfterMs: null });
    await clock.advance(WHOLE);
    const after = await pool.take(never);
    await clock.advance(2_000);
    const later = clock.monotonic();
    const slower = { sentMono: later - 2_000, headersMono: later, answeredMono: later, executionMs: 1_500 };
    expect(after.answered(slower)).toBe(later + WHOLE);
  });

  it('keeps no timer once it has stopped', async () => {
    const { clock, pool, answer } = setUp(1);
    const token = await pool.take(never);
    token.answered(answer());
    expect(clock.sleepers()).toHaveLength(1);
    pool.stop();
    pool.stop();
    expect(clock.sleepers()).toHaveLength(0);
  });
});
