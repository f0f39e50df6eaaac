import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Limiter } from '../../src/dataforseo/limiter.ts';
import { createLimiter } from '../../src/dataforseo/limiter.ts';
import type { Token } from '../../src/dataforseo/token-pool.ts';
import type { PastCall } from '../../src/domain/budget.ts';
import type { CallPurpose } from '../../src/domain/call.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { createFakeClock, settle } from '../support/fake-clock.ts';

const PERIOD_MS = 60_000;
const WHOLE = 60_300;

let clock: FakeClock;
let limiters: Limiter[];

beforeEach(() => {
  clock = createFakeClock();
  limiters = [];
});

afterEach(async () => {
  await Promise.all(limiters.map((limiter) => limiter.stop()));
});

function limiterOf(calls: number, history: readonly PastCall[] = []): Limiter {
  const limiter = createLimiter({ clock, terms: { calls, periodMs: PERIOD_MS }, history });
  limiters.push(limiter);
  return limiter;
}

/** Long enough for bottleneck to let go whatever it will. */
const rest = () => settle(20);
const never = new AbortController().signal;

/** A call that is answered at once; it notes when it ran. */
function answeredAt(ran: number[]) {
  return (token: Token) => {
    const now = clock.monotonic();
    ran.push(now);
    token.answered({ sentMono: now, headersMono: now, answeredMono: now, executionMs: null });
    return Promise.resolve();
  };
}

/** A call that runs until it is let go. */
function held() {
  const tokens: Token[] = [];
  const let_go: (() => void)[] = [];
  const job = (token: Token) =>
    new Promise<void>((resolve) => {
      tokens.push(token);
      let_go.push(resolve);
    });
  return { job, tokens, letGo: let_go };
}

