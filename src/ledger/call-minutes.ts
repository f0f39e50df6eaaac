import type { Db } from './database.ts';
import { toMs, toSeconds } from './seconds.ts';

/** Epoch ms of the minute's beginning. */
export type CallMinute = { readonly at: number; readonly calls: number; readonly failed: number };

/** Of a budget far above the real one no more than the newest are looked at. */
const MOST_CALLS = 20_000;

/** The calls that were sent in each minute of the last hour; minutes without one are left out. @param now - The server's clock. */
export function callMinutes(database: Db, now: number): CallMinute[] {
  return database
    .prepare<[number, number], { minute: number; calls: number; failed: number }>(
      `select sent_at / 60 as minute, count(*) as calls,
         sum(answered_at is not null and code is not 20000 and code is not 'aborted') as failed
       from call where id > (select ifnull(max(id), 0) from call) - ? and sent_at >= ? group by 1 order by 1`,
    )
    .all(MOST_CALLS, toSeconds(now) - 3_600)
    .map(({ minute, calls, failed }) => ({ at: toMs(minute * 60), calls, failed }));
}
