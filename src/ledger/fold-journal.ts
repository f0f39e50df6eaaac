import type { Db } from './database.ts';
import { toSeconds } from './seconds.ts';

/** How much one look has folded. */
export type Folded = {
  readonly walks: number;
  readonly calls: number;
  /** Whether there was more to look at than one transaction takes. */
  readonly more: boolean;
};

/** The last month, its settling and its refunds are behind it. */
const FOLDED_AFTER_SECONDS = 35 * 86_400;
/** Walks that one transaction looks at. For each that goes all segments are searched for one that refers to it: tens of milliseconds. */
const WALKS_A_LOOK = 50;
/** The budget of a new process and the last failure are told by the newest calls, however long ago that was (I2). */
const NEWEST_KEPT = 1_000;

/**
 * Folds the oldest calls into sums by day, and forgets the walks that made them, a few at a time.
 *
 * What is folded nobody needs any more: the walk ended 35 days ago, no segment names it, each of its seconds has been read again
 * by a later walk and has settled since, none of its calls is on record as the one that showed something, and the metadata that a
 * segment claims is proven by another. All of it is one transaction, so that a kill leaves a call in the journal or in the sums.
 */
export function createJournalFolder(database: Db): { readonly fold: (now: number) => Folded } {
  const sql = statements(database);
  let after = 0;
  const look = database.transaction((cutoff: number): Folded => {
    const walks = sql.walks.all(after, cutoff, WALKS_A_LOOK);
    const more = walks.length === WALKS_A_LOOK;
    // At the end of a pass it begins anew: what was named at its first look may have been read again since.
    after = more ? (walks.at(-1)?.id ?? 0) : 0;
    const most = (sql.newest.get() ?? 0) - NEWEST_KEPT;
    let folded = { walks: 0, calls: 0 };
    for (const walk of walks) {
      if (!isSuperseded(sql, walk)) continue;
      const calls = sql.calls.all(walk.id);
      if (calls.some((call) => call.id > most || call.isOpen === 1 || sql.shown.get({ call: call.id }) === 1)) continue;
      for (const { sentAt, api, purpose, failed, throttled, rows } of calls)
        sql.add.run(Math.floor(sentAt / 86_400), api, purpose, failed, throttled, rows);
      sql.removeCalls.run(walk.id);
      sql.removeWalk.run(walk.id);
      folded = { walks: folded.walks + 1, calls: folded.calls + calls.length };
    }
    return { ...folded, more };
  });
  return { fold: (now) => look.immediate(toSeconds(now) - FOLDED_AFTER_SECONDS) };
}

type OldWalk = {
  readonly id: number;
  readonly api: number;
  readonly since: number;
  readonly until: number;
};

type OldCall = {
  readonly id: number;
  readonly api: number;
  readonly purpose: string;
  readonly sentAt: number;
  readonly failed: number;
  readonly throttled: number;
  readonly rows: number;
  readonly isOpen: number;
};

/** Read again, second by second, by later walks, and settled; what a segment says of metadata is shown by its own walk. */
function isSuperseded(sql: Statements, { id, api, since, until }: OldWalk): boolean {
  if (sql.named.get({ id, api, since, until }) === 1) return false;
  const over = sql.over.get({ id, api, since, until });
  return over?.borrowed === 0 && over.seconds === until - since;
}

type Statements = ReturnType<typeof statements>;

function statements(database: Db) {
  return {
    walks: database.prepare<[number, number, number], OldWalk>(
      `select id, api, since, until from walk where id > ? and finished_at is not null and finished_at < ? order by id limit ?`,
    ),
    newest: database.prepare<[], number | null>('select max(id) from call').pluck(),
    // A segment lies within the walk that proves it.
    named: database
      .prepare<[{ id: number; api: number; since: number; until: number }], number>(
        `select exists (select 1 from segment where api = :api and since >= :since and since < :until and walk = :id)
           or exists (select 1 from recheck where walk = :id) or exists (select 1 from loss where regained_by = :id)`,
      )
      .pluck(),
    // `borrowed`: segments whose metadata an older walk has read, perhaps this one.
    over: database.prepare<
      [{ id: number; api: number; since: number; until: number }],
      { seconds: number; borrowed: number }
    >(
      `select ifnull(sum(min(segment.until, :until) - max(segment.since, :since)), 0) as seconds,
         ifnull(sum(segment.grade = 'metadata' and (walk.grade = 'ids' or (walk.finished_rows > 0 and walk.described_rows = 0))), 0)
           as borrowed
       from segment join walk on walk.id = segment.walk
       where segment.api = :api and segment.since < :until and segment.until > :since
         and segment.since >= ifnull((select max(since) from segment where api = :api and since <= :since), :since)
         and segment.settled_at is not null and segment.walk > :id`,
    ),
    calls: database.prepare<[number], OldCall>(
      `select id, api, purpose, sent_at as sentAt, code is not 20000 as failed, throttled, ifnull(rows, 0) as rows,
         token_back_mono_ms is null as isOpen from call where walk = ?`,
    ),
    shown: database
      .prepare<[{ call: number }], number>(
        `select exists (select 1 from doubt where call = :call) or exists (select 1 from fact where call = :call)
           or exists (select 1 from refused_width where call = :call)`,
      )
      .pluck(),
    add: database.prepare<[number, number, string, number, number, number]>(
      `insert into call_day (day, api, purpose, calls, failed, throttled, rows) values (?, ?, ?, 1, ?, ?, ?)
       on conflict (day, api, purpose) do update set calls = calls + 1, failed = failed + excluded.failed,
         throttled = throttled + excluded.throttled, rows = rows + excluded.rows`,
    ),
    removeCalls: database.prepare<[number]>('delete from call where walk = ?'),
    removeWalk: database.prepare<[number]>('delete from walk where id = ?'),
  };
}
