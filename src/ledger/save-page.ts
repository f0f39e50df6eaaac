import type { PageAnswer } from '../domain/call.ts';
import { firstReading, judge, nextReading, takePage, type PageStep, type Verdict } from '../domain/evidence.ts';
import { openingGoesOn } from '../domain/slicing.ts';
import type { PageRow } from '../domain/task.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Walk } from '../domain/walk.ts';
import type { CoverageStore } from './coverage.ts';
import type { Db } from './database.ts';
import type { Dictionary } from './dictionary.ts';
import type { DoubtBook } from './doubts.ts';
import type { LedgerJournal } from './journal.ts';
import type { Proof } from './proof.ts';
import type { Sums } from './sums.ts';
import type { PageSighting, TaskStore } from './tasks.ts';
import type { WalkStore } from './walks.ts';

/** What the page's transaction has to know beside the page. Instants are epoch ms of the server's clock. */
export type PageCircumstances = {
  readonly now: number;
  /** Tasks posted before this have left the month. */
  readonly metadataEdge: number;
  readonly lagMs: number;
  readonly settleMs: number;
  /** The first page of this walk since the process began. */
  readonly resumed: boolean;
};

export type SavedPage = {
  readonly walk: Walk;
  readonly rows: number;
  readonly newTasks: number;
  readonly altered: number;
  readonly newDoubts: number;
  /** `more`: the walk goes on · `again`: another reading from offset 0 · `done`: it has ended · `stuck`: the server repeats itself. */
  readonly next: 'more' | 'again' | 'done' | 'stuck';
};

export type SavePage = (walk: Walk, answer: PageAnswer, circumstances: PageCircumstances) => SavedPage;

export type PageRooms = {
  readonly database: Db;
  readonly dictionary: Dictionary;
  readonly sums: Sums;
  readonly tasks: TaskStore;
  readonly walks: WalkStore;
  readonly coverage: CoverageStore;
  readonly doubts: DoubtBook;
  readonly journal: LedgerJournal;
  readonly proof: Proof;
};

/**
 * Page and progress are one transaction (I1): the rows, their sums, the walk's place, the end of the call, and, with the
 * last page, the verdict and the coverage. A kill leaves all of it or nothing.
 */
export function createSavePage(rooms: PageRooms): SavePage {
  const save = rooms.database.transaction((walk: Walk, answer: PageAnswer, circumstances: PageCircumstances) =>
    saveInTransaction(rooms, { walk, answer, circumstances }),
  );
  return (walk, answer, circumstances) => {
    try {
      return save.immediate(walk, answer, circumstances);
    } catch (error) {
      rooms.sums.forget();
      rooms.dictionary.forget();
      throw error;
    }
  };
}

type Page = { readonly walk: Walk; readonly answer: PageAnswer; readonly circumstances: PageCircumstances };

function saveInTransaction(rooms: PageRooms, page: Page): SavedPage {
  const api = rooms.dictionary.api(page.walk.api);
  const saved = saveRows(rooms, page, api);
  rooms.sums.flush();
  rooms.journal.end(page.answer.callId, page.answer.end);
  const step = takeStep(rooms, page, saved.rowNumbers);
  const walk = advanced(page, step);
  const counts = { rows: page.answer.rows.length, newTasks: saved.newTasks, altered: saved.altered };
  const { next, newDoubts } = settleStep(rooms, { ...page, walk }, { step, api });
  return { walk: rooms.walks.get(walk.id), ...counts, newDoubts: newDoubts + saved.newDoubts, next };
}

type SavedRows = { readonly rowNumbers: number[]; newTasks: number; altered: number; newDoubts: number };

function saveRows(rooms: PageRooms, page: Page, api: number): SavedRows {
  const { walk, answer, circumstances } = page;
  const sighting: PageSighting = {
    api,
    callId: answer.callId,
    withMetadata: walk.grade === 'metadata',
    metadataEdge: circumstances.metadataEdge,
    seenAt: circumstances.now,
    newestCall: rooms.journal.newestCall(),
  };
  const saved: SavedRows = { rowNumbers: [], newTasks: 0, altered: 0, newDoubts: 0 };
  for (const row of answer.rows) saved.rowNumbers.push(saveRow(rooms, row, { sighting, saved }));
  return saved;
}

