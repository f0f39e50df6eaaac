import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import type { CallEnd, CallStart, PageAnswer } from '../../src/domain/call.ts';
import type { PlanPolicy } from '../../src/domain/gaps.ts';
import { soundingOffset } from '../../src/domain/slicing.ts';
import type { ListedTask, PageRow } from '../../src/domain/task.ts';
import type { Walk, WalkPlan } from '../../src/domain/walk.ts';
import type { Db } from '../../src/ledger/database.ts';
import { openLedger, type Ledger } from '../../src/ledger/ledger.ts';
import type { PageCircumstances } from '../../src/ledger/rooms.ts';
import type { SavedPage } from '../../src/ledger/save-page.ts';
import { formatWireTime } from '../../src/time.ts';

/** The server's clock in these tests. */
export const NOW = Date.UTC(2024, 4, 15, 12);
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const policy: PlanPolicy = { tokens: 10, periodMs: 60_000, limit: 1000 };
export const LOGIN = 'agency@example.com';

export type TempLedger = {
  readonly folder: string;
  readonly path: string;
  /** Opens it, or opens it again; closed at the end of the test. */
  readonly open: (over?: { login?: string; now?: number }) => Ledger;
  /** Reads with SQL beside the ledger, the way a person would. */
  readonly rows: (sql: string, ...values: unknown[]) => Record<string, unknown>[];
  /** The first column of the first row. */
  readonly value: (sql: string, ...values: unknown[]) => unknown;
  /** Writes with SQL behind the ledger's back. */
  readonly exec: (sql: string) => void;
};

/** An empty folder with a place for a ledger; gone when the test is. */
export function tempLedger(): TempLedger {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-test-'));
  const path = join(folder, 'ledger.db');
  const opened: Ledger[] = [];
  onTestFinished(() => {
    for (const ledger of opened) ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const rows = (sql: string, ...values: unknown[]) =>
    withDatabase(path, { readonly: true }, (database) =>
      database.prepare<unknown[], Record<string, unknown>>(sql).all(...values),
    );
  return {
    folder,
    path,
    open: (over = {}) => {
      const ledger = openLedger({ path, login: LOGIN, pid: process.pid, now: NOW, ...over });
      opened.push(ledger);
      return ledger;
    },
    rows,
    value: (sql, ...values) => Object.values(rows(sql, ...values)[0] ?? {})[0],
    exec: (sql) => withDatabase(path, {}, (database) => void database.exec(sql)),
  };
}

export function withDatabase<T>(path: string, options: Database.Options, work: (database: Db) => T): T {
  const database = new Database(path, options);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** A finished task, posted and done a second later, with metadata. */
export function listed(id: string, postedAt: number, over: Partial<ListedTask> = {}): ListedTask {
  return {
    id,
    url: 'v3/backlinks/summary/live',
    endpoint: 'backlinks/summary/live',
    postedAt,
    postedText: formatWireTime(postedAt),
    doneAt: postedAt + 1000,
    doneText: formatWireTime(postedAt + 1000),
    status: '20000',
    statusCode: 20_000,
    state: 'finished',
    costMicros: 20_000,
    metadata: '{"tag":"customer-7","target":"example.com"}',
    tag: 'customer-7',
    target: 'example.com',
    extra: null,
    ...over,
  };
}

/** What a row looks like without `include_metadata`. */
export const BARE = { metadata: null, tag: null, target: null } satisfies Partial<ListedTask>;
export const PENDING = {
  status: '40602',
  statusCode: 40_602,
  state: 'pending',
  doneAt: null,
  doneText: null,
} satisfies Partial<ListedTask>;

export const FAILED = {
  status: '40501',
  statusCode: 40_501,
  state: 'failed',
  costMicros: 0,
} satisfies Partial<ListedTask>;

export const asRow = (task: ListedTask): PageRow => ({ kind: 'task', task });

export function sliceOf(since: number, until: number, over: Partial<WalkPlan> = {}): WalkPlan {
  const range = { since, until };
  return { api: 'backlinks', purpose: 'backfill', grade: 'metadata', range, limit: 1000, openingPages: 0, ...over };
}

export function startOf(walk: Walk, over: Partial<CallStart> = {}): CallStart {
  const { id, api, purpose, range, grade, limit, reading } = walk;
  const question = { walkId: id, api, purpose, range, grade, offset: reading.nextOffset, limit };
  return { ...question, sentAt: NOW, sentMono: 1_000_000, boot: 'boot-1', periodMs: 60_000, skewMs: 0, ...over };
}

export function endOf(over: Partial<CallEnd> = {}): CallEnd {
  return {
    answeredAt: NOW + 100,
    tokenBackMono: 1_060_000,
    httpStatus: 200,
    code: 20_000,
    message: 'Ok.',
    rows: null,
    throttled: false,
    skewMs: 0,
    ...over,
  };
}

export function answerOf(callId: number, rows: readonly PageRow[], over: Partial<PageAnswer> = {}): PageAnswer {
  return {
    callId,
    end: endOf({ rows: rows.length }),
    rows,
    resultCount: rows.length,
    echoMatches: true,
    serverDate: NOW,
    ...over,
  };
}

export const circumstances: PageCircumstances = {
  now: NOW,
  metadataEdge: NOW - 31 * DAY,
  lagMs: 30_000,
  settleMs: HOUR,
  resumed: false,
};

export type Reading = {
  readonly answer?: Partial<PageAnswer>;
  readonly at?: Partial<PageCircumstances>;
};

/** One call and the page that it brought. */
export function savePage(ledger: Ledger, walk: Walk, rows: readonly PageRow[], over: Reading = {}): SavedPage {
  const callId = ledger.journal.begin(startOf(walk));
  return ledger.savePage(walk, answerOf(callId, rows, over.answer), { ...circumstances, ...over.at });
}

/** The answer to the one row that an opening is sounded by. */
export function saveSounding(ledger: Ledger, walk: Walk, rows: readonly PageRow[]): SavedPage {
  const offset = soundingOffset(walk.openingPages, walk.limit);
  const callId = ledger.journal.begin(startOf(walk, { offset, limit: 1 }));
  return ledger.saveSounding(walk, answerOf(callId, rows), circumstances);
}

/** Walks a slice to its end: the server lists `rows` in this order, and the list does not change. */
export function readSlice(ledger: Ledger, plan: WalkPlan, rows: readonly PageRow[], over: Reading = {}): Walk {
  let walk = ledger.beginWalk(plan, NOW);
  for (;;) {
    const { nextOffset } = walk.reading;
    const saved = savePage(ledger, walk, rows.slice(nextOffset, nextOffset + walk.limit), over);
    if (saved.next === 'done' || saved.next === 'stuck') return saved.walk;
    walk = saved.walk;
  }
}

/** A ledger that began at NOW. */
export function begunLedger(): TempLedger & { readonly ledger: Ledger } {
  const temp = tempLedger();
  const ledger = temp.open();
  ledger.ensureFrontiers('backlinks', NOW, policy);
  return { ...temp, ledger };
}

/** One that has read these tasks, which are all there are in that time. */
export function ledgerOf(tasks: readonly ListedTask[], since: number, until: number): ReturnType<typeof begunLedger> {
  const begun = begunLedger();
  readSlice(begun.ledger, sliceOf(since, until), tasks.map(asRow));
  return begun;
}
