import { statSync } from 'node:fs';
import { subtract, union } from '../domain/coverage.ts';
import { coveredShare } from '../domain/covered-share.ts';
import { gapsOf, upperBound, windowSince, type ApiPicture, type PlanPolicy } from '../domain/gaps.ts';
import { backlogOf, callMsOf, type Cutting } from '../domain/plan.ts';
import { lossesAhead, type Outlook } from '../domain/loss-ahead.ts';
import type { ApiCoverage, Snapshot, Stretch } from '../domain/snapshot.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Word } from '../domain/vitals.ts';
import { withoutGaps } from '../domain/wording.ts';
import { callsInPeriods } from './budget-use.ts';
import { createCoverageStore } from './coverage.ts';
import { readDaemonState } from './daemon-state.ts';
import type { Db } from './database.ts';
import { isHeld, readHolder } from './lock.ts';
import { readDisk } from './disk.ts';
import { readPicture } from './picture.ts';
import { unreadPicture } from './plan-report.ts';
import { readRefusedApis } from './refused-apis.ts';
import { serverNow } from './server-now.ts';
import { recentTailCalls } from './tail-calls.ts';
import { tailStates } from './tail-states.ts';
import { createWalkStore } from './walks.ts';

/** What a snapshot needs beside the ledger. Durations in ms, instants epoch ms. */
export type SnapshotTerms = {
  readonly path: string;
  readonly apis: readonly string[];
  readonly policy: PlanPolicy;
  readonly lagMs: number;
  readonly tailPeriodMs: number;
  /** This machine's clocks. */
  readonly wallNow: number;
  readonly monoNow: number;
  readonly boot: string;
  readonly version: string;
  /** The last word of the process that asks, where it works on the ledger itself: on a full disk the ledger holds an older one. */
  readonly said?: Word | null;
};

/** What the ledger knows and lacks now; one reading transaction, so that all of it is of one moment. */
export function readSnapshot(database: Db, terms: SnapshotTerms): Snapshot {
  return database.transaction(() => snapshotOf(database, terms))();
}

/** The pictures of the configured APIs that the ledger knows, for planning without a lock. */
export function readPictures(database: Db, apis: readonly string[]): ApiPicture[] {
  const rooms = { coverage: createCoverageStore(database), walks: createWalkStore(database, { api: () => 0 }) };
  return apis.flatMap((name) => {
    const number = apiNumber(database, name);
    const isBorn = number !== null && rooms.coverage.frontiers(number).length > 0;
    return isBorn ? [readPicture(rooms, { name, number })] : [];
  });
}

function snapshotOf(database: Db, terms: SnapshotTerms): Snapshot {
  const now = serverNow(database, terms.wallNow);
  const read = new Map(readPictures(database, terms.apis).map((picture) => [picture.api, picture]));
  const upper = upperBound(now, terms.lagMs);
  const tailCalls = recentTailCalls(database, { now, policy: terms.policy });
  const cutting: Cutting = { now, upper, policy: terms.policy, inFlight: 0, tailCalls };
  const pictures = terms.apis.map((api) => read.get(api) ?? unreadPicture(api, cutting));
  const backlog = backlogOf(pictures, cutting);
  const each = <Told>(tell: (picture: ApiPicture) => Told, unread: Told): Record<string, Told> =>
    Object.fromEntries(
      terms.apis.map((api) => {
        const picture = read.get(api);
        return [api, picture === undefined ? unread : tell(picture)];
      }),
    );
  const state = stateOf(database, terms, now);
  const coverage = each((picture) => coverageOf(database, picture, { terms, now }), NOT_COVERED);
  const refused = refusedApis(database, terms.apis);
  const { path } = terms;
  const tasks = taskCounts(database);
  const ledgerBytes = sizeOf(path);
  return {
    ...state,
    at: iso(now),
    tasks,
    coverage,
    tail: tailStates(database, { terms, now, pictures: read, coverage }),
    refused,
    doubts: count(database, 'select count(*) from doubt'),
    lastFailure: lastFailure(database),
    budget: {
      calls: terms.policy.tokens,
      periodMs: terms.policy.periodMs,
      ...callsInPeriods(database, { ...terms, periodMs: terms.policy.periodMs, held: isHeld(terms.path) }),
    },
    backlog: {
      coveredShare: coveredShare(pictures, upper, now),
      calls: backlog.calls,
      etaSeconds: Math.ceil((backlog.calls * callMsOf(cutting)) / 1000),
      exact: backlog.exact,
      willExpire: lossesAhead(pictures, cutting, outlookOf(database, state, refused)).map((loss) => ({
        api: loss.api,
        ...stretch(loss),
        expiresAt: iso(loss.expiresAt),
        reason: loss.reason,
      })),
    },
    ledger: {
      path,
      schemaVersion: Number(database.pragma('user_version', { simple: true })),
      sizeBytes: ledgerBytes,
      walBytes: sizeOf(`${terms.path}-wal`),
    },
    disk: readDisk(database, { path, now, ledgerBytes, tasks: tasks.total, backlogCalls: backlog.calls }),
    version: terms.version,
  };
}

/** Of an API that is in the settings and that no process has worked on yet. */
const NOT_COVERED: ApiCoverage = {
  since: null,
  until: null,
  complete: false,
  gaps: [],
  losses: [],
  unsettled: [],
};

