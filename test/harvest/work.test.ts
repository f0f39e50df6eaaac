import { describe, expect, it } from 'vitest';
import type { Walk } from '../../src/domain/walk.ts';
import { isOneWaiting } from '../../src/harvest/work.ts';
import { begunWalk } from '../support/walk.ts';

const PERIOD = 60_000;
const NOW = Date.UTC(2024, 4, 15, 12);

const walk = (over: Partial<Walk> = {}): Walk =>
  begunWalk({
    api: 'backlinks',
    purpose: 'settle',
    grade: 'metadata',
    range: { since: NOW - 3_600_000, until: NOW - 600_000 },
    limit: 1000,
    openingPages: 0,
    ...over,
  });
const failed = (over: Partial<Walk> = {}) => walk({ failures: 1, retryAt: NOW - 1, failure: 'refused', ...over });

/** Whether a lane is to be kept for one of these. */
function isKept(
  waiting: readonly Walk[],
  over: { suspects?: number[]; inFlight?: Walk[]; left?: number[] } = {},
): boolean {
  const { suspects = [], inFlight = [], left = [] } = over;
  return isOneWaiting({ waiting, suspects, inFlight, left: new Set(left), now: NOW }, PERIOD);
}

describe('a lane is kept for a walk that was begun', () => {
  it('whether it has failed or not, once its time has come', () => {
    expect(isKept([])).toBe(false);
    expect(isKept([walk()])).toBe(true);
    expect(isKept([failed()])).toBe(true);
    expect(isKept([failed({ retryAt: NOW + 1 })])).toBe(false);
    expect(isKept([walk()], { left: [7] })).toBe(false);
  });

  it('and not where one that has failed is tried already, or nobody gets through', () => {
    expect(isKept([failed()], { inFlight: [failed({ id: 8 })] })).toBe(false);
    expect(isKept([failed()], { inFlight: [walk({ id: 8 })] })).toBe(true);
    expect(isKept([failed()], { suspects: [9] })).toBe(false);
  });
});