/** @returns The number under which the proof knows the row. */
function saveRow(rooms: PageRooms, row: PageRow, into: { sighting: PageSighting; saved: SavedRows }): number {
  const { sighting, saved } = into;
  const about = { api: sighting.api, call: sighting.callId };
  if (row.kind === 'quarantined') {
    const doubt = { ...about, kind: 'quarantined', taskId: row.id, detail: `${row.reason}: ${row.raw}` } as const;
    const { id, isNew } = rooms.doubts.record(doubt, sighting.seenAt);
    if (isNew) saved.newDoubts += 1;
    return -id;
  }
  const task = rooms.tasks.save(row.task, sighting);
  if (task.isNew) saved.newTasks += 1;
  else if (task.altered) saved.altered += 1;
  const contradictions = [
    {
      holds: task.reverted,
      kind: 'reverted',
      detail: `listed as ${row.task.status ?? 'no status'} after it had finished`,
    },
    { holds: task.moved, kind: 'moved', detail: `listed with another posted time: ${row.task.postedText}` },
  ] as const;
  for (const { holds, kind, detail } of contradictions) {
    if (holds && rooms.doubts.record({ ...about, kind, taskId: row.task.id, detail }, sighting.seenAt).isNew)
      saved.newDoubts += 1;
  }
  return task.n;
}

function takeStep(rooms: PageRooms, page: Page, rowNumbers: readonly number[]): PageStep {
  const { walk, answer, circumstances } = page;
  const repeated = rooms.proof.list(walk, rowNumbers);
  return takePage(walk.reading, {
    limit: walk.limit,
    rows: answer.rows.map((row, index) => ({
      key: keyOf(row, rowNumbers[index] ?? 0),
      postedAt: row.kind === 'task' ? row.task.postedAt : null,
      repeated: repeated[index] ?? false,
    })),
    countMatches: answer.resultCount === null || answer.resultCount === answer.rows.length,
    echoMatches: answer.echoMatches,
    resumed: circumstances.resumed,
  });
}

function keyOf(row: PageRow, rowNumber: number): string {
  return row.kind === 'task' ? row.task.id : (row.id ?? `row ${rowNumber}`);
}

function advanced(page: Page, step: PageStep): Walk {
  const { walk, answer, circumstances } = page;
  const inside = answer.rows.flatMap((row) =>
    row.kind === 'task' && contains(walk.range, row.task.postedAt) ? [row.task] : [],
  );
  const finished = inside.filter((task) => task.state !== 'pending');
  const posted = inside.map((task) => task.postedAt);
  return {
    ...walk,
    reading: step.kind === 'more' || step.kind === 'end' ? step.state : walk.reading,
    firstPageAt: walk.reading.pages === 0 ? (answer.serverDate ?? circumstances.now) : walk.firstPageAt,
    finishedRows: walk.finishedRows + finished.length,
    describedRows: walk.describedRows + finished.filter((task) => task.metadata !== null).length,
    firstPostedAt: least([walk.firstPostedAt, ...posted]),
    lastPostedAt: most([walk.lastPostedAt, ...posted]),
    failures: 0,
    retryAt: null,
    failure: null,
    firstCall: walk.firstCall ?? answer.callId,
    lastCall: answer.callId,
    calls: walk.calls + 1,
  };
}

function contains(range: TimeRange, at: number): boolean {
  return at >= range.since && at < range.until;
}

function least(values: readonly (number | null)[]): number | null {
  return values.reduce((a, b) => (a === null ? b : b === null ? a : Math.min(a, b)), null);
}

function most(values: readonly (number | null)[]): number | null {
  return values.reduce((a, b) => (a === null ? b : b === null ? a : Math.max(a, b)), null);
}

type Settled = { readonly next: SavedPage['next']; readonly newDoubts: number };

