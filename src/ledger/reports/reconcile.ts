import { subtract } from '../../domain/coverage.ts';
import { startOf, type Reconciliation, type VendorDay } from '../../domain/reconciliation.ts';
import { NO_FILTER, type ReconcileRow } from '../../domain/report.ts';
import type { Db } from '../database.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import { toMs, toSeconds } from '../seconds.ts';
import { costs, totalsOf } from './costs.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The two counts of the vendor's day, side by side. @param now - The server's clock, for a vendor who does not say which day it is. */
export function reconciliation(
  database: Db,
  apis: readonly string[],
  { vendor, now }: { readonly vendor: VendorDay; readonly now: number },
): Reconciliation {
  const day = vendor.day ?? new Date(now).toISOString().slice(0, 10);
  const rows = ledgerDay(database, apis, day);
  return {
    day,
    timezone: vendor.timezone,
    rows: rows.map((row) => ({ ...row, vendorMicros: vendor.byApi[row.api] ?? null })),
  };
}

/** What the ledger has of a day, by API; the vendor's side comes from `GET /v3/appendix/user_data`. @param day - `2026-11-26`, UTC. */
function ledgerDay(database: Db, apis: readonly string[], day: string): Omit<ReconcileRow, 'vendorMicros'>[] {
  const since = startOf(day);
  const readUpTo = database
    .prepare<[string], number | null>(
      'select max(segment.until) from segment join api on api.id = segment.api where api.name = ?',
    )
    .pluck();
  return apis.map((api) => {
    const filter = { ...NO_FILTER, since, until: since + DAY_MS, api };
    const { tasks, costMicros } = totalsOf(costs(database, filter, []));
    const end = readUpTo.get(api) ?? null;
    const readEnd = end === null ? since : Math.min(toMs(end), since + DAY_MS);
    const costBefore = (until: number) =>
      totalsOf(costs(database, { ...filter, since: until - HOUR_MS, until }, [])).costMicros;
    return {
      api,
      ledgerMicros: costMicros,
      ledgerTasks: tasks,
      unfinished: totalsOf(costs(database, { ...filter, state: 'pending' }, [])).tasks,
      readUpTo: end === null ? null : toMs(end),
      unread: unreadIn(database, api, { since, until: Math.max(readEnd, since) }),
      lastHourMicros: end === null ? 0 : costBefore(toMs(end)),
    };
  });
}

/** Ids and costs are known of everything that is covered, whatever the grade. */
function unreadIn(database: Db, api: string, range: TimeRange): TimeRange[] {
  const read = database
    .prepare<[string, number, number], { since: number; until: number }>(
      `select segment.since, segment.until from segment join api on api.id = segment.api
       where api.name = ? and segment.until > ? and segment.since < ? order by segment.since`,
    )
    .all(api, toSeconds(range.since), toSeconds(range.until));
  return subtract(
    [range],
    read.map(({ since, until }) => ({ since: toMs(since), until: toMs(until) })),
  );
}
