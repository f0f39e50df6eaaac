import Database from 'better-sqlite3';
import { NO_FILTER, type ReportFilter } from '../src/domain/report.ts';
import { certificate } from '../src/ledger/reports/certificate.ts';
import { changes, changeTotals } from '../src/ledger/reports/changes.ts';
import { costs } from '../src/ledger/reports/costs.ts';
import { duplicates } from '../src/ledger/reports/duplicates.ts';
import { retrievable } from '../src/ledger/reports/retrievable.ts';
import { taskLines } from '../src/ledger/reports/task-lines.ts';
import { readSnapshot } from '../src/ledger/snapshot.ts';
import { median, type Figure } from './figure.ts';

const DAY_MS = 86_400_000;
const API = 'backlinks';
const POLICY = { tokens: 10, periodMs: 60_000, limit: 1_000 };
const ROUNDS = 5;

/** How long a ledger of millions takes to answer what people ask, by the functions that command line and page use. */
export function* timeAnswers(path: string, held: string): Iterable<Figure> {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    const newest = newestPosted(database);
    const terms = { path, apis: [API], lagMs: 30_000, tailPeriodMs: 60_000, policy: POLICY, version: 'bench' };
    const clocks = { wallNow: newest, monoNow: 0, boot: 'bench', lagMs: 30_000, tailPeriodMs: 60_000 };
    const time = (what: string, work: () => unknown, atMost: number): Figure => {
      work(); // what is asked once an hour may be read from the disk; what is asked again is not
      const times = Array.from({ length: ROUNDS }, () => timed(work));
      return { what: `${what}, ${held}`, value: median(times), unit: 'ms', target: { atMost } };
    };
    const once = (what: string, work: () => unknown): Figure => ({
      what: `report ${what}, ${held}`,
      value: timed(work),
      unit: 'ms',
    });
    yield time('snapshot', () => readSnapshot(database, { ...terms, ...clocks }), 20);
    yield time('costs by day', () => costs(database, NO_FILTER, ['day']), 5);
    const filter = (over: Partial<ReportFilter>): ReportFilter => ({ ...NO_FILTER, ...over });
    const day = { since: newest - DAY_MS - 1_000, until: newest - 1_000 };
    const report = (what: string, work: () => unknown) => time(`report ${what}`, work, 2_000);
    yield report('costs by month and tag', () => costs(database, NO_FILTER, ['month', 'tag']));
    yield report('costs by status, of all', () => costs(database, NO_FILTER, ['status']));
    yield report('costs by tag and endpoint, of all', () => costs(database, NO_FILTER, ['tag', 'endpoint']));
    yield report('costs by target, of all', () => costs(database, NO_FILTER, ['target']));
    yield report('costs of a day to the second, by endpoint', () => costs(database, filter(day), ['endpoint']));
    yield report('costs of a tag, of a month by day', () => costs(database, filter({ tag: 'customer-7' }), ['day']));
    yield report('costs of a day by target', () => costs(database, filter(day), ['target']));
    yield report('failures, all of them', () => count(taskLines(database, filter({ state: 'failed' }), NEWEST)));
    yield report('unfinished', () => count(taskLines(database, filter({ state: 'pending' }), OLDEST)));
    yield report('changes', () => [changeTotals(database, NO_FILTER), count(changes(database, NO_FILTER))]);
    yield report('retrievable', () => count(retrievable(database, NO_FILTER, newest)));
    yield report('coverage', () => certificate(database, { ...terms, now: newest, filter: NO_FILTER }));
    yield report('duplicates of a day', () => duplicates(database, filter(day), 1_000));
    // These read all tasks, or as much of each as they need.
    yield once('costs by target and endpoint, of all', () => costs(database, NO_FILTER, ['target', 'endpoint']));
    yield once('duplicates of all', () => duplicates(database, NO_FILTER, 1_000));
  } finally {
    database.close();
  }
}

const NEWEST = { order: 'newest_first' } as const;
const OLDEST = { order: 'oldest_first' } as const;

function newestPosted(database: Database.Database): number {
  return (database.prepare<[], number>('select max(posted_at) from task').pluck().get() ?? 0) * 1_000;
}

function timed(work: () => unknown): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

function count(lines: Iterable<unknown>): number {
  let sum = 0;
  for (const line of lines) sum += line === undefined ? 0 : 1;
  return sum;
}
