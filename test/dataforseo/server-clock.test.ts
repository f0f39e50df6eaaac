import { describe, expect, it } from 'vitest';
import { createServerClock } from '../../src/dataforseo/server-clock.ts';
import { createFakeClock } from '../support/fake-clock.ts';

describe('the clock of the server', () => {
  it('is this machine’s and the last known skew before the first answer', () => {
    const clock = createFakeClock({ now: 1_000_000 });
    const serverClock = createServerClock(clock, { skewMs: -3_000 });
    expect(serverClock.known()).toBe(false);
    expect(serverClock.now()).toBe(997_000);
    expect(serverClock.skewMs()).toBe(-3_000);
    expect(createServerClock(clock).skewMs()).toBe(0);
  });

  it('is never before the last answer that an earlier process had, though the wall clock has been put back since', async () => {
    const clock = createFakeClock({ now: 1_000_000, monotonic: 7_000 });
    const serverClock = createServerClock(clock, { skewMs: 5_000, leastAt: 4_000_000 });
    expect(serverClock.known()).toBe(false);
    expect(serverClock.now()).toBe(4_000_000);
    // It goes on: the tail has something to read in a moment, and what is answered tells the time.
    await clock.advance(60_000);
    expect(serverClock.now()).toBe(4_060_000);
    serverClock.observe(4_500_000, clock.monotonic());
    expect(serverClock.now()).toBe(4_500_000);
    const ahead = createServerClock(clock, { skewMs: 5_000, leastAt: 900_000 });
    expect(ahead.now()).toBe(1_065_000);
  });

  it('goes on from the last Date by the monotonic clock, whatever the wall clock does', async () => {
    const clock = createFakeClock({ now: 1_000_000, monotonic: 500 });
    const serverClock = createServerClock(clock);
    serverClock.observe(2_000_000, 400);
    expect(serverClock.known()).toBe(true);
    expect(serverClock.now()).toBe(2_000_100);
    clock.stepWall(-900_000);
    await clock.advance(250);
    expect(serverClock.now()).toBe(2_000_350);
    expect(serverClock.skewMs()).toBe(2_000_350 - 100_250);
  });

  it('is never ahead of the server, whose Date is cut to the second', () => {
    const clock = createFakeClock({ now: 10_000, monotonic: 0 });
    const serverClock = createServerClock(clock);
    for (const trueMs of [0, 1, 499, 999]) {
      serverClock.observe(Math.floor((10_000 + trueMs) / 1_000) * 1_000, 0);
      expect(serverClock.now()).toBeLessThanOrEqual(10_000 + trueMs);
    }
  });

  it('is not moved by one wrong answer, and is by three that agree', () => {
    const clock = createFakeClock({ now: 1_000_000, monotonic: 0 });
    const serverClock = createServerClock(clock);
    const year = 365 * 86_400_000;
    serverClock.observe(1_000_000 + year, 0);
    expect(serverClock.known()).toBe(false);
    serverClock.observe(1_000_000, 0);
    serverClock.observe(1_000_000 + year, 0);
    serverClock.observe(1_000_000 + 2 * year, 0);
    serverClock.observe(1_000_000 + year, 0);
    expect(serverClock.now()).toBe(1_000_000);
    for (let n = 0; n < 3; n += 1) serverClock.observe(1_000_000 + year + n * 1_000, 0);
    expect(serverClock.now()).toBe(1_000_000 + year + 2_000);
  });

  it('ignores a Date that is none', () => {
    const serverClock = createServerClock(createFakeClock());
    serverClock.observe(NaN, 0);
    expect(serverClock.known()).toBe(false);
  });

  it('is not sure while the latest answer contradicts it', () => {
    const serverClock = createServerClock(createFakeClock({ now: 1_000_000, monotonic: 0 }));
    expect(serverClock.sure()).toBe(false);
    serverClock.observe(1_000_000, 0);
    expect(serverClock.sure()).toBe(true);
    serverClock.observe(4_600_000, 0);
    expect(serverClock.sure()).toBe(false);
    serverClock.observe(1_000_000, 0);
    expect(serverClock.sure()).toBe(true);
    for (let n = 0; n < 3; n += 1) serverClock.observe(4_600_000, 0);
    expect({ now: serverClock.now(), sure: serverClock.sure() }).toEqual({ now: 4_600_000, sure: true });
  });

  it('takes a first Date that is off by a time zone as the best that is known, but is not sure before another agrees', () => {
    const serverClock = createServerClock(createFakeClock({ now: 1_000_000, monotonic: 0 }));
    serverClock.observe(4_600_000, 0);
    expect({ now: serverClock.now(), sure: serverClock.sure() }).toEqual({ now: 4_600_000, sure: false });
    serverClock.observe(4_600_000, 0);
    expect(serverClock.sure()).toBe(true);
  });
});
