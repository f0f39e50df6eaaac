import type { Word } from '../../domain/vitals.ts';
import type { Cutting } from '../../domain/plan.ts';
import type { PlanPolicy } from '../../domain/gaps.ts';
import { agrees, differenceOf, isDayRead, reconcileSum } from '../../domain/reconciliation.ts';
import type { ReportFilter } from '../../domain/report.ts';
import { upperBound } from '../../domain/gaps.ts';
import { callMinutes } from '../../ledger/call-minutes.ts';
import type { Db } from '../../ledger/database.ts';
import { explain } from '../../ledger/explain.ts';
import { certificate, isComplete } from '../../ledger/reports/certificate.ts';
import { changes, changeTotals } from '../../ledger/reports/changes.ts';
import { doubts } from '../../ledger/reports/doubts.ts';
import { duplicates } from '../../ledger/reports/duplicates.ts';
import { reconciliation } from '../../ledger/reports/reconcile.ts';
import { retrievable } from '../../ledger/reports/retrievable.ts';
import { unknownMetadata, unknownTag } from '../../ledger/reports/unknown-tag.ts';
import { unknownValues } from '../../ledger/reports/unknown-values.ts';
import { serverNow } from '../../ledger/server-now.ts';
import { readSnapshot } from '../../ledger/snapshot.ts';
import { readStrips } from '../../ledger/strip.ts';
import { searchTasks } from '../../ledger/task-search.ts';
import { taskTexts } from '../../ledger/task-texts.ts';
import type { Clock } from '../../time.ts';
import { cursorOf, type LedgerQuestion, type PageReport } from '../question.ts';
import { costsPage } from './costs-page.ts';
import { csvOf } from './csv.ts';
import { iso, toldChange, toldDoubt, toldGroup, toldRetrievable, toldTask } from './told.ts';

/** What answers need beside the ledger; plain, so that it travels to a thread. Durations in ms. */
export type ReaderTerms = {
  readonly path: string;
  readonly apis: readonly string[];
  readonly policy: PlanPolicy;
  readonly lagMs: number;
  readonly tailPeriodMs: number;
  readonly version: string;
};

type ReaderScene = {
  readonly database: Db;
  readonly terms: ReaderTerms;
  readonly said: Word | null;
  readonly clock: Clock;
};

/** A search ends with what it has by then; with the way there and back it is 200 ms. */
const SEARCH_BOX_MS = 150;
const LEAST_BOX_MS = 50;
const CSV_ROWS = 1_000;

/** @returns The body of the answer; null for a task that the ledger does not know. */
export function answer(scene: ReaderScene, question: LedgerQuestion): object | null {
  const { database, terms, clock } = scene;
  const now = serverNow(database, clock.now());
  switch (question.kind) {
    case 'status':
      return statusOf(scene);
    case 'strips':
      return { at: iso(now), strips: stripsOf(scene, now) };
    case 'calls':
      return callsOf(scene, now);
    case 'explain':
      return explain(database, { kind: 'moment', at: question.at }, explainTerms(terms, now));
    case 'task':
      return taskOf(scene, question.id, now);
    case 'tasks':
      return tasksOf(scene, question, now);
    case 'tasks_csv': {
      const found = searchTasks(database, question.search, { ...boxed(clock), from: question.from, limit: CSV_ROWS });
      return { csv: csvOf(found.tasks, question.from === null), next: found.next };
    }
    case 'costs':
      return {
        ...costsPage(database, question),
        complete: isComplete(database, { ...terms, ...question, now }),
        unknownTag: unknownTag(database, { kind: 'costs', filter: question.filter, now }),
      };
    case 'reconcile':
      return reconciled(scene, question);
    case 'report':
      return reportOf(scene, question, now);
  }
}

/** What is said of the search as a whole is said of its first page, and takes its time from that of the search. */
function tasksOf({ database, terms, clock }: ReaderScene, question: TasksAsked, now: number): object {
  const { search, from, limit } = question;
  const began = clock.monotonic();
  const complete = isComplete(database, { ...terms, filter: search, now });
  const untold = from === null ? unknownMetadata(database, search) : null;
  const boxMs = Math.max(SEARCH_BOX_MS - (clock.monotonic() - began), LEAST_BOX_MS);
  const found = searchTasks(database, search, { ...boxed(clock), boxMs, from, limit });
  const isNone = found.tasks.length === 0 && from === null;
  return {
    ...ended(found),
    complete,
    unknown: isNone ? unknownValues(database, search) : [],
    unknownMetadata: untold,
    tasks: found.tasks.map(toldTask),
  };
}

