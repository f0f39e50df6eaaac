import { cover, union, type CoverChange, type Reading, type Segment } from '../domain/coverage.ts';
import type { Gap } from '../domain/gaps.ts';
import type { Density } from '../domain/slicing.ts';
import type { Grade } from '../domain/task.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Refusal } from '../domain/window.ts';
import type { Db } from './database.ts';
import { digestOf } from './id-digest.ts';
import { toMs, toMsOrNull, toSeconds, toSecondsOrNull } from './seconds.ts';

type Loss = TimeRange & { readonly grade: Grade; readonly lostAt: number; readonly reason: string };

/** The reading that has it, and which losses it ends. */
type Regained = { readonly grade: Grade; readonly reason: string; readonly at: number; readonly walkId: number };

export type Frontier = { readonly grade: Grade; readonly origin: number; readonly accountedUntil: number };

/** What is proven, lacking and lost, by API (its number in the dictionary). Instants are epoch ms. */
export type CoverageStore = {
  /** Puts the reading of `range` into the place of older ones, while its walk still has its list. */
  readonly cover: (api: number, range: TimeRange, reading: Reading) => CoverChange;
  readonly segments: (api: number) => readonly Segment[];
  /** Of the walks that prove something, what those have seen that were cut short, and of the latter none but those. */
  readonly densities: (api: number) => Density[];
  readonly provenDensities: (api: number) => { readonly walkId: number; readonly density: Density }[];
  readonly glimpses: (api: number) => Density[];
  /** Of a walk that has ended; null where there is none. */
  readonly densityOf: (walkId: number) => Density | null;
  readonly losses: (api: number) => readonly Loss[];
  /** All of them, joined: an API that stays refused loses for years. */
  readonly lost: (api: number) => readonly (TimeRange & { readonly grade: Grade })[];
  readonly lose: (api: number, loss: Loss) => void;
  /** What was on record as lost for this reason is had after all: the record stays, and says so. */
  readonly regain: (api: number, range: TimeRange, how: Regained) => void;
  readonly refusals: (api: number) => readonly Refusal[];
  readonly refuse: (api: number, refusal: Refusal, call: number) => void;
  readonly frontiers: (api: number) => readonly Frontier[];
  readonly setFrontier: (api: number, frontier: Frontier) => void;
  /** Whether they were reckoned by a clock that nobody has confirmed. */
  readonly isGuessed: (api: number) => boolean;
  readonly confirmFrontiers: (api: number) => void;
  /** Replaces the gaps that people see. */
  readonly setGaps: (gaps: readonly (Gap & { readonly number: number })[], asOf: number) => void;
};

