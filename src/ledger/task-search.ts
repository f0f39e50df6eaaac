import type { TaskLine } from '../domain/report.ts';
import type { FoundTasks, SearchPlace, TaskSearch } from '../domain/task-search.ts';
import type { Db } from './database.ts';
import { taskConditions, type Piece } from './reports/pieces.ts';
import { stretchesOf, targetCondition } from './search-days.ts';
import { lineOf, LINE_COLUMNS, type LineRow } from './task-line.ts';
import { toMs } from './seconds.ts';

export type SearchTerms = {
  readonly from: SearchPlace | null;
  /** 1 … 1000. */
  readonly limit: number;
  /** How long it may search; what it has found by then is the answer. */
  readonly boxMs: number;
  readonly monotonic: () => number;
};

/** So many tasks are looked at between two glances at the clock, to begin with; a table of long rows takes 10 ms for them. */
const FIRST_CHUNK = 2_000;
const LARGEST_CHUNK = 256_000;
const LEAST_CHUNK = 200;
/** A chunk that takes so long is looked up from in time. */
const QUICK_MS = 15;
const END = Number.MAX_SAFE_INTEGER;

/**
 * Tasks that fit, newest first. It walks back through time in chunks of so many tasks, and over days that hold none, so that a
 * search for what is rare ends in time too: with what was found, how far back that was, and from where to go on.
 */
export function searchTasks(database: Db, search: TaskSearch, terms: SearchTerms): FoundTasks {
  const { monotonic, boxMs, limit } = terms;
  const began = monotonic();
  const sql = statements(database, search);
  const stretches = stretchesOf(database, search, terms.from);
  const tasks: TaskLine[] = [];
  let chunk = search.id === null ? FIRST_CHUNK : LARGEST_CHUNK;
  for (const [index, { since, from }] of stretches.entries()) {
    for (let place: SearchPlace | null = from; place !== null;) {
      const chunkBegan = monotonic();
      const end: SearchPlace | null = search.id === null ? sql.endOfChunk(place, since, chunk) : null;
      const rows = sql.within(place, end ?? { at: since, n: -END }, limit - tasks.length);
      tasks.push(...rows.map(lineOf));
      const last = rows.at(-1);
      if (last !== undefined && tasks.length >= limit) return found(tasks, { at: last.posted_at, n: last.n });
      place = end;
      const now = monotonic();
      const next = place ?? stretches[index + 1]?.from;
      if (next !== undefined && now - began >= boxMs) return found(tasks, next);
      chunk = nextChunk(chunk, now - chunkBegan, began + boxMs - now);
    }
  }
  return { tasks, searchedBackTo: null, next: null };
}

/** What is left of the time bounds the next chunk as well: a search must not end late because it began fast. */
function nextChunk(chunk: number, tookMs: number, leftMs: number): number {
  const inTime = (chunk / Math.max(tookMs, 0.1)) * Math.min(leftMs, QUICK_MS);
  return Math.floor(Math.min(Math.max(inTime, LEAST_CHUNK), chunk * 2, LARGEST_CHUNK));
}

function found(tasks: readonly TaskLine[], next: SearchPlace): FoundTasks {
  return { tasks, searchedBackTo: toMs(next.at), next };
}

/**
 * The border that moves is the only one on its side: with a fixed one beside it SQLite would search from that, and each chunk
 * would read all those before it once more.
 */
function statements(database: Db, search: TaskSearch) {
  const conditions = conditionsOf(search);
  const bounds = 'task.posted_at >= ? and task.posted_at <= ? and (task.posted_at < ? or task.n < ?)';
  const end = database.prepare<unknown[], SearchPlace>(
    `select posted_at as at, n from task where ${bounds} order by posted_at desc, n desc limit 1 offset ?`,
  );
  const within = database.prepare<unknown[], LineRow>(
    `select ${LINE_COLUMNS}
     from task
     join api on api.id = task.api join url on url.id = task.url join endpoint on endpoint.id = url.endpoint
     join status on status.id = task.status
     where ${conditions.sql} and ${bounds} and (task.posted_at > ? or task.n >= ?)
     order by task.posted_at desc, task.n desc limit ?`,
  );
  return {
    endOfChunk: (from: SearchPlace, oldest: number, chunk: number): SearchPlace | null =>
      end.get(oldest, from.at, from.at, from.n, chunk - 1) ?? null,
    within: (from: SearchPlace, low: SearchPlace, limit: number): LineRow[] =>
      within.all(...conditions.values, low.at, from.at, from.at, from.n, low.at, low.n, limit),
  };
}

function conditionsOf(search: TaskSearch): Piece {
  const own = taskConditions(search, { since: null, until: null });
  const more: Piece[] = [
    ...(search.id === null ? [] : [{ sql: 'task.id = ?', values: [search.id] }]),
    ...(search.target === null ? [] : [targetCondition('+task.target', search.target)]),
  ];
  return {
    sql: [own, ...more].map(({ sql }) => sql).join(' and '),
    values: [own, ...more].flatMap(({ values }) => values),
  };
}
