import { describe, expect, it } from 'vitest';
import { budgetWords } from '../../src/web/budget.ts';
import { rangeOf } from '../../src/web/charts.ts';

const NOW = Date.UTC(2026, 10, 27, 20, 30, 40);
const minute = (ago: number, calls: number, failed = 0) => ({
  at: new Date(Math.floor(NOW / 60_000 - ago) * 60_000).toISOString(),
  calls,
  failed,
});
const told = (...minutes: readonly ReturnType<typeof minute>[]) =>
  budgetWords({ at: new Date(NOW).toISOString(), mostInAMinute: 10, minutes });

describe('the words of the budget', () => {
  it('tell the calls of the last hour, what the cap is, and that none failed', () => {
    expect(told(minute(59, 3), minute(0, 10))).toEqual({
      lead: '13 of 600 calls in the last hour',
      note: 'The cap is 10 in any minute (dashed). None failed.',
    });
  });

  it('count what failed, but not of an earlier minute than the calls', () => {
    expect(told(minute(1, 5, 1)).note).toMatch(/ 1 call failed\.$/);
    expect(told(minute(1, 5, 2), minute(60, 8, 7))).toMatchObject({
      lead: '5 of 600 calls in the last hour',
      note: expect.stringMatching(/ 2 calls failed\.$/) as string,
    });
  });

  it('explain a minute of more calls than the cap, which is none', () => {
    const shifted = '; a call at the turn of a minute may show in the one beside it';
    expect(told(minute(3, 11)).note).toBe(`The cap is 10 in any minute (dashed)${shifted}. None failed.`);
    expect(told(minute(3, 10)).note).not.toContain('turn of a minute');
  });

  it('do not praise an hour without a call', () => {
    expect(told()).toEqual({
      lead: '0 of 600 calls in the last hour',
      note: 'The cap is 10 in any minute (dashed). No call was made.',
    });
  });
});

it('a chart ends within its last day, so that no label is of one that has not come', () => {
  const day = 86_400;
  const [from, to] = rangeOf([10 * day, 11 * day, 12 * day], day);
  expect([from, to]).toEqual([9.5 * day, 12.5 * day]);
  expect(rangeOf([60], 60)).toEqual([30, 90]);
});
