import { describe, expect, it } from 'vitest';
import { longestPauseMs } from '../../src/harvest/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('the longest pause of a schedule', () => {
  it.each([
    ['* * * * *', MINUTE],
    ['*/7 * * * *', 7 * MINUTE],
    ['5,20 * * * *', 45 * MINUTE],
    ['0 * * * *', HOUR],
    ['*/10 8-18 * * *', 13 * HOUR + 10 * MINUTE],
    ['*/10 8-18 * * 1-5', 2 * DAY + 13 * HOUR + 10 * MINUTE],
    ['* 8-18 * * 1-5', 2 * DAY + 13 * HOUR + MINUTE],
    ['30 3 * * *', DAY],
    ['0 12 * * 0', 7 * DAY],
    ['* * * * * *', 1_000],
    ['*/15 * * * * *', 15_000],
    ['10,40 */20 * * * *', 20 * MINUTE - 30_000],
    ['0 0 1 * *', 31 * DAY],
  ])('%s is %i ms', (cron, expected) => {
    expect(longestPauseMs(cron)).toBe(expected);
  });

  it('of a leap day is found without looking a thousand leap years ahead', () => {
    const began = process.cpuUsage();
    expect(longestPauseMs('0 0 29 2 *')).toBeGreaterThanOrEqual(4 * 365 * DAY);
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(150);
  });
});
