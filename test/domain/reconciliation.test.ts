import { describe, expect, it } from 'vitest';
import { isDayRead } from '../../src/domain/reconciliation.ts';

const MIDNIGHT = Date.UTC(2026, 10, 27);
const HOUR = 3_600_000;
const ROW = { api: 'backlinks', ledgerMicros: 0, ledgerTasks: 0, vendorMicros: 0, unfinished: 0, lastHourMicros: 0 };

const isRead = (readUpTo: number | null, unread: readonly { since: number; until: number }[] = []) =>
  isDayRead({ day: '2026-11-27', timezone: 'UTC', rows: [{ ...ROW, readUpTo, unread }] });

describe('a day', () => {
  it('is read where the ledger has come into it and lacks nothing before', () => {
    expect(isRead(MIDNIGHT + HOUR)).toBe(true);
    expect(isRead(MIDNIGHT + 1_000)).toBe(true);
  });

  it('is not read where nothing of it is, or some of it lacks', () => {
    for (const readUpTo of [null, MIDNIGHT - HOUR, MIDNIGHT]) expect(isRead(readUpTo)).toBe(false);
    expect(isRead(MIDNIGHT + 2 * HOUR, [{ since: MIDNIGHT, until: MIDNIGHT + HOUR }])).toBe(false);
  });
});
