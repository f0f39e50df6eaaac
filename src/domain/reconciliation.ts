import { dollars } from './money.ts';
import type { ReconcileRow, Report } from './report.ts';
import { duration, instant } from './wording.ts';

/** The vendor's own count of what a day has cost, in millionths of a dollar. */
export type VendorDay = {
  /** `2026-11-26`, of whatever time zone the vendor counts in; null: it does not say. */
  readonly day: string | null;
  readonly timezone: string | null;
  /** By the name that an API has in addresses. */
  readonly byApi: Readonly<Record<string, number>>;
};

export type Reconciliation = Omit<Extract<Report, { kind: 'reconcile' }>, 'kind'>;

const HOUR_MS = 3_600_000;

/** What the ledger lacks; null where the vendor says nothing. */
export function differenceOf({ ledgerMicros, vendorMicros }: ReconcileRow): number | null {
  return vendorMicros === null ? null : vendorMicros - ledgerMicros;
}

/** Whether the two counts of the day are the same for every API. */
export function agrees({ rows }: Reconciliation): boolean {
  return rows.every((row) => differenceOf(row) === 0);
}

/** What the two counts come to, and where they differ what of that is no lack. @param at - When DataForSEO was asked, epoch ms. */
export function reconcileSum(report: Reconciliation, at: number): string[] {
  const { timezone, rows } = report;
  const silent = rows.filter(({ vendorMicros }) => vendorMicros === null).map(({ api }) => api);
  const differing = rows.filter((row) => differenceOf(row) !== null && differenceOf(row) !== 0);
  const zone =
    timezone === null || /^(?:UTC|GMT|Etc\/UTC)$/i.test(timezone)
      ? []
      : [`CAREFUL: the account counts days in ${timezone}, the ledger in UTC, so the two days are not the same hours.`];
  return [
    agrees(report) ? 'Both agree to the micro-dollar.' : 'They do not agree.',
    ...differing.map((row) => unreadOf(row, at)),
    ...(differing.length === 0
      ? []
      : [
          'Beside that, tasks that are unfinished or listed late are the usual reasons; the next readings close the difference.',
        ]),
    ...(silent.length === 0 ? [] : [`DataForSEO gave no count of ${silent.join(', ')}.`]),
    ...zone,
  ];
}

/** DataForSEO's count has no end but now, so what it holds beyond the last reading can be told, and not taken off. */
function unreadOf({ api, readUpTo, lastHourMicros }: ReconcileRow, at: number): string {
  if (readUpTo === null) return `${api}: the ledger has read nothing of it yet.`;
  const unreadMs = Math.max(at - readUpTo, 0);
  const pace = dollars(Math.round((lastHourMicros * unreadMs) / HOUR_MS));
  const since = `the ledger has read up to ${instant(new Date(readUpTo).toISOString())} UTC; DataForSEO's count has the ${duration(unreadMs / 1000)} since then too`;
  return `${api}: ${since}. At the pace of the hour before, these cost ${pace} dollars.`;
}