type TasksAsked = LedgerQuestion & { readonly kind: 'tasks' };

function statusOf({ database, terms, said, clock }: ReaderScene): object {
  const { now: wallNow, monotonic, boot } = clock;
  return readSnapshot(database, { ...terms, said, wallNow: wallNow(), monoNow: monotonic(), boot });
}

function stripsOf({ database, terms }: ReaderScene, now: number): object[] {
  return readStrips(database, { ...terms, now }).map(({ api, since, until, pieces }) => ({
    api,
    since: iso(since),
    until: iso(until),
    pieces: pieces.map((piece) => ({ since: iso(piece.since), until: iso(piece.until), standing: piece.standing })),
  }));
}

function callsOf({ database, terms }: ReaderScene, now: number): object {
  const { tokens, periodMs } = terms.policy;
  const minutes = callMinutes(database, now).map(({ at, ...minute }) => ({ at: iso(at), ...minute }));
  return { at: iso(now), mostInAMinute: (tokens * 60_000) / periodMs, minutes };
}

function taskOf({ database, terms }: ReaderScene, id: string, now: number): object | null {
  const texts = taskTexts(database, id);
  if (texts === null) return null;
  return { ...explain(database, { kind: 'task', id }, explainTerms(terms, now)), ...texts };
}

function explainTerms({ apis, lagMs, policy }: ReaderTerms, now: number) {
  const cutting: Cutting = { now, upper: upperBound(now, lagMs), policy, inFlight: 0 };
  return { apis, lagMs, cutting };
}

function boxed({ monotonic }: Clock) {
  return { boxMs: SEARCH_BOX_MS, monotonic };
}

function ended({ searchedBackTo, next }: ReturnType<typeof searchTasks>) {
  return {
    searchedBackTo: searchedBackTo === null ? null : iso(searchedBackTo),
    next: next === null ? null : cursorOf([next.at, next.n]),
  };
}

function reconciled(
  { database, terms }: ReaderScene,
  { api, vendor, askedAt }: LedgerQuestion & { readonly kind: 'reconcile' },
): object {
  const at = serverNow(database, askedAt);
  const report = reconciliation(database, api === null ? terms.apis : [api], { vendor, now: at });
  const rows = report.rows.map((row) => ({
    ...row,
    difference: differenceOf(row),
    readUpTo: row.readUpTo === null ? null : iso(row.readUpTo),
    unread: row.unread.map(({ since, until }) => ({ since: iso(since), until: iso(until) })),
  }));
  return {
    at: iso(at),
    report: 'reconcile',
    ...report,
    rows,
    agrees: agrees(report),
    complete: isDayRead(report),
    words: reconcileSum(report, at),
  };
}

type ReportAsked = LedgerQuestion & { readonly kind: 'report' };

function reportOf({ database, terms }: ReaderScene, { report, filter, limit }: ReportAsked, now: number): object {
  const asked: Record<PageReport, () => object> = {
    duplicates: () => duplicatesOf(database, filter, limit),
    changes: () => changesOf(database, filter, limit),
    doubts: () => listed(doubts(database, filter), limit, toldDoubt),
    retrievable: () => listed(retrievable(database, filter, now), limit, toldRetrievable),
    coverage: () => certificate(database, { ...terms, now, filter }),
  };
  const complete = report === 'coverage' ? {} : { complete: isComplete(database, { ...terms, now, filter }) };
  return {
    at: iso(now),
    report,
    unknown: unknownValues(database, filter),
    unknownTag: unknownTag(database, { kind: report, filter, now }),
    ...complete,
    ...asked[report](),
  };
}

function duplicatesOf(database: Db, filter: ReportFilter, limit: number): object {
  const { groups, totals } = duplicates(database, filter, limit);
  return { groups: groups.map(toldGroup), more: totals.groups > groups.length, totals };
}

function changesOf(database: Db, filter: ReportFilter, limit: number): object {
  return { ...listed(changes(database, filter), limit, toldChange), totals: changeTotals(database, filter) };
}

/** At most so many, and whether there are more. */
function listed<Item, Line>(
  items: Iterable<Item>,
  most: number,
  tell: (item: Item) => Line,
): { lines: Line[]; more: boolean } {
  const lines: Line[] = [];
  for (const item of items) {
    if (lines.length >= most) return { lines, more: true };
    lines.push(tell(item));
  }
  return { lines, more: false };
}