/** A word is written down every twenty seconds; the loop may stand still for a few more. */
const OLD_WORD_MS = 60_000;

/** Who does not hold the lock is stopped, whatever it last said of itself. */
function stateOf(database: Db, terms: SnapshotTerms, now: number): Pick<Snapshot, 'state' | 'reason' | 'until'> {
  if (terms.said !== undefined && terms.said !== null) return inSnapshot(terms.said);
  const said = readDaemonState(database);
  const isAtWork = isHeld(terms.path);
  if (said === null && isAtWork) {
    return { state: 'waiting', reason: `${readHolder(terms.path)}: it has not said yet what it does`, until: null };
  }
  if (said === null || said.state === 'stopped' || !isAtWork) {
    return { state: 'stopped', reason: stoppedReason(said?.at ?? null, now), until: null };
  }
  if (now - said.at > OLD_WORD_MS) {
    const reason = `${readHolder(terms.path)}: it has not been able to write its state since ${iso(said.at)}, as on a full disk, or stands still; its log says why. Then it was ${said.state}: ${said.reason}`;
    return { state: 'waiting', reason, until: null };
  }
  return inSnapshot(said);
}

function inSnapshot({ state, reason, until }: Word): Pick<Snapshot, 'state' | 'reason' | 'until'> {
  return { state, reason, until: until === null ? null : iso(until) };
}

function stoppedReason(lastSeenAt: number | null, now: number): string {
  if (lastSeenAt === null) return 'no process works on this ledger';
  return `no process works on this ledger since ${iso(Math.min(lastSeenAt, now))}`;
}

function taskCounts(database: Db): Snapshot['tasks'] {
  const sum = (where: string) => count(database, `select ifnull(sum(tasks), 0) from tally ${where}`);
  return {
    total: sum(''),
    withMetadata: sum(`where metadata_state = 'held'`),
    unfinished: sum(`where state = 'pending'`),
  };
}

function coverageOf(database: Db, picture: ApiPicture, at: { terms: SnapshotTerms; now: number }): ApiCoverage {
  const { terms, now } = at;
  const settledLong = now - terms.lagMs - 2 * terms.tailPeriodMs;
  const gaps = gapsOf(picture, upperBound(now, terms.lagMs), now);
  const number = apiNumber(database, picture.api) ?? 0;
  const losses = createCoverageStore(database).losses(number);
  const last = picture.segments.at(-1);
  const since = Math.min(windowSince(picture, 'ids', now), windowSince(picture, 'metadata', now));
  return {
    since: iso(since),
    until: last === undefined ? null : iso(last.until),
    complete: last !== undefined && gaps.every((gap) => gap.since >= settledLong),
    gaps: gaps.map((gap) => ({ ...stretch(gap), expiresAt: iso(gap.expiresAt) })),
    losses: losses.map((loss) => ({ ...stretch(loss), lostAt: iso(loss.lostAt), reason: loss.reason })),
    unsettled: toSettle(picture).map((range) => ({ since: iso(range.since), until: iso(range.until) })),
  };
}

/** What will be read once more. What left the window before that is on record as lost. */
function toSettle({ segments, losses }: ApiPicture): TimeRange[] {
  const early = union(segments.filter(({ settledAt }) => settledAt === null));
  const gone = losses.filter(({ grade }) => grade === 'ids');
  return subtract(early, gone);
}

function refusedApis(database: Db, apis: readonly string[]): Snapshot['refused'] {
  return Object.fromEntries(
    readRefusedApis(database)
      .filter(({ api }) => apis.includes(api))
      .map(({ api, since, until, code, reason }) => [api, { since: iso(since), until: iso(until), code, reason }]),
  );
}

/** What waits until some moment waits for the server or for the disk: nothing is read meanwhile. */
function outlookOf(
  database: Db,
  { state, reason, until }: Pick<Snapshot, 'state' | 'reason' | 'until'>,
  refused: Snapshot['refused'],
): Outlook {
  const isBlocked = state === 'stopped' || state === 'parked' || (state === 'waiting' && until !== null);
  return {
    blocked: (api) => refused[api]?.reason ?? (isBlocked ? reason : null),
    failing: createWalkStore(database, { api: () => 0 }).open(),
  };
}

function lastFailure(database: Db): Snapshot['lastFailure'] {
  const row = database
    .prepare<[], { at: number; code: string; message: string | null }>(
      `select answered_at as at, cast(code as text) as code, message from call
       where answered_at is not null and code is not 20000 and code <> 'aborted' order by id desc limit 1`,
    )
    .get();
  return row === undefined ? null : { at: iso(row.at * 1000), code: row.code, message: withoutGaps(row.message ?? '') };
}

/** Null for an API that the ledger has never read. */
function apiNumber(database: Db, name: string): number | null {
  return database.prepare<[string], number>('select id from api where name = ?').pluck().get(name) ?? null;
}

function stretch({ since, until, grade }: { since: number; until: number; grade: 'ids' | 'metadata' }): Stretch {
  return { since: iso(since), until: iso(until), grade };
}

function count(database: Db, sql: string): number {
  return database.prepare<[], number>(sql).pluck().get() ?? 0;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
