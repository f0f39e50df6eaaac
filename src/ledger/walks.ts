import { z } from 'zod';
import { firstReading, type ReadingState } from '../domain/evidence.ts';
import type { CallPurpose } from '../domain/call.ts';
import type { Grade } from '../domain/task.ts';
import type { Walk, WalkOutcome, WalkPlan } from '../domain/walk.ts';
import type { Db } from './database.ts';
import type { Dictionary } from './dictionary.ts';
import { toMs, toMsOrNull, toSeconds, toSecondsOrNull } from './seconds.ts';

/** What a finished walk leaves as evidence. */
type Evidence = {
  readonly length: number;
  /** Distinct ids posted inside the slice. */
  readonly distinctRows: number;
  readonly digest: string;
};

export type WalkStore = {
  readonly begin: (plan: WalkPlan, at: number) => Walk;
  readonly get: (id: number) => Walk;
  /** Walks that have begun and not ended, oldest slice first. */
  readonly open: () => Walk[];
  /** Writes where the walk stands. */
  readonly keep: (walk: Walk) => void;
  readonly end: (id: number, outcome: WalkOutcome, at: number) => void;
  /** @param atLeast - Rows that the whole of its slice is known to hold at the least. */
  readonly giveUp: (id: number, atLeast: number | null, at: number) => void;
  readonly prove: (walk: Walk, evidence: Evidence, at: number) => void;
};

export function createWalkStore(database: Db, dictionary: Pick<Dictionary, 'api'>): WalkStore {
  const sql = statements(database);
  const get = (id: number): Walk => {
    const row = sql.select.get(id);
    if (row === undefined) throw new Error(`There is no walk ${id}.`);
    return walkOf(row);
  };
  return {
    get,
    begin: (plan, at) => {
      const { lastInsertRowid } = sql.begin.run(
        dictionary.api(plan.api), plan.purpose, plan.grade, toSeconds(plan.range.since), toSeconds(plan.range.until),
        plan.limit, plan.openingPages, toSeconds(at),
      ); // prettier-ignore
      return get(Number(lastInsertRowid));
    },
    open: () => sql.open.all().map(walkOf),
    keep: (walk) => {
      const { reading } = walk;
      sql.keep.run({
        id: walk.id, opening: walk.openingPages, row_limit: walk.limit, failed_limit: walk.failedLimit, pages_since_failed: walk.pagesSinceFailed,
        first_page_at: toSecondsOrNull(walk.firstPageAt), reading: reading.reading,
        next_offset: reading.nextOffset, pages: reading.pages, rows: reading.rows, link: reading.link,
        link_posted_at: toSecondsOrNull(reading.linkPostedAt), ordered: reading.ordered ? 1 : 0,
        doubtful: JSON.stringify(reading.doubtful.map(({ since, until }) => [toSeconds(since), toSeconds(until)])),
        flaws: JSON.stringify(reading.flaws), finished_rows: walk.finishedRows, described_rows: walk.describedRows,
        previous_length: reading.previousLength, first_posted_at: toSecondsOrNull(walk.firstPostedAt),
        last_posted_at: toSecondsOrNull(walk.lastPostedAt), failures: walk.failures, retry_at: toSecondsOrNull(walk.retryAt),
        failure: walk.failure, first_call: walk.firstCall, last_call: walk.lastCall, calls: walk.calls, doubts: walk.doubts,
        found: walk.found,
      }); // prettier-ignore
    },
    end: (id, outcome, at) => {
      sql.end.run(toSeconds(at), outcome, id);
      sql.dropRows.run(id);
    },
    giveUp: (id, atLeast, at) => {
      sql.giveUp.run(toSeconds(at), atLeast, id);
      sql.dropRows.run(id);
    },
    prove: (walk, evidence, at) => {
      sql.prove.run(toSeconds(at), evidence.length, evidence.distinctRows, evidence.digest, walk.doubts, walk.id);
      sql.dropRows.run(walk.id);
    },
  };
}

/** Ends a walk and begins another of the same slice that knows what the first one has learned of its failure. */
export function handOver(store: WalkStore, walk: Walk, to: { purpose: CallPurpose; at: number }): Walk {
  const { api, grade, range, limit } = walk;
  store.end(walk.id, 'dropped', to.at);
  const begun = store.begin({ api, purpose: to.purpose, grade, range, limit, openingPages: 0 }, to.at);
  const { failedLimit, pagesSinceFailed, failures, retryAt, failure } = walk;
  const informed = { ...begun, failedLimit, pagesSinceFailed, failures, retryAt, failure };
  store.keep(informed);
  return informed;
}

