import { describe, expect, it } from 'vitest';
import { behindMs, unreadSince } from '../../src/domain/behind.ts';

const MINUTE = 60_000;
const UPPER = Date.UTC(2024, 4, 15, 12);
const well = { unread: [], readUpTo: UPPER, upper: UPPER, startedAt: UPPER - 60 * MINUTE, everyMs: MINUTE };
const ago = (since: number, until: number) => ({ since: UPPER - since * MINUTE, until: UPPER - until * MINUTE });

describe('a tail is behind', () => {
  it('once its last reading ended more than three of its periods ago', () => {
    expect(behindMs({ ...well, readUpTo: UPPER - 3 * MINUTE })).toBe(0);
    expect(behindMs({ ...well, readUpTo: UPPER - 3 * MINUTE - 1_000 })).toBe(3 * MINUTE + 1_000);
    expect(behindMs({ ...well, readUpTo: UPPER - 4 * MINUTE, everyMs: 10 * MINUTE })).toBe(0);
  });

  it('by what it left unread, though it has begun anew near the end and is read up to now', () => {
    expect(behindMs({ ...well, unread: [ago(30, 10)] })).toBe(20 * MINUTE);
    expect(behindMs({ ...well, unread: [ago(30, 28), ago(20, 18)] })).toBe(4 * MINUTE);
    expect(behindMs({ ...well, unread: [ago(30, 28)] })).toBe(0);
  });

  it('not by what has left the window unread in a process that has run for longer than the window is wide', () => {
    const segments = [{ ...ago(60, 50), grade: 'ids', walkId: 1, settledAt: null }] as const;
    const losses = [
      { ...ago(100, 60), grade: 'ids' },
      { ...ago(50, 40), grade: 'metadata' },
    ] as const;
    expect(unreadSince(UPPER - 100 * MINUTE, { segments, losses }, UPPER)).toEqual([ago(50, 0)]);
    expect(unreadSince(UPPER, { segments, losses }, UPPER)).toEqual([]);
  });

  it('not by what was unread before it began, nor by what it may still be reading', () => {
    expect(behindMs({ ...well, unread: [ago(900, 61)] })).toBe(0);
    expect(behindMs({ ...well, unread: [ago(6, 0)] })).toBe(0);
    expect(behindMs({ ...well, unread: [ago(900, 50)] })).toBe(10 * MINUTE);
  });
});
