import type { Db } from './database.ts';
import { readMeta } from './meta.ts';

/** So many of the newest calls are looked at for one that was answered: a refused account makes 24 a day. */
const CALLS = 1_000;

/**
 * When the server last answered in earnest, by its own clock as it was known then, epoch ms; 0 before the first time. Not the latest of
 * all: a call before the first `Date` was believed is dated by a guess, which may be ahead.
 */
function lastAnsweredAt(database: Db): number {
  const seconds = database
    .prepare<[number], number | null>(
      `select answered_at from (select id, answered_at, code from call order by id desc limit +?)
         where code = 20000 order by id desc limit 1`,
    )
    .pluck()
    .get(CALLS);
  return (seconds ?? 0) * 1000;
}

/** What an earlier process knew of the server's clock: server minus wall clock, ms, and the latest moment that it is known to have been. */
export function clockMemory(database: Db): { readonly skewMs: number; readonly leastAt: number } {
  return { skewMs: lastSkewMs(database), leastAt: lastAnsweredAt(database) };
}

/** Server minus wall clock as it was last known, ms; 0 for nothing. */
function lastSkewMs(database: Db): number {
  return Number(readMeta(database, 'clock_skew_ms') ?? 0);
}

/**
 * The server's clock by what the ledger knows of it, epoch ms, without a call: never before the server's last answer, for a wall clock
 * that was put back since would take what is not read for what has not been yet.
 */
export function serverNow(database: Db, wallNow: number): number {
  const { skewMs, leastAt } = clockMemory(database);
  return Math.max(wallNow + skewMs, leastAt);
}
