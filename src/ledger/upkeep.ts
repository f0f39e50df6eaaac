import type { AgedStretch } from '../domain/aging.ts';
import type { Unfinished } from '../domain/chase.ts';
import type { PageLimit } from '../domain/page-limit.ts';
import type { Recheck } from '../domain/settling.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Db } from './database.ts';
import type { Dictionary } from './dictionary.ts';
import { toMs, toMsOrNull, toSeconds } from './seconds.ts';

/** A call of the tail (1), of settling or of chasing (0). */
type SharedCall = { readonly sentMono: number; readonly isTail: number };

/** What decides which of the covered stretches are read again, and how. Instants are epoch ms. */
export type Upkeep = {
  readonly rechecks: (api: string) => readonly Recheck[];
  /** Tasks that are known in a range; counts no further than `most`. */
  readonly rowsIn: (api: string, range: TimeRange, most: number) => number;
  /**
   * Seconds with unfinished tasks inside what is covered, oldest first, and when each was last read: the first 20,000 of a range.
   */
  readonly unfinished: (api: string, range: TimeRange) => SomeUnfinished;
  /** What is covered of a range, in order, and when it was last read. */
  readonly aged: (api: string, range: TimeRange) => AgedStretch[];
  /** The first stretch that begins at `since` or later and was last read before `readBefore`; null where there is none. */
  readonly firstAged: (api: string, since: number, readBefore: number) => AgedStretch | null;
  /** What was learned of the rows a page may have; null where whole pages are no trouble. */
  readonly pageLimit: (api: string) => PageLimit | null;
  readonly keepPageLimit: (api: string, limit: PageLimit | null) => void;
  /** Those of the newest `most` calls of this boot that the tail's share pays for. */
  readonly sharedCalls: (boot: string, most: number) => readonly SharedCall[];
};

/** `next`: where the rest of the range begins; null where there is none. */
export type SomeUnfinished = { readonly seconds: readonly Unfinished[]; readonly next: number | null };

/** One look at more of them would take too long; the next one begins where this one ended. */
const MOST_UNFINISHED = 20_000;

type AgedRow = { readonly since: number; readonly until: number; readonly read_at: number };
type RecheckRow = { readonly since: number; readonly until: number; readonly due_at: number };
type LimitRow = {
  readonly row_limit: number;
  readonly failed_limit: number | null;
  readonly pages_since_failed: number;
};

export function createUpkeep(database: Db, { api: number }: Pick<Dictionary, 'api'>): Upkeep {
  const sql = statements(database);
  return {
    rechecks: (api) => sql.rechecks.all(number(api)).map((row) => ({ ...rangeOf(row), dueAt: toMs(row.due_at) })),
    rowsIn: (api, { since, until }, most) =>
      sql.rowsIn.get(number(api), toSeconds(since), toSeconds(until), Math.min(most, Number.MAX_SAFE_INTEGER)) ?? 0,
    unfinished: (api, { since, until }) => {
      const within = { api: number(api), since: toSeconds(since), until: toSeconds(until), most: MOST_UNFINISHED };
      const rows = sql.unfinished.all(within);
      const last = rows.at(-1);
      const seconds = rows.flatMap(({ at, looked_at: lookedAt }) => {
        const looked = toMsOrNull(lookedAt);
        return looked === null ? [] : [{ postedAt: toMs(at), lookedAt: looked }];
      });
      return { seconds, next: last === undefined || rows.length < MOST_UNFINISHED ? null : toMs(last.at + 1) };
    },
    aged: (api, { since, until }) =>
      sql.aged
        .all({ api: number(api), since: toSeconds(since), until: toSeconds(until) })
        .map((row) => agedOf(row, { since, until })),
    firstAged: (api, since, readBefore) => {
      const row = sql.firstAged.get(number(api), toSeconds(since), toSeconds(readBefore));
      return row === undefined ? null : { ...rangeOf(row), readAt: toMs(row.read_at) };
    },
    pageLimit: (api) => {
      const row = sql.pageLimit.get(number(api));
      if (row === undefined) return null;
      return { limit: row.row_limit, failedLimit: row.failed_limit, pagesSinceFailed: row.pages_since_failed };
    },
    sharedCalls: (boot, most) => sql.sharedCalls.all(most, boot),
    keepPageLimit: (api, limit) => {
      if (limit === null) sql.forgetLimit.run(number(api));
      else sql.keepLimit.run(number(api), limit.limit, limit.failedLimit, limit.pagesSinceFailed);
    },
  };
}

function rangeOf(row: { readonly since: number; readonly until: number }): TimeRange {
  return { since: toMs(row.since), until: toMs(row.until) };
}

function agedOf(row: AgedRow, within: TimeRange): AgedStretch {
  const { since, until } = rangeOf(row);
  return { since: Math.max(since, within.since), until: Math.min(until, within.until), readAt: toMs(row.read_at) };
}

/** Parameters behind a plus: for a bare one SQLite would plan a join anew for each value, which takes longer than most of them. */
function statements(database: Db) {
  return {
    rechecks: database.prepare<[number], RecheckRow>(
      'select since, until, due_at from recheck where api = ? order by since',
    ),
    rowsIn: database
      .prepare<[number, number, number, number], number>(
        'select count(*) from (select 1 from task where api = ? and posted_at >= ? and posted_at < ? limit ?)',
      )
      .pluck(),
    unfinished: database.prepare<
      [{ api: number; since: number; until: number; most: number }],
      { at: number; looked_at: number | null }
    >(
      `select at, (select walk.first_page_at from segment join walk on walk.id = segment.walk
           where segment.api = +@api and segment.since <= at and segment.until > at
           order by segment.since desc limit 1) as looked_at
       from (select distinct posted_at as at from task
           where state = 'pending' and api = +@api and posted_at >= +@since and posted_at < +@until order by posted_at limit +@most)
       order by at`,
    ),
    // The stretch around the beginning begins before it.
    aged: database.prepare<[{ api: number; since: number; until: number }], AgedRow>(
      `select segment.since, segment.until, ifnull(walk.first_page_at, walk.started_at) as read_at
       from segment join walk on walk.id = segment.walk
       where segment.api = +@api
         and segment.since >= ifnull((select max(since) from segment where api = +@api and since <= +@since), @since)
         and segment.until > +@since and segment.since < +@until
       order by segment.since`,
    ),
    firstAged: database.prepare<[number, number, number], AgedRow>(
      `select segment.since, segment.until, ifnull(walk.first_page_at, walk.started_at) as read_at
       from segment join walk on walk.id = segment.walk
       where segment.api = +? and segment.since >= +? and ifnull(walk.first_page_at, walk.started_at) < +?
       order by segment.since limit 1`,
    ),
    pageLimit: database.prepare<[number], LimitRow>(
      'select row_limit, failed_limit, pages_since_failed from page_limit where api = ?',
    ),
    keepLimit: database.prepare(
      `insert into page_limit (api, row_limit, failed_limit, pages_since_failed) values (?, ?, ?, ?)
       on conflict (api) do update set row_limit = excluded.row_limit, failed_limit = excluded.failed_limit,
         pages_since_failed = excluded.pages_since_failed`,
    ),
    sharedCalls: database.prepare<[number, string], SharedCall>(
      `select sent_mono_ms as sentMono, purpose = 'tail' as isTail from (select boot, purpose, sent_mono_ms from call order by id desc limit +?) as newest
         join boot on boot.id = newest.boot and boot.name = +?
         where purpose in ('tail', 'settle', 'chase')`,
    ),
    forgetLimit: database.prepare('delete from page_limit where api = ?'),
  };
}
