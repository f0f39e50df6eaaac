import { union } from '../domain/coverage.ts';
import type { Grade } from '../domain/task.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Db } from './database.ts';
import { toMs, toSeconds } from './seconds.ts';

type Loss = TimeRange & { readonly grade: Grade; readonly lostAt: number; readonly reason: string };

/** The reading that has it, and which losses it ends. */
type Regained = { readonly grade: Grade; readonly reason: string; readonly at: number; readonly walkId: number };

/** What left the window before it was read (I7), by API (its number in the dictionary). Instants are epoch ms. */
export type LossStore = {
  readonly losses: (api: number) => readonly Loss[];
  /** All of them by grade, joined: an API that stays refused loses for years. */
  readonly lost: (api: number) => readonly (TimeRange & { readonly grade: Grade })[];
  /** `lostAt` of what grows stays that of its first second, at most a day and an hour before the others. */
  readonly lose: (api: number, loss: Loss) => void;
  /** What was on record as lost for this reason is had after all: the record stays, and says so. */
  readonly regain: (api: number, range: TimeRange, how: Regained) => void;
};

export function createLossStore(database: Db): LossStore {
  const sql = statements(database);
  /** Joins the loss that ends there to the one before it, where that has not been growing for a day. */
  const foldLosses = (end: LossEnd) => {
    const last = sql.lossUntil.get(end);
    const before = last === undefined ? undefined : sql.lossUntil.get({ ...end, until: last.since });
    if (last === undefined || before === undefined || last.lost_at - before.lost_at >= FOLDING_SECONDS) return;
    sql.dropLoss.run(last.id);
    sql.extendLoss.run(last.until, before.id);
  };
  const losses: LossStore['losses'] = (api) =>
    sql.losses.all(api).map(({ since, until, grade, lost_at, reason }) => ({
      since: toMs(since),
      until: toMs(until),
      grade,
      lostAt: toMs(lost_at),
      reason,
    }));
  return {
    losses,
    lost: (api) => {
      const all = losses(api);
      const joined = (grade: Grade) =>
        union(all.filter((loss) => loss.grade === grade)).map((range) => ({ ...range, grade }));
      return [...joined('ids'), ...joined('metadata')];
    },
    lose: (api, { since, until, grade, lostAt, reason }) => {
      const at = toSeconds(lostAt);
      // A window that is left second by second would otherwise fill the table with seconds.
      const grown = sql.growLoss.run(toSeconds(until), api, grade, toSeconds(since), reason, at - GROWING_SECONDS);
      if (grown.changes > 0) return;
      foldLosses({ api, grade, reason, until: toSeconds(since) });
      sql.lose.run(api, toSeconds(since), toSeconds(until), grade, at, reason);
    },
    regain: (api, range, { grade, reason, at, walkId }) => {
      const within = [api, grade, reason, toSeconds(range.until), toSeconds(range.since)] as const;
      for (const loss of sql.lossesIn.all(...within)) {
        const since = Math.max(loss.since, toSeconds(range.since));
        const until = Math.min(loss.until, toSeconds(range.until));
        sql.regain.run(since, until, toSeconds(at), walkId, loss.id);
        if (loss.since < since) sql.lose.run(api, loss.since, since, grade, loss.lost_at, reason);
        if (loss.until > until) sql.lose.run(api, until, loss.until, grade, loss.lost_at, reason);
      }
    },
  };
}

/** Losses that follow each other within an hour are one. */
const GROWING_SECONDS = 3_600;
/** And once they are over, those of a day: an API that stays refused would leave 17,000 of them a year. */
const FOLDING_SECONDS = 86_400;

type LossEnd = { readonly api: number; readonly grade: Grade; readonly reason: string; readonly until: number };

type RangeRow = { readonly since: number; readonly until: number };

function statements(database: Db) {
  return {
    losses: database.prepare<[number], RangeRow & { grade: Grade; lost_at: number; reason: string }>(
      'select since, until, grade, lost_at, reason from loss where api = ? and regained_at is null order by since',
    ),
    lossesIn: database.prepare<[number, Grade, string, number, number], RangeRow & { id: number; lost_at: number }>(
      `select id, since, until, lost_at from loss
       where api = ? and grade = ? and reason = ? and since < ? and until > ? and regained_at is null`,
    ),
    lossUntil: database.prepare<[LossEnd], RangeRow & { id: number; lost_at: number }>(
      `select id, since, until, lost_at from loss
       where api = @api and grade = @grade and reason = @reason and until = @until and regained_at is null`,
    ),
    dropLoss: database.prepare('delete from loss where id = ?'),
    extendLoss: database.prepare('update loss set until = ? where id = ?'),
    regain: database.prepare('update loss set since = ?, until = ?, regained_at = ?, regained_by = ? where id = ?'),
    lose: database.prepare('insert into loss (api, since, until, grade, lost_at, reason) values (?, ?, ?, ?, ?, ?)'),
    growLoss: database.prepare(
      'update loss set until = ? where api = ? and grade = ? and until = ? and reason = ? and lost_at > ? and regained_at is null',
    ),
  };
}
