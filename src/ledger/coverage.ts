import { cover, type CoverChange, type Reading, type Segment } from '../domain/coverage.ts';
import type { Gap } from '../domain/gaps.ts';
import type { Density } from '../domain/slicing.ts';
import type { Grade } from '../domain/task.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Refusal } from '../domain/window.ts';
import type { Db } from './database.ts';
import { digestOf } from './id-digest.ts';
import { createLossStore, type LossStore } from './losses.ts';
import { toMs, toMsOrNull, toSeconds, toSecondsOrNull } from './seconds.ts';

export type Frontier = { readonly grade: Grade; readonly origin: number; readonly accountedUntil: number };

/** What is proven, lacking and lost, by API (its number in the dictionary). Instants are epoch ms. */
export type CoverageStore = LossStore & {
  /** Puts the reading of `range` into the place of older ones, while its walk still has its list. */
  readonly cover: (api: number, range: TimeRange, reading: Reading) => CoverChange;
  readonly segments: (api: number) => readonly Segment[];
  /** Of the walks that prove something, what those have seen that were cut short, and of the latter none but those. */
  readonly densities: (api: number) => Density[];
  readonly provenDensities: (api: number) => { readonly walkId: number; readonly density: Density }[];
  readonly glimpses: (api: number) => Density[];
  /** Of a walk that has ended; null where there is none. */
  readonly densityOf: (walkId: number) => Density | null;
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
  return {
    ...createLossStore(database),
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