describe('the limiter', () => {
  it('lets as many through at once as there are tokens, and one more each time one comes back', async () => {
    const limiter = limiterOf(3);
    const ran: number[] = [];
    const began = clock.monotonic();
    const calls = Promise.all(Array.from({ length: 7 }, () => limiter.run('backfill', answeredAt(ran), never)));
    await rest();
    expect(ran).toHaveLength(3);
    expect(limiter.inUse()).toBe(3);
    expect(limiter.waiting()).toEqual({ untilMono: began + WHOLE, why: 'budget' });
    await clock.advance(WHOLE - 1);
    await rest();
    expect(ran).toHaveLength(3);
    await clock.advance(1);
    await rest();
    expect(ran).toHaveLength(6);
    await clock.advance(WHOLE);
    await calls;
    expect(ran.at(-1)).toBe(began + 2 * WHOLE);
    expect(limiter.waiting()).toBeNull();
  });

  it('runs at most four calls at once', async () => {
    const limiter = limiterOf(10);
    const { job, tokens, letGo } = held();
    const calls = Array.from({ length: 6 }, () => limiter.run('backfill', job, never));
    await rest();
    expect(tokens).toHaveLength(4);
    letGo[0]!();
    await rest();
    expect(tokens).toHaveLength(5);
    while (letGo.length < 6 || tokens.length < 6) {
      for (const go of letGo) go();
      await rest();
    }
    for (const go of letGo) go();
    await Promise.all(calls);
  });

  it('serves the most urgent purpose first, and within one in the order of asking', async () => {
    const limiter = limiterOf(1);
    const order: string[] = [];
    const note = (name: string) => (token: Token) => {
      order.push(name);
      const now = clock.monotonic();
      token.answered({ sentMono: now, headersMono: now, answeredMono: now, executionMs: null });
      return Promise.resolve();
    };
    await limiter.run('verify', note('first'), never);
    const purposes: CallPurpose[] = ['verify', 'chase', 'settle', 'backfill', 'isolate', 'recount', 'tail'];
    const calls = Promise.all(purposes.map((purpose) => limiter.run(purpose, note(purpose), never)));
    await rest();
    while (order.length <= purposes.length) {
      await clock.advance(WHOLE);
      await rest();
    }
    await calls;
    expect(order).toEqual(['first', 'tail', 'chase', 'settle', 'backfill', 'isolate', 'recount', 'verify']);
  });

  it('holds everybody back after a throttle, also those that bottleneck has let through already', async () => {
    const limiter = limiterOf(10);
    const { job, tokens, letGo } = held();
    const first = limiter.run('backfill', job, never);
    await rest();
    const ran: number[] = [];
    const began = clock.monotonic();
    const others = Promise.all(Array.from({ length: 9 }, () => limiter.run('backfill', answeredAt(ran), never)));
    tokens[0]!.throttled({ answeredMono: began, retryAfterMs: 90_000 });
    letGo[0]!();
    await rest();
    expect(ran).toEqual([]);
    expect(limiter.waiting()).toEqual({ untilMono: began + 90_450, why: 'throttled' });
    await clock.advance(90_449);
    await rest();
    expect(ran).toEqual([]);
    await clock.advance(1);
    await rest();
    expect(ran).toEqual(Array.from({ length: 9 }, () => began + 90_450));
    await Promise.all([first, others]);
  });

  it('spends no token on a call that never left', async () => {
    const limiter = limiterOf(1);
    const failure = new Error('the journal is full');
    const unsent = (token: Token) => {
      token.unused();
      return Promise.reject(failure);
    };
    for (let turn = 0; turn < 3; turn += 1) await expect(limiter.run('tail', unsent, never)).rejects.toBe(failure);
    expect(limiter.inUse()).toBe(0);
  });

  it('takes a call for lost whose end nobody told', async () => {
    const limiter = limiterOf(1);
    const began = clock.monotonic();
    await limiter.run('tail', () => Promise.resolve('forgotten'), never);
    expect(limiter.inUse()).toBe(1);
    const ran: number[] = [];
    const next = limiter.run('tail', answeredAt(ran), never);
    await rest();
    await clock.advance(5_000 + WHOLE);
    await next;
    expect(ran).toEqual([began + 5_000 + WHOLE]);
  });

  it('goes on where an earlier process stopped', async () => {
    const past: PastCall = {
      sentAt: clock.now() - 10,
      sentMono: clock.monotonic() - 10,
      boot: clock.boot,
      periodMs: PERIOD_MS,
      answered: null,
    };
    const limiter = limiterOf(2, [past, past]);
    expect(limiter.inUse()).toBe(2);
    expect(limiter.waiting()).toBeNull();
    const began = clock.monotonic();
    const ran: number[] = [];
    const call = limiter.run('tail', answeredAt(ran), never);
    await rest();
    await clock.advance(5_000 + WHOLE);
    await call;
    expect(ran).toEqual([began + 5_000 + WHOLE]);
  });

  it('lets one give up waiting without the others losing a token or a lane', async () => {
    const limiter = limiterOf(1);
    const ran: number[] = [];
    await limiter.run('tail', answeredAt(ran), never);
    const impatient = Array.from({ length: 8 }, () => new AbortController());
    const given_up = impatient.map((caller) => limiter.run('tail', answeredAt(ran), caller.signal));
    const patient = limiter.run('verify', answeredAt(ran), never);
    await rest();
    for (const caller of impatient) caller.abort(new Error('too long'));
    for (const call of given_up) await expect(call).rejects.toThrow('too long');
    await clock.advance(WHOLE);
    await patient;
    expect(ran).toHaveLength(2);
    const next = limiter.run('verify', answeredAt(ran), never);
    await rest();
    await clock.advance(WHOLE);
    await next;
    expect(ran).toHaveLength(3);
  });

  it('takes no token for a caller that gave up before it asked', async () => {
    const limiter = limiterOf(1);
    await expect(limiter.run('tail', answeredAt([]), AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(limiter.inUse()).toBe(0);
  });

  it('rejects whoever waits when it stops, waits for who runs, keeps no timer, and may be stopped again', async () => {
    const limiter = limiterOf(1);
    const { job, letGo } = held();
    const running = limiter.run('backfill', job, never);
    const waiting = limiter.run('tail', answeredAt([]), never);
    waiting.catch(() => undefined);
    await rest();
    let hasStopped = false;
    const stopping = Promise.all([limiter.stop(), limiter.stop()]).then(() => (hasStopped = true));
    await expect(waiting).rejects.toThrow('the limiter has stopped');
    await rest();
    expect(hasStopped).toBe(false);
    letGo[0]!();
    await running;
    await stopping;
    await limiter.stop();
    expect(clock.sleepers()).toEqual([]);
    await expect(limiter.run('tail', answeredAt([]), never)).rejects.toThrow('the limiter has stopped');
  });

  it('uses its budget to 98.5 % and no more, however calls end', async () => {
    const limiter = limiterOf(4);
    const ran: number[] = [];
    const calls = Array.from({ length: 60 }, () => limiter.run('backfill', answeredAt(ran), never));
    const began = clock.monotonic();
    for (let step = 0; ran.length < 60; step += 1) {
      await rest();
      await clock.advanceToNext();
    }
    await Promise.all(calls);
    expect(((60 / 4 - 1) * PERIOD_MS) / (clock.monotonic() - began)).toBeGreaterThanOrEqual(0.985);
    for (let first = 0; first + 4 < ran.length; first += 1) {
      expect(ran[first + 4]! - ran[first]!).toBeGreaterThanOrEqual(PERIOD_MS);
    }
  });

  it.each([-3_600_000, 3_600_000])('is not held up by a wall clock that steps by %i ms', async (ms) => {
    const ran: number[] = [];
    const limiter = limiterOf(2);
    await limiter.run('tail', answeredAt(ran), never);
    // Bottleneck looks at the wall clock by itself.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
    try {
      const second = limiter.run('tail', answeredAt(ran), never);
      await rest();
      expect(ran).toHaveLength(2);
      await second;
      const fresh = limiterOf(1);
      vi.setSystemTime(Date.now() - 3_600_000);
      await fresh.run('tail', answeredAt(ran), never);
    } finally {
      vi.useRealTimers();
    }
  });
});
