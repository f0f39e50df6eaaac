import { describe, expect, it } from 'vitest';
import { reconciliation } from '../../../src/ledger/reports/reconcile.ts';
import { begunLedger, DAY, HOUR, NOW, readSlice, sliceOf, withDatabase } from '../../support/ledger.ts';

const SINCE = Date.UTC(2024, 4, 1);

describe("the vendor's day beside that of the ledger", () => {
  it('lacks what no reading covers of it, and nothing of other days', () => {
    const { ledger, path } = begunLedger();
    for (const [from, to] of [
      [-2, 6],
      [8, 24],
      [26, 27],
    ] as const)
      readSlice(ledger, sliceOf(SINCE + from * HOUR, SINCE + to * HOUR), []);
    const unreadOf = (since: number) =>
      withDatabase(path, { readonly: true }, (database) => {
        const vendor = { day: new Date(since).toISOString().slice(0, 10), timezone: 'UTC', byApi: {} };
        return reconciliation(database, ['backlinks', 'serp'], { vendor, now: NOW }).rows.map(({ unread }) => unread);
      });
    expect(unreadOf(SINCE)).toEqual([[{ since: SINCE + 6 * HOUR, until: SINCE + 8 * HOUR }], []]);
    expect(unreadOf(SINCE + DAY)).toEqual([[{ since: SINCE + DAY, until: SINCE + 26 * HOUR }], []]);
    // Up to where it has read, which is before this day.
    expect(unreadOf(SINCE + 2 * DAY)).toEqual([[], []]);
  });
});
