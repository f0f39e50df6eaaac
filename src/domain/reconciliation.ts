import { dollars } from './money.ts';
import type { ReconcileRow, Report } from './report.ts';
import { counted, duration, instant } from './wording.ts';

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

/** Whether the ledger has read the whole day up to its last reading: while a backfill runs it may lack all of it. */
export function isDayRead({ rows, day }: Reconciliation): boolean {
  const begins = startOf(day);
  return rows.every(({ readUpTo, unread }) => readUpTo !== null && readUpTo > begins && unread.length === 0);
}

/** The first moment of a day of the vendor, by UTC; epoch ms. @param day - `2026-11-26`. */
export function startOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/** What the two counts come to, and where they differ what of that is no lack. @param at - When DataForSEO was asked, epoch ms. */
export function reconcileSum(report: Reconciliation, at: number): string[] {
  const { timezone, rows, day } = report;
  const silent = rows.filter(({ vendorMicros }) => vendorMicros === null).map(({ api }) => api);
  const differing = rows.filter((row) => differenceOf(row) !== null && differenceOf(row) !== 0);
  const zone =
    timezone === null || /^(?:UTC|GMT|Etc\/UTC)$/i.test(timezone)
      ? []
      : [`CAREFUL: the account counts days in ${timezone}, the ledger in UTC, so the two days are not the same hours.`];
  return [
    agrees(report) ? 'Both agree to the micro-dollar.' : 'They do not agree.',
    ...differing.flatMap((row) => unreadOf(row, { day, at })),
    ...(differing.length === 0 ? [] : [usualReasons(isDayRead(report))]),
    ...(silent.length === 0 ? [] : [`DataForSEO gave no count of ${silent.join(', ')}.`]),
    ...zone,
  ];
}

function usualReasons(isRead: boolean): string {
  return isRead
    ? 'Beside that, tasks that are unfinished or listed late are the usual reasons; the next readings close the difference.'
    : 'The two can be compared when all of the day is read.';
}

type Asked = { readonly day: string; readonly at: number };

/** What is not read comes first: beside it the few tasks that are late do not count. */
function unreadOf(row: ReconcileRow, asked: Asked): string[] {
  const { api, readUpTo, unread } = row;
  if (readUpTo === null) return [`${api}: the ledger has read nothing of it yet.`];
  if (readUpTo <= startOf(asked.day))
    return [`${api}: the ledger has read nothing of this day yet, only up to ${wordsOf(readUpTo)} UTC.`];
  return [...(unread.length === 0 ? [] : [gapsOf(row)]), tailOf(row, readUpTo, asked.at)];
}

function gapsOf({ api, unread }: ReconcileRow): string {
  const seconds = unread.reduce((sum, { since, until }) => sum + until - since, 0) / 1000;
  const [first, ...more] = unread;
  const named = first === undefined ? '' : `${wordsOf(first.since)} to ${wordsOf(first.until)} UTC`;
  const others = more.length === 0 ? '' : ` and ${counted(more.length, 'stretch', 'stretches')} more`;
  return `${api}: the ledger has not read ${duration(seconds)} of this day (${named}${others}); what was posted then is missing from its sum.`;
}

/** DataForSEO's count has no end but now, so what it holds beyond the last reading can be told, and not taken off. */
function tailOf({ api, lastHourMicros }: ReconcileRow, readUpTo: number, at: number): string {
  const unreadMs = Math.max(at - readUpTo, 0);
  const pace = dollars(Math.round((lastHourMicros * unreadMs) / HOUR_MS));
  const since = `the ledger has read up to ${wordsOf(readUpTo)} UTC; DataForSEO's count has the ${duration(unreadMs / 1000)} since then too`;
  return `${api}: ${since}. At the pace of the hour before, these cost ${pace} dollars.`;
}

function wordsOf(at: number): string {
  return instant(new Date(at).toISOString());
}