export function createCoverageStore(database: Db): CoverageStore {
  const sql = statements(database);
  const provenDensities: CoverageStore['provenDensities'] = (api) =>
    sql.proven.all(api).map((row) => ({ walkId: row.id, density: densityOf(row) }));
  const glimpses: CoverageStore['glimpses'] = (api) => sql.glimpses.all(api).map(glimpseOf);
  /** Joins the loss that ends there to the one before it, where that has not been growing for a day. */
  const foldLosses = (end: LossEnd) => {
    const last = sql.lossUntil.get(end);
    const before = last === undefined ? undefined : sql.lossUntil.get({ ...end, until: last.since });
    if (last === undefined || before === undefined || last.lost_at - before.lost_at >= FOLDING_SECONDS) return;
    sql.dropLoss.run(last.id);
    sql.extendLoss.run(last.until, before.id);
  };
  const losses: CoverageStore['losses'] = (api) =>
    sql.losses
      .all(api)
      .map((row) => ({ ...rangeOf(row), grade: row.grade, lostAt: toMs(row.lost_at), reason: row.reason }));
  return {
    cover: (api, range, reading) => {
      const touched = sql.touched
        .all({ api, since: toSeconds(range.since), until: toSeconds(range.until) })
        .map(segmentOf);
      const change = cover(touched, range, reading);
      const { removed, added } = change;
      for (const segment of removed) sql.removeSegment.run(api, toSeconds(segment.since));
      for (const { since, until, grade, walkId, settledAt } of added) {
        const within = [walkId, api, toSeconds(since), toSeconds(until)] as const;
        const ids = walkId === reading.walkId ? sql.listed.iterate(...within) : sql.held.iterate(...within);
        const { rows, digest } = digestOf(ids);
        const settled = toSecondsOrNull(settledAt);
        sql.addSegment.run(api, toSeconds(since), toSeconds(until), grade, walkId, settled, rows, digest);
      }
      return change;
    },
    segments: (api) => sql.segments.all(api).map(segmentOf),
    densities: (api) => [...provenDensities(api).map(({ density }) => density), ...glimpses(api)],
    provenDensities,
    glimpses,
    densityOf: (walkId) => {
      const row = sql.density.get(walkId);
      return row === undefined ? null : densityOf(row);
    },
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
    refusals: (api) =>
      sql.refusals.all(api).map((row) => ({ grade: row.grade, widthMs: toMs(row.width), seenAt: toMs(row.seen_at) })),
    refuse: (api, refusal, call) => {
      sql.refuse.run(api, refusal.grade, toSeconds(refusal.widthMs), toSeconds(refusal.seenAt), call);
    },
    frontiers: (api) =>
      sql.frontiers
        .all(api)
        .map((row) => ({ grade: row.grade, origin: toMs(row.origin), accountedUntil: toMs(row.accounted_until) })),
    setFrontier: (api, { grade, origin, accountedUntil }) => {
      sql.setFrontier.run(api, grade, toSeconds(origin), toSeconds(accountedUntil));
    },
    isGuessed: (api) => (sql.guessed.get(api) ?? 0) > 0,
    confirmFrontiers: (api) => {
      sql.confirm.run(api);
    },
    setGaps: (gaps, asOf) => {
      sql.clearGaps.run();
      for (const gap of gaps) {
        sql.addGap.run(
          gap.number,
          toSeconds(gap.since),
          toSeconds(gap.until),
          gap.grade,
          toSeconds(gap.expiresAt),
          toSeconds(asOf),
        );
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
type DensityRow = RangeRow & { readonly id: number; readonly rows: number; readonly last: number | null };
/** `at_least`: of a walk that was given up after a sounding. */
type GlimpseRow = RangeRow & { readonly rows: number; readonly first: number; readonly at_least: number | null };
type SegmentRow = RangeRow & { readonly grade: Grade; readonly walk: number; readonly settled_at: number | null };

function rangeOf(row: RangeRow): TimeRange {
  return { since: toMs(row.since), until: toMs(row.until) };
}

function densityOf(row: DensityRow): Density {
  const seen = { ...rangeOf(row), rows: row.rows, glimpse: false };
  return row.last === null ? seen : { ...seen, lastAt: toMs(row.last) };
}

function glimpseOf(row: GlimpseRow): Density {
  const seen = { ...rangeOf(row), rows: row.rows, glimpse: true, firstAt: toMs(row.first) };
  return row.at_least === null ? seen : { ...seen, atLeast: row.at_least };
}

function segmentOf(row: SegmentRow): Segment {
  return { ...rangeOf(row), grade: row.grade, walkId: row.walk, settledAt: toMsOrNull(row.settled_at) };
}

const PROVEN = 'select id, since, until, distinct_rows as rows, last_posted_at as last from walk';

/** Parameters behind a plus: for a bare one SQLite would plan a join anew for each value, which takes longer than most of them. */
function statements(database: Db) {
  return {
    // They are disjoint: the first of them is the last that begins at the range's beginning or before, not one of years before.
    touched: database.prepare<[{ api: number; since: number; until: number }], SegmentRow>(
      `select since, until, grade, walk, settled_at from segment
       where api = +@api and since < +@until and until > +@since
         and since >= ifnull((select max(since) from segment where api = +@api and since <= +@since), +@since)
       order by since`,
    ),
    listed: database
      .prepare<[number, number, number, number], string>(
        `select task.id from task cross join walk_row on walk_row.walk = +? and walk_row.row = task.n
         where task.api = +? and task.posted_at >= +? and task.posted_at < +?`,
      )
      .pluck(),
    // What is left of an older reading, whose list is gone: what was known when it ended.
    held: database
      .prepare<[number, number, number, number], string>(
        `select task.id from task
         where task.first_seen_at <= (select finished_at from walk where id = +?) and task.api = +? and task.posted_at >= +? and task.posted_at < +?`,
      )
      .pluck(),
    segments: database.prepare<[number], SegmentRow>(
      'select since, until, grade, walk, settled_at from segment where api = ? order by since',
    ),
    removeSegment: database.prepare('delete from segment where api = ? and since = ?'),
    addSegment: database.prepare(
      'insert into segment (api, since, until, grade, walk, settled_at, rows, digest) values (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    // A walk that was given up, or that the window has overtaken, saw the beginning of its slice only: up to the last task that
    // it listed, at least a second.
    glimpses: database.prepare<[number], GlimpseRow>(
      `select since, ifnull(last_posted_at, since) + 1 as until, rows, ifnull(first_posted_at, since) as first,
         length as at_least from walk
       where api = +? and outcome in ('given_up', 'expired') and rows > 0`,
    ),
    proven: database.prepare<[number], DensityRow>(
      `${PROVEN} where id in (select walk from segment where api = +?) order by id`,
    ),
    density: database.prepare<[number], DensityRow>(`${PROVEN} where id = ? and outcome = 'covered'`),
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
    refusals: database.prepare<[number], { grade: Grade; width: number; seen_at: number }>(
      'select grade, width, seen_at from refused_width where api = ?',
    ),
    refuse: database.prepare('insert into refused_width (api, grade, width, seen_at, call) values (?, ?, ?, ?, ?)'),
    frontiers: database.prepare<[number], { grade: Grade; origin: number; accounted_until: number }>(
      'select grade, origin, accounted_until from frontier where api = ?',
    ),
    setFrontier: database.prepare(
      `insert into frontier (api, grade, origin, accounted_until) values (?, ?, ?, ?)
       on conflict (api, grade) do update set origin = excluded.origin, accounted_until = excluded.accounted_until`,
    ),
    guessed: database.prepare<[number], number>('select count(*) from frontier where api = ? and guessed = 1').pluck(),
    confirm: database.prepare('update frontier set guessed = 0 where api = ?'),
    clearGaps: database.prepare('delete from gap'),
    addGap: database.prepare('insert into gap (api, since, until, grade, expires_at, as_of) values (?, ?, ?, ?, ?, ?)'),
  };
}
