import { subtract } from '../domain/coverage.ts';
import { recheckAt } from '../domain/settling.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Db } from './database.ts';
import { toMs, toSeconds } from './seconds.ts';

/** A stretch that was read again once it was old enough to have settled. */
type SettledReading = {
  readonly api: number;
  readonly walkId: number;
  readonly ranges: readonly TimeRange[];
  /** It showed something new or changed. */
  readonly found: boolean;
  /** When it began, epoch ms. */
  readonly readAt: number;
  readonly settleMs: number;
};

type Row = { readonly since: number; readonly until: number; readonly due_at: number; readonly walk: number };

/** Puts what a settled reading says of when its stretches are read next in the place of what earlier ones have said. */
export type RecheckBook = { readonly replace: (reading: SettledReading) => void };

export function createRecheckBook(database: Db): RecheckBook {
  const touched = database.prepare<[number, number, number], Row>(
    'select since, until, due_at, walk from recheck where api = ? and since < ? and until > ?',
  );
  const remove = database.prepare('delete from recheck where api = ? and since = ?');
  const add = database.prepare('insert into recheck (api, since, until, due_at, walk) values (?, ?, ?, ?, ?)');
  return {
    replace: ({ api, walkId, ranges, found, readAt, settleMs }) => {
      for (const range of ranges) {
        for (const row of touched.all(api, toSeconds(range.until), toSeconds(range.since))) {
          remove.run(api, row.since);
          const whole = { since: toMs(row.since), until: toMs(row.until) };
          for (const rest of subtract([whole], [range]))
            add.run(api, toSeconds(rest.since), toSeconds(rest.until), row.due_at, row.walk);
        }
        const dueAt = recheckAt(range, readAt, settleMs);
        if (found) add.run(api, toSeconds(range.since), toSeconds(range.until), toSeconds(dueAt), walkId);
      }
    },
  };
}
