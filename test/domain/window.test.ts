import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Refusal } from '../../src/domain/window.ts';
import { EDGE_MARGIN_MS, monthsBefore, windowEdge } from '../../src/domain/window.ts';

const DAY = 86_400_000;
const WEEK = 7 * DAY;
const at = (text: string) => Date.parse(text);
/** How wide the window is, its margin added. */
const widthOf = (grade: Refusal['grade'], now: number, refusals: readonly Refusal[] = []) =>
  now - windowEdge(grade, now, refusals) + EDGE_MARGIN_MS;

/** Year, month and day by hand; `Date` only counts the days. */
function byHand(now: number, months: number): number {
  const [year = 0, month = 0, day = 0] = new Date(now).toISOString().slice(0, 10).split('-').map(Number);
  const count = year * 12 + (month - 1) - months;
  const lengths = [31, isLeap(Math.floor(count / 12)) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const length = lengths[count % 12] ?? 0;
  return Date.UTC(Math.floor(count / 12), count % 12, Math.min(day, length)) + (now % DAY);
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

describe('a calendar month back', () => {
  it('is the same time of the same day, or of the last one where the month is shorter, on every day of thirteen years', () => {
    for (let now = at('2096-01-01T13:14:15.678Z'); now < at('2109-01-01'); now += DAY) {
      for (const months of [1, 6]) {
        expect(new Date(monthsBefore(now, months)).toISOString()).toBe(new Date(byHand(now, months)).toISOString());
      }
    }
  });

  it.each([
    ['2024-03-31T10:00:00Z', 1, '2024-02-29T10:00:00.000Z'],
    ['2023-03-31T10:00:00Z', 1, '2023-02-28T10:00:00.000Z'],
    ['2024-03-01T00:00:00Z', 1, '2024-02-01T00:00:00.000Z'],
    ['2024-05-31T23:59:59Z', 1, '2024-04-30T23:59:59.000Z'],
    ['2024-01-31T00:00:00Z', 1, '2023-12-31T00:00:00.000Z'],
    ['2024-08-31T00:00:00Z', 6, '2024-02-29T00:00:00.000Z'],
    ['2023-08-29T00:00:00Z', 6, '2023-02-28T00:00:00.000Z'],
    ['2024-02-29T00:00:00Z', 6, '2023-08-29T00:00:00.000Z'],
  ])('from %s by %i is %s', (now, months, before) => {
    expect(new Date(monthsBefore(at(now), months)).toISOString()).toBe(before);
  });
});

describe('the edge of the window', () => {
  const now = at('2024-07-15T12:00:00Z');

  it('is the widest candidate of today, less a margin of a minute', () => {
    expect(widthOf('metadata', now)).toBe(31 * DAY);
    expect(widthOf('ids', at('2024-09-15T12:00:00Z'))).toBe(184 * DAY); // 15 March to 15 September
    expect(widthOf('ids', at('2024-03-15T12:00:00Z'))).toBe(184 * DAY); // the half year before has 182 days
  });

  it('is a whole second, and never wider than it was a moment ago', () => {
    fc.assert(
      fc.property(fc.integer({ min: at('2024-01-01'), max: at('2029-01-01') }), (moment) => {
        for (const grade of ['ids', 'metadata'] as const) {
          const edge = windowEdge(grade, moment, []);
          expect(edge % 1000).toBe(0);
          expect(moment - edge).toBeLessThanOrEqual((grade === 'ids' ? 184 : 31) * DAY - EDGE_MARGIN_MS);
          expect(windowEdge(grade, moment + 1000, [])).toBeGreaterThanOrEqual(edge);
        }
      }),
    );
  });

  const refusal = (grade: Refusal['grade'], widthMs: number, seenAt = now): Refusal => ({ grade, widthMs, seenAt });

  it('steps in candidate by candidate as the server refuses, and a day at a time beyond the last', () => {
    const stepsOf = (grade: Refusal['grade'], steps: number) => {
      const widths: number[] = [];
      const refusals: Refusal[] = [];
      for (let step = 0; step < steps; step += 1) {
        widths.push(widthOf(grade, now, refusals) / DAY);
        refusals.push(refusal(grade, now - windowEdge(grade, now, refusals)));
      }
      return widths;
    };
    expect(stepsOf('metadata', 4)).toEqual([31, 30, 29, 28]);
    expect(stepsOf('metadata', 6).slice(4)).toEqual([27, 26]);
    expect(stepsOf('ids', 6)).toEqual([184, 183, 182, 181, 180, 179]);
  });

  it('tries a calendar month between the numbers of days', () => {
    const march = at('2024-03-31T12:00:00Z'); // a month back is 29 February: 31 days
    const september = at('2024-09-15T12:00:00Z'); // six months back: 184 days
    const june = at('2024-06-30T12:00:00Z'); // six months back is 30 December: 183 days
    expect(widthOf('metadata', march, [refusal('metadata', 31 * DAY - EDGE_MARGIN_MS, march)])).toBe(30 * DAY);
    expect(widthOf('ids', september)).toBe(184 * DAY);
    expect(widthOf('ids', june, [refusal('ids', 184 * DAY - EDGE_MARGIN_MS, june)])).toBe(183 * DAY);
  });

  it('believes a refusal for a week, then tries wider again', () => {
    const refused = [refusal('metadata', 31 * DAY - EDGE_MARGIN_MS)];
    expect(widthOf('metadata', now + WEEK - 1000, refused)).toBe(30 * DAY);
    expect(widthOf('metadata', now + WEEK, refused)).toBe(31 * DAY);
  });

  it('takes no refusal of one grade for the other', () => {
    expect(widthOf('ids', now, [refusal('metadata', DAY)])).toBe(184 * DAY);
    expect(widthOf('metadata', now, [refusal('ids', 100 * DAY)])).toBe(31 * DAY);
  });

  it('lies inside everything that was refused in the last week, and at least a day back', () => {
    const width = fc.integer({ min: 1000, max: 200 * DAY });
    const seen = fc.integer({ min: now - 2 * WEEK, max: now });
    const some = fc.array(fc.tuple(width, seen), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(some, fc.constantFrom<Refusal['grade']>('ids', 'metadata'), (all, grade) => {
        const refusals = all.map(([widthMs, seenAt]) => refusal(grade, widthMs, seenAt));
        const believed = refusals.filter(({ seenAt }) => now - seenAt < WEEK).map(({ widthMs }) => widthMs);
        const edge = windowEdge(grade, now, refusals);
        const narrowest = Math.min(...believed);
        if (narrowest > DAY) expect(now - edge).toBeLessThan(narrowest);
        else expect(now - edge).toBe(DAY);
      }),
    );
  });
});
