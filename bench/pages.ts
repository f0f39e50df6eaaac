import Database from 'better-sqlite3';
import { readAnswer } from '../src/dataforseo/wire.ts';
import type { PageAnswer } from '../src/domain/call.ts';
import type { PageRow } from '../src/domain/task.ts';
import { openLedger } from '../src/ledger/ledger.ts';
import { createTaskModel } from '../src/simulator/model.ts';
import { createTimeline } from '../src/simulator/arrivals.ts';
import { patchOptions } from '../src/simulator/options.ts';
import { rowAt } from '../src/simulator/rows.ts';

const DAY_MS = 86_400_000;
const PAGE_ROWS = 1_000;
const PAGES = 40;
const API = 'backlinks';

/** Pages of tasks that no ledger of the bench holds, posted all over the last four weeks, in posted order. */
function* pages(now: number, count: number): Iterable<PageRow[]> {
  // So many million lie in between that each page is a slice of time of its own.
  const options = patchOptions(null, {
    tasks: count * PAGE_ROWS,
    spanDays: 28,
    newestAgoMs: DAY_MS,
    seed: now % 1_000_000,
  });
  const model = createTaskModel(API, options, options.seed, createTimeline(options, options.seed, now, []));
  const range = { since: 0, until: now };
  const question = {
    walkId: 1,
    api: API,
    purpose: 'backfill',
    grade: 'metadata',
    range,
    offset: 0,
    limit: PAGE_ROWS,
  } as const;
  for (let page = 0; page < count; page += 1) {
    const rows = Array.from({ length: PAGE_ROWS }, (_, at) =>
      rowAt(model, options, page * PAGE_ROWS + at, { now, metadata: true }),
    );
    const task = { status_code: 20_000, result_count: rows.length, result: rows };
    yield [...(readAnswer(JSON.stringify({ status_code: 20_000, tasks: [task] }), question).page?.rows ?? [])];
  }
}

/** The program's own transaction of a page, on the ledger at `path`. @returns ms each. */
export function timePages(path: string): number[] {
  const now = Math.floor(Date.now() / 1_000) * 1_000;
  const ledger = openLedger({ path, login: 'login', pid: process.pid, now });
  try {
    const range = { since: now - 29 * DAY_MS, until: now };
    const plan = {
      api: API,
      purpose: 'verify',
      grade: 'metadata',
      range,
      limit: PAGE_ROWS + 1,
      openingPages: 0,
    } as const;
    const circumstances = { now, metadataEdge: now - 30 * DAY_MS, lagMs: 30_000, settleMs: 3_600_000, resumed: false };
    const times: number[] = [];
    for (const rows of pages(now, PAGES)) {
      const walk = ledger.beginWalk({ ...plan, limit: PAGE_ROWS }, now);
      const sent = { sentAt: now, sentMono: 0, boot: 'bench', periodMs: 60_000, skewMs: 0, walkId: walk.id, offset: 0 };
      const callId = ledger.journal.begin({ ...plan, ...sent });
      const answer = answerOf(callId, rows, now);
      const began = performance.now();
      ledger.savePage(walk, answer, circumstances);
      times.push(performance.now() - began);
      ledger.endWalk(walk, 'dropped', now);
    }
    return times;
  } finally {
    ledger.close();
  }
}

function answerOf(callId: number, rows: readonly PageRow[], now: number): PageAnswer {
  const end = {
    answeredAt: now,
    tokenBackMono: 0,
    httpStatus: 200,
    code: 20_000,
    message: null,
    rows: rows.length,
  } as const;
  return {
    callId,
    end: { ...end, throttled: false, skewMs: 0 },
    rows,
    resultCount: rows.length,
    echoMatches: true,
    serverDate: now,
  };
}

/** The least that any program would do with such rows: one prepared upsert into one table with its two indexes, a page a transaction. */
export function upsertsPerSecond(path: string): number {
  const database = new Database(path);
  try {
    database.pragma('journal_mode = wal');
    database.pragma('synchronous = full');
    database.exec(
      `create table task (id text primary key, url text, datetime_posted text, datetime_done text, status text, cost real, metadata text);
       create index task_by_posted on task (datetime_posted)`,
    );
    const upsert = database.prepare(
      `insert into task values (?, ?, ?, ?, ?, ?, ?)
       on conflict (id) do update set datetime_done = excluded.datetime_done, status = excluded.status, cost = excluded.cost,
         metadata = coalesce(excluded.metadata, metadata)`,
    );
    const save = database.transaction((rows: readonly PageRow[]) => {
      for (const row of rows) if (row.kind === 'task') upsert.run(...columnsOf(row.task));
    });
    const now = Math.floor(Date.now() / 1_000) * 1_000;
    let spentMs = 0;
    const count = 200;
    for (const rows of pages(now, count)) {
      const began = performance.now();
      save.immediate(rows);
      spentMs += performance.now() - began;
    }
    return (count * PAGE_ROWS) / (spentMs / 1_000);
  } finally {
    database.close();
  }
}

function columnsOf(task: Extract<PageRow, { kind: 'task' }>['task']) {
  return [task.id, task.url, task.postedText, task.doneText, task.status, (task.costMicros ?? 0) / 1e6, task.metadata];
}
