import { describe, expect, it } from 'vitest';
import { chaseAt, chasePauseMs, dueSeconds } from '../../src/domain/chase.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2024, 4, 15, 12);
const HALF_YEAR = 182 * DAY;

describe('an unfinished task', () => {
  it('is looked at after 10 minutes, an hour, six hours, a day, then each day for a month, then each week', () => {
    const pauses: number[] = [];
    // The tail sees it half a minute after it was posted.
    for (let age = 30_000; age < 60 * DAY; age += pauses.at(-1) ?? 0) pauses.push(chasePauseMs(age, HOUR));
    expect(pauses.slice(0, 6)).toEqual([10 * MINUTE, HOUR, 6 * HOUR, DAY, DAY, DAY]);
    const days = pauses.filter((pause) => pause === DAY).length;
    expect(days).toBeGreaterThanOrEqual(29);
    expect(days).toBeLessThanOrEqual(32);
    expect(pauses.slice(3 + days)).toEqual(pauses.slice(3 + days).map(() => 7 * DAY));
    expect(pauses.at(-1)).toBe(7 * DAY);
  });

  it('that was found late begins with the pause of its age', () => {
    expect(chasePauseMs(3 * DAY, HOUR)).toBe(DAY);
    expect(chasePauseMs(40 * DAY, HOUR)).toBe(7 * DAY);
  });

  it('is never looked at more often than tasks take to settle', () => {
    expect(chasePauseMs(3 * DAY, 2 * DAY)).toBe(2 * DAY * 6);
    expect(chasePauseMs(400 * DAY, 8 * DAY)).toBe(8 * DAY);
  });

  it('is looked at once more before it leaves the half year, and not a second time', () => {
    const moment = { now: NOW, settleMs: HOUR, idsEdge: NOW - HALF_YEAR };
    const postedAt = NOW - HALF_YEAR + 2 * DAY;
    const lastChanceAt = NOW + 2 * DAY - 12 * HOUR;
    expect(chaseAt({ postedAt, lookedAt: NOW - DAY }, moment)).toBe(lastChanceAt);
    expect(chaseAt({ postedAt, lookedAt: lastChanceAt + 1 }, moment)).toBe(lastChanceAt + 1 + 7 * DAY);
  });

  it('is due when its time has come, by when it was last read', () => {
    const moment = { now: NOW, settleMs: HOUR, idsEdge: NOW - HALF_YEAR };
    const postedAt = NOW - 11 * MINUTE;
    expect(dueSeconds([{ postedAt, lookedAt: NOW - 10 * MINUTE }], moment)).toEqual([
      { since: postedAt, until: postedAt + 1_000 },
    ]);
    expect(dueSeconds([{ postedAt, lookedAt: NOW - 10 * MINUTE + 1 }], moment)).toEqual([]);
  });
});
