import { describe, expect, it } from 'vitest';
import { backlogWords } from '../../src/web/backlog.ts';

const AT = '2026-11-27T20:00:00Z';
const coverage = {
  since: '2026-11-17T20:00:00Z',
  until: AT,
  complete: false,
  gaps: [{ grade: 'ids' as const, since: '2026-11-18T20:00:00Z', until: '2026-11-23T20:00:00Z', expiresAt: AT }],
  losses: [],
  unsettled: [],
};
const REFUSED = { since: AT, until: AT, code: '40204', reason: 'Access denied.' };

type Told = Parameters<typeof backlogWords>[0];
const told = (over: Partial<Told> = {}) =>
  backlogWords({
    state: 'harvesting',
    at: AT,
    refused: {},
    backlog: { coveredShare: 0.5009, calls: 60, etaSeconds: 360, exact: true, willExpire: [] },
    budget: { calls: 10, periodMs: 60_000, inUse: 0, maxInAnyPeriod: 10, lastHour: 60 },
    coverage: { backlinks: coverage },
    ...over,
  });

describe('the words of the backfill', () => {
  it('tell how much is read, what is left, and until when', () => {
    expect(told()).toEqual({
      lead: '50.0 % of the window is read',
      note: '60 calls left, about 6 min at 10 calls in 60 s: until 2026-11-27 20:06 if the budget is free. 1 gap.',
    });
  });

  it('tell no end that may come later where the calls are the least that it can be', () => {
    const backlog = { coveredShare: 0.5, calls: 2, etaSeconds: 12, exact: false, willExpire: [] };
    expect(told({ backlog }).note).toBe(
      'At least 2 calls left, at least 12 s at 10 calls in 60 s: not before 2026-11-27 20:00. 1 gap.',
    );
  });

  it.each([
    ['parked', 'once somebody has acted'],
    ['stopped', 'once the daemon runs again'],
    ['waiting', 'once what the daemon waits for is over'],
  ] as const)('promise no end, and no new tasks, while it is %s', (state, words) => {
    expect(told({ state }).note).toBe(`60 calls left, about 6 min at 10 calls in 60 s. It goes on ${words}. 1 gap.`);
    const read = { backlinks: { ...coverage, complete: true, gaps: [] } };
    expect(told({ state, coverage: read }).note).toBe(`New tasks are read ${words}.`);
  });

  it('promise no end while one of the APIs is refused', () => {
    expect(told({ refused: { serp: REFUSED } }).note).toContain('. What is refused goes on once somebody has acted. 1 gap.'); // prettier-ignore
  });

  it('say so once all is read, and nothing of the kind before the first reading', () => {
    expect(told({ coverage: { backlinks: { ...coverage, complete: true, gaps: [] } } })).toEqual({
      lead: 'Everything in the window is read.',
      note: 'New tasks are read as they come.',
    });
    const never = { ...coverage, since: null, until: null, complete: true, gaps: [] };
    const nothing = { coveredShare: 0, calls: 2, etaSeconds: 12, exact: false, willExpire: [] };
    expect(told({ coverage: { backlinks: never }, backlog: nothing }).lead).toBe('0.0 % of the window is read');
  });
});
