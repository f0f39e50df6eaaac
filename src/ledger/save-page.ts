import { takePage, type PageStep } from '../domain/evidence.ts';
import type { PageRow } from '../domain/task.ts';
import type { TimeRange } from '../domain/time-range.ts';
import type { Walk } from '../domain/walk.ts';
import { settleStep, type NextStep } from './conclude-walk.ts';
import type { LedgerRooms, Page } from './rooms.ts';
import { saveRows, type SavedRows } from './save-rows.ts';

export type SavedPage = {
  readonly walk: Walk;
  readonly rows: number;
  readonly newTasks: number;
  readonly altered: number;
  readonly newDoubts: number;
  readonly next: NextStep;
};

/**
 * Page and progress are one transaction (I1): the rows, their sums, the walk's place, the end of the call, and, with the
 * last page, the verdict and the coverage. A kill leaves all of it or nothing. The caller holds the transaction.
 */
export function savePage(rooms: LedgerRooms, asked: Page): SavedPage {
  const page = takenUp(rooms, asked);
  const api = rooms.dictionary.api(page.walk.api);
  const saved = saveRows(rooms, page, api);
  rooms.refusedApis.forgive(api);
  rooms.sums.flush();
  rooms.journal.end(page.answer.callId, page.answer.end);
  const step = takeStep(rooms, page, saved.rowNumbers);
  const walk = advanced(page, step, foundBy(page.walk, saved));
  const counts = { rows: page.answer.rows.length, newTasks: saved.newTasks, altered: saved.altered };
  const { next, newDoubts } = settleStep(rooms, { ...page, walk }, { step, api });
  return { walk: rooms.walks.get(walk.id), ...counts, newDoubts: newDoubts + saved.newDoubts, next };
}

/** A walk that stood still between two readings has no link to show that the list is the same: the count begins anew. */
function takenUp(rooms: LedgerRooms, page: Page): Page {
  const { walk, circumstances } = page;
  if (!circumstances.resumed || walk.reading.pages > 0) return page;
  rooms.proof.forget(walk);
  return { ...page, walk: { ...walk, reading: { ...walk.reading, previousLength: null } } };
}

function takeStep(rooms: LedgerRooms, page: Page, rowNumbers: readonly number[]): PageStep {
  const { walk, answer, circumstances } = page;
  const keys = answer.rows.map((row, index) => keyOf(row, rowNumbers[index] ?? 0));
  const nameless = answer.rows.map((row) => row.kind === 'quarantined' && row.id === null);
  const repeated = rooms.proof.list(
    walk,
    keys.map((key, index) => ({ key, number: rowNumbers[index] ?? 0, nameless: nameless[index] ?? false })),
  );
  return takePage(walk.reading, {
    limit: walk.limit,
    rows: answer.rows.map((row, index) => ({
      key: keys[index] ?? '',
      postedAt: row.kind === 'task' ? row.task.postedAt : null,
      repeated: repeated[index] ?? false,
      nameless: nameless[index] ?? false,
    })),
    countMatches: answer.resultCount === null || answer.resultCount === answer.rows.length,
    echoMatches: answer.echoMatches,
    resumed: circumstances.resumed,
  });
}

function keyOf(row: PageRow, rowNumber: number): string {
  return row.kind === 'task' ? row.task.id : (row.id ?? `row ${rowNumber}`);
}

/** What a chase changes is what it was sent for; what it adds is as much news as elsewhere. */
function foundBy(walk: Walk, saved: SavedRows): number {
  return saved.newTasks + (walk.purpose === 'chase' ? 0 : saved.altered);
}

function advanced(page: Page, step: PageStep, found: number): Walk {
  const { walk, answer, circumstances } = page;
  const inside = answer.rows.flatMap((row) =>
    row.kind === 'task' && contains(walk.range, row.task.postedAt) ? [row.task] : [],
  );
  const finished = inside.filter((task) => task.state !== 'pending');
  const posted = inside.map((task) => task.postedAt);
  return {
    ...walk,
    reading: step.kind === 'more' || step.kind === 'end' ? step.state : walk.reading,
    // The earlier of the two: a `Date` that jumps must not settle what is still young.
    firstPageAt:
      walk.reading.pages === 0 ? Math.min(answer.serverDate ?? circumstances.now, circumstances.now) : walk.firstPageAt,
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
    found: walk.found + found,
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
