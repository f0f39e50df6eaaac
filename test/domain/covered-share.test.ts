import { describe, expect, it } from 'vitest';
import { coveredShare } from '../../src/domain/covered-share.ts';
import { windowSince } from '../../src/domain/gaps.ts';
import { EMPTY_PICTURE } from '../support/picture.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 23);

/** Born at such a time, with the window of then. */
function picture(bornAt: number, held: readonly (readonly [number, number])[] = []) {
  const origins = { ids: bornAt - 184 * DAY, metadata: bornAt - 31 * DAY };
  const segments = held.map(([since, until], index) => ({ since, until, grade: 'metadata' as const, walkId: index + 1, settledAt: NOW })); // prettier-ignore
  return { ...EMPTY_PICTURE, origins, segments };
}

describe('the share of the window that is read', () => {
  const since = windowSince(picture(NOW), 'ids', NOW);
  const half = since + (NOW - since) / 2;

  it('is of time: nothing, a half, all', () => {
    expect(coveredShare([picture(NOW)], NOW, NOW)).toBe(0);
    expect(coveredShare([picture(NOW, [[since, half]])], NOW, NOW)).toBeCloseTo(0.5, 3);
    expect(coveredShare([picture(NOW, [[since, NOW]])], NOW, NOW)).toBe(1);
  });

  it('is of the window of now: what a ledger of years holds of the time before does not count', () => {
    const old = (until: number) => picture(NOW - 900 * DAY, [[NOW - 1_084 * DAY, until]]);
    expect(coveredShare([old(half)], NOW, NOW)).toBeCloseTo(0.5, 2);
  });

  it('is that of all APIs together, and counts what an open walk has passed', () => {
    expect(coveredShare([picture(NOW, [[since, NOW]]), picture(NOW)], NOW, NOW)).toBeCloseTo(0.5, 3);
    const walking = { ...picture(NOW), read: [{ since, until: half }] };
    expect(coveredShare([walking], NOW, NOW)).toBeCloseTo(0.5, 3);
    expect(coveredShare([], NOW, NOW)).toBe(1);
  });
});
