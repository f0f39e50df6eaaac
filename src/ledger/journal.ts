import type { CallEnd, CallStart, Journal } from '../domain/call.ts';
import type { Db } from './database.ts';
import type { Dictionary } from './dictionary.ts';
import { toSeconds } from './seconds.ts';

/** A call that an earlier process, or this one, has written down. */
export type JournalRow = {
  readonly id: number;
  readonly boot: string;
  /** Of the budget that it was paid from, or a longer one that was in force since. */
  readonly periodMs: number;
  readonly sentWallMs: number;
  readonly sentMonoMs: number;
  readonly answeredWallMs: number | null;
  readonly tokenBackMonoMs: number | null;
  readonly throttled: boolean;
};

export type LedgerJournal = Journal & {
  /**
   * What a new process must know of the calls before it: every unanswered one, the `tokens` whose token comes back last in
   * this boot, the `tokens` newest of all, and the newest throttled one since `throttledSince` (epoch ms, wall clock).
   */
  readonly past: (of: { boot: string; tokens: number; throttledSince: number }) => JournalRow[];
  /** Puts calls of an earlier process on this boot's clock: from then on their tokens are a matter of arithmetic. */
  readonly adopt: (rows: readonly JournalRow[]) => void;
};

export function createJournal(database: Db, dictionary: Dictionary): LedgerJournal {
  const sql = statements(database);
  let newest = sql.newest.get() ?? 0;
  const adopt = database.transaction((rows: readonly JournalRow[]) => {
    for (const { id, boot, periodMs, sentWallMs, sentMonoMs, answeredWallMs, tokenBackMonoMs } of rows) {
      const offset = sentWallMs - sentMonoMs;
      sql.adopt.run(dictionary.boot(boot), periodMs, offset, sentMonoMs, answeredWallMs, tokenBackMonoMs, id);
    }
  });
  return {
    begin: (start) => {
      newest = Number(sql.begin.run(...startColumns(start, dictionary)).lastInsertRowid);
      return newest;
    },
    end: (callId, end) => {
      sql.end.run(...endColumns(end), callId);
    },
    newestCall: () => newest,
    past: ({ boot, tokens, throttledSince }) => {
      const rows = [
        ...sql.unanswered.all(),
        ...sql.lastTokens.all(boot, tokens),
        ...sql.latest.all(tokens),
        ...sql.throttled.all(throttledSince),
      ];
      return [...new Map(rows.map((row) => [row.id, { ...row, throttled: row.throttled === 1 }])).values()];
    },
    adopt: (rows) => adopt.immediate(rows),
  };
}

function startColumns(start: CallStart, dictionary: Dictionary) {
  return [
    start.walkId, dictionary.api(start.api), start.purpose, start.grade, toSeconds(start.range.since),
    toSeconds(start.range.until), start.offset, start.limit, toSeconds(start.sentAt + start.skewMs), start.sentAt,
    start.sentMono, start.sentAt - start.sentMono, dictionary.boot(start.boot), start.periodMs,
  ] as const; // prettier-ignore
}

function endColumns(end: CallEnd) {
  // The column takes any type, and the driver binds numbers as reals: people would read 20000.0.
  const code = typeof end.code === 'number' ? BigInt(end.code) : end.code;
  return [
    toSeconds(end.answeredAt + end.skewMs), end.answeredAt, end.tokenBackMono, end.httpStatus, code, end.message,
    end.rows, end.throttled ? 1 : 0,
  ] as const; // prettier-ignore
}

type PastRow = Omit<JournalRow, 'throttled'> & { readonly throttled: number };

function statements(database: Db) {
  const past = `select call.id as id, boot.name as boot, period_ms as periodMs, sent_mono_ms + wall_offset_ms as sentWallMs, sent_mono_ms as sentMonoMs,
    answered_wall_ms as answeredWallMs, token_back_mono_ms as tokenBackMonoMs, throttled from call join boot on boot.id = call.boot`;
  return {
    newest: database.prepare<[], number>('select max(id) from call').pluck(),
    begin: database.prepare(
      `insert into call (walk, api, purpose, grade, since, until, row_offset, row_limit, sent_at, sent_wall_ms, sent_mono_ms,
         wall_offset_ms, boot, period_ms)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    end: database.prepare(
      `update call set answered_at = ?, answered_wall_ms = ?, token_back_mono_ms = ?, http_status = ?, code = ?, message = ?,
         rows = ?, throttled = ? where id = ?`,
    ),
    unanswered: database.prepare<[], PastRow>(`${past} where token_back_mono_ms is null`),
    lastTokens: database.prepare<[string, number], PastRow>(
      `${past} where call.boot = (select id from boot where name = ?) and token_back_mono_ms is not null
       order by token_back_mono_ms desc limit ?`,
    ),
    latest: database.prepare<[number], PastRow>(`${past} order by call.id desc limit ?`),
    throttled: database.prepare<[number], PastRow>(
      `${past} where throttled = 1 and sent_wall_ms >= ? order by call.id desc limit 1`,
    ),
    adopt: database.prepare(
      `update call set boot = ?, period_ms = ?, wall_offset_ms = ?, sent_mono_ms = ?, answered_wall_ms = ?, token_back_mono_ms = ?,
         code = ifnull(code, 'lost') where id = ?`,
    ),
  };
}