function settleStep(rooms: PageRooms, page: Page, of: { step: PageStep; api: number }): Settled {
  const { walk, circumstances } = page;
  const { step, api } = of;
  switch (step.kind) {
    case 'more': {
      rooms.walks.keep(walk);
      const { openingPages, range, limit } = walk;
      const isFirst = openingPages > 0 && step.state.reading === 1 && step.state.pages === 1;
      if (!isFirst || openingGoesOn(range, walk.lastPostedAt ?? range.since, openingPages, limit))
        return { next: 'more', newDoubts: 0 };
      rooms.walks.end(walk.id, 'given_up', circumstances.now);
      return { next: 'done', newDoubts: 0 };
    }
    case 'restart':
      rooms.proof.forgetReading(walk);
      rooms.walks.keep(
        freshReading(walk, {
          ...firstReading(),
          reading: walk.reading.reading,
          previousLength: walk.reading.previousLength,
        }),
      );
      return { next: 'again', newDoubts: 0 };
    case 'stuck': {
      rooms.walks.keep({ ...walk, doubts: walk.doubts + 1 });
      const detail = `the page at offset ${walk.reading.nextOffset} brought nothing that the pages before it had not`;
      const { isNew } = rooms.doubts.record(
        { api, kind: 'repeating_page', range: walk.range, call: page.answer.callId, detail },
        circumstances.now,
      );
      return { next: 'stuck', newDoubts: isNew ? 1 : 0 };
    }
    case 'end': {
      const verdict = judge(walk.range, step.state, step.length, rooms.proof.unionSize(walk));
      if (verdict.kind !== 'again')
        return { next: 'done', newDoubts: finish(rooms, page, { verdict, length: step.length, api }) };
      rooms.walks.keep(freshReading(walk, nextReading(step.state, step.length)));
      return { next: 'again', newDoubts: 0 };
    }
  }
}

function freshReading(walk: Walk, reading: Walk['reading']): Walk {
  return { ...walk, reading, firstPageAt: null, finishedRows: 0, describedRows: 0 };
}

type Ended = { readonly verdict: Exclude<Verdict, { kind: 'again' }>; readonly length: number; readonly api: number };

/** Writes the evidence and the coverage that it proves. @returns How many new doubts that brought. */
function finish(rooms: PageRooms, page: Page, ended: Ended): number {
  const { walk, circumstances } = page;
  const { verdict, length, api } = ended;
  const firstPageAt = walk.firstPageAt ?? circumstances.now;
  // What was not yet past when the reading began may still have been arriving (I6).
  const frozen = Math.floor((firstPageAt - circumstances.lagMs) / 1000) * 1000;
  const ranges = (verdict.kind === 'covered' ? verdict.ranges : [walk.range])
    .map(({ since, until }) => ({ since, until: Math.min(until, frozen) }))
    .filter((range) => range.since < range.until);
  const found: { kind: 'unproven' | 'unlisted' | 'no_metadata'; range: TimeRange; taskId?: string; detail: string }[] =
    [];
  if (verdict.kind === 'covered_in_doubt') {
    found.push({
      kind: 'unproven',
      range: walk.range,
      detail: `${walk.reading.reading} readings never agreed: ${verdict.flaws.join(', ')}`,
    });
  }
  const evidence = rooms.proof.digest(walk, api, ranges);
  for (const taskId of evidence.unlisted) {
    found.push({
      kind: 'unlisted',
      range: walk.range,
      taskId,
      detail: 'known to the ledger, but this reading did not list it',
    });
  }
  const bare = walk.grade === 'metadata' && walk.finishedRows > 0 && walk.describedRows === 0;
  if (bare)
    found.push({
      kind: 'no_metadata',
      range: walk.range,
      detail: `none of ${walk.finishedRows} finished tasks carried metadata`,
    });
  const newDoubts = found.filter((doubt) => rooms.doubts.record({ api, ...doubt }, circumstances.now).isNew).length;
  const proven = { ...walk, doubts: walk.doubts + found.length };
  rooms.walks.keep(proven);
  rooms.walks.prove(proven, { length, distinctRows: evidence.rows, digest: evidence.digest }, circumstances.now);
  const reading = {
    walkId: walk.id,
    grade: bare ? 'ids' : walk.grade,
    readAt: circumstances.now,
    settledBefore: firstPageAt - circumstances.settleMs,
  } as const;
  for (const range of ranges) {
    rooms.coverage.cover(api, range, reading);
    if (bare)
      rooms.coverage.lose(api, {
        ...range,
        grade: 'metadata',
        lostAt: circumstances.now,
        reason: 'the server lists these tasks without metadata',
      });
  }
  return newDoubts;
}
