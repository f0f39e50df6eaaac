import { describe, expect, it } from 'vitest';
import type { ApiPicture } from '../../src/domain/gaps.ts';
import { slicesOf, slicesThrough, slicesToReread, type AgedSegment } from '../../src/domain/reread.ts';
import { windowEdge } from '../../src/domain/window.ts';
import { EMPTY_PICTURE } from '../support/picture.ts';

const NOW = Date.UTC(2026, 5, 1);
const DAY = 86_400_000;
const MONTH = windowEdge('metadata', NOW, []);

const picture: ApiPicture = { ...EMPTY_PICTURE, api: 'serp' };
const terms = { pictures: [picture], now: NOW, policy: { tokens: 10, periodMs: 60_000, limit: 1000 } };

const segment = (since: number, until: number, over: Partial<AgedSegment> = {}): AgedSegment => ({
  api: 'serp',
  grade: 'metadata',
  readAt: NOW - DAY,
  rows: 10,
  since,
  until,
  ...over,
});

describe('what is read once more', () => {
  it('is as many stretches as were asked for, one that reaches out of the month in two parts', () => {
    const across = segment(MONTH - DAY, MONTH + DAY);
    const plans = slicesToReread([across, segment(MONTH + DAY, MONTH + 2 * DAY), segment(0, DAY)], terms, 2);
    expect(plans).toMatchObject([
      { grade: 'ids', since: MONTH - DAY, isRest: false },
      { grade: 'metadata', until: MONTH + DAY, isRest: true },
      { grade: 'metadata', since: MONTH + DAY, until: MONTH + 2 * DAY, isRest: false },
    ]);
    expect(plans[0]?.until).toBe(plans[1]?.since);
  });

  it('counts by slices, of which one in two parts is through once both are', () => {
    const across = segment(MONTH - DAY, MONTH + DAY);
    const parts = slicesToReread([across, segment(MONTH + DAY, MONTH + 2 * DAY)], terms, 2);
    const through = (...done: number[]) => slicesThrough(parts, (part) => done.includes(parts.indexOf(part)));
    expect(slicesOf(parts)).toBe(2);
    expect([through(), through(0), through(1), through(2), through(0, 1), through(0, 1, 2)]).toEqual([
      0, 0, 0, 1, 1, 2,
    ]);
  });

  it('is nothing of what the server no longer lists, or of an API that is not in the settings', () => {
    const gone = segment(NOW - 400 * DAY, NOW - 300 * DAY);
    expect(slicesToReread([gone, segment(MONTH, NOW, { api: 'backlinks' })], terms, 5)).toEqual([]);
  });
});