type WalkRow = {
  readonly id: number;
  readonly api: string;
  readonly purpose: CallPurpose;
  readonly grade: Grade;
  readonly since: number;
  readonly until: number;
  readonly row_limit: number;
  readonly failed_limit: number | null;
  readonly pages_since_failed: number;
  readonly opening: number;
  readonly first_page_at: number | null;
  readonly reading: number;
  readonly next_offset: number;
  readonly pages: number;
  readonly rows: number;
  readonly link: string | null;
  readonly link_posted_at: number | null;
  readonly ordered: number;
  readonly doubtful: string;
  readonly flaws: string;
  readonly finished_rows: number;
  readonly described_rows: number;
  readonly previous_length: number | null;
  readonly first_posted_at: number | null;
  readonly last_posted_at: number | null;
  readonly failures: number;
  readonly retry_at: number | null;
  readonly failure: string | null;
  readonly first_call: number | null;
  readonly last_call: number | null;
  readonly calls: number;
  readonly doubts: number;
  readonly found: number;
};

const rangesText = z.array(z.tuple([z.number(), z.number()]));
const flawsText = z.array(z.enum(['result_count', 'echo', 'ended_before_its_link', 'repeats', 'links']));

function walkOf(row: WalkRow): Walk {
  return {
    id: row.id,
    api: row.api,
    purpose: row.purpose,
    grade: row.grade,
    range: { since: toMs(row.since), until: toMs(row.until) },
    limit: row.row_limit,
    failedLimit: row.failed_limit,
    pagesSinceFailed: row.pages_since_failed,
    openingPages: row.opening,
    reading: readingOf(row),
    firstPageAt: toMsOrNull(row.first_page_at),
    finishedRows: row.finished_rows,
    describedRows: row.described_rows,
    firstPostedAt: toMsOrNull(row.first_posted_at),
    lastPostedAt: toMsOrNull(row.last_posted_at),
    failures: row.failures,
    retryAt: toMsOrNull(row.retry_at),
    failure: row.failure,
    firstCall: row.first_call,
    lastCall: row.last_call,
    calls: row.calls,
    doubts: row.doubts,
    found: row.found,
  };
}

function readingOf(row: WalkRow): ReadingState {
  const doubtful = rangesText.parse(JSON.parse(row.doubtful));
  return {
    ...firstReading(),
    reading: row.reading,
    nextOffset: row.next_offset,
    pages: row.pages,
    rows: row.rows,
    link: row.link,
    linkPostedAt: toMsOrNull(row.link_posted_at),
    ordered: row.ordered === 1,
    doubtful: doubtful.map(([since, until]) => ({ since: toMs(since), until: toMs(until) })),
    flaws: flawsText.parse(JSON.parse(row.flaws)),
    previousLength: row.previous_length,
  };
}

function statements(database: Db) {
  const select = `select walk.*, api.name as api from walk join api on api.id = walk.api`;
  return {
    // A bare parameter would have SQLite plan the join anew for each value: 250 µs for 15.
    select: database.prepare<[number], WalkRow>(`${select} where walk.id = +?`),
    open: database.prepare<[], WalkRow>(`${select} where walk.finished_at is null order by walk.since`),
    begin: database.prepare(
      `insert into walk (api, purpose, grade, since, until, row_limit, opening, started_at) values (?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    keep: database.prepare(
      `update walk set opening = @opening, row_limit = @row_limit, failed_limit = @failed_limit, pages_since_failed = @pages_since_failed,
         first_page_at = @first_page_at, reading = @reading, next_offset = @next_offset,
         pages = @pages, rows = @rows, link = @link, link_posted_at = @link_posted_at, ordered = @ordered,
         doubtful = @doubtful, flaws = @flaws, finished_rows = @finished_rows, described_rows = @described_rows,
         previous_length = @previous_length, first_posted_at = @first_posted_at, last_posted_at = @last_posted_at,
         failures = @failures, retry_at = @retry_at, failure = @failure, first_call = @first_call, last_call = @last_call,
         calls = @calls, doubts = @doubts, found = @found
       where id = @id`,
    ),
    end: database.prepare('update walk set finished_at = ?, outcome = ? where id = ?'),
    giveUp: database.prepare("update walk set finished_at = ?, outcome = 'given_up', length = ? where id = ?"),
    prove: database.prepare(
      `update walk set finished_at = ?, outcome = 'covered', length = ?, distinct_rows = ?, digest = ?, doubts = ? where id = ?`,
    ),
    dropRows: database.prepare('delete from walk_row where walk = ?'),
  };
}
