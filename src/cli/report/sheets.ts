import { dollars } from '../../domain/money.ts';
import { reconcileSum } from '../../domain/reconciliation.ts';
import type { DuplicateReport, Report, ReportAnswer, ReportQuestion, Totals } from '../../domain/report.ts';
import { count, counted, instant } from '../format.ts';
import {
  CHANGE_COLUMNS,
  DOUBT_COLUMNS,
  DUPLICATE_COLUMNS,
  groupColumns,
  RECONCILE_COLUMNS,
  RETRIEVABLE_COLUMNS,
  TASK_COLUMNS,
} from './columns.ts';
import { isoInstant, type Sheet } from './sheet.ts';

/** Every report but the certificate, which is no table. */
export type Tabular = Exclude<Report, { readonly kind: 'coverage' }>;

type Asked = { readonly question: ReportQuestion; readonly answer: ReportAnswer; readonly commandName: string };

type Write = <Row>(sheet: Sheet<Row>) => Promise<void>;

/** What the sheets of all reports have in common. */
type Frame = {
  readonly title: string[];
  readonly facts: Record<string, unknown>;
  /** What must be borne in mind, below the sums. */
  readonly careful: string[];
};

/** Hands the sheet of a report on to whoever writes it; in this way each keeps the type of its rows. */
export function withSheet(report: Tabular, asked: Asked, write: Write): Promise<void> {
  const frame = { title: titleOf(asked), facts: factsOf(asked), careful: carefulOf(asked) };
  switch (report.kind) {
    case 'groups':
      return write(groupSheet(report, frame));
    case 'tasks':
      return write(taskSheet(report, frame));
    case 'changes':
      return write(changeSheet(report, frame));
    case 'retrievable':
      return write(retrievableSheet(report, frame));
    case 'doubts':
      return write(doubtSheet(report, frame));
    case 'duplicates':
      return write(duplicateSheet(report, frame));
    case 'reconcile':
      return write(reconcileSheet(report, asked.answer.at, frame));
  }
}

type Of<Kind extends Tabular['kind']> = Extract<Tabular, { readonly kind: Kind }>;

function groupSheet({ rows, totals, by }: Of<'groups'>, { title, facts, careful }: Frame) {
  const summary = () => [sumOf(totals), ...careful];
  return { title, columns: groupColumns(by), rows, summary, facts: { ...facts, totals: moneyOf(totals) } };
}

function taskSheet({ lines: rows, totals }: Of<'tasks'>, { title, facts, careful }: Frame) {
  const summary = () => [sumOf(totals), ...careful];
  return { title, columns: TASK_COLUMNS, rows, summary, facts: { ...facts, totals: moneyOf(totals) } };
}

function changeSheet({ lines: rows, totals }: Of<'changes'>, { title, facts }: Frame) {
  const { changes, refunds, refundedMicros, increases, increasedMicros } = totals;
  const summary = () => [
    `${counted(changes, 'change')}; ${counted(refunds, 'refund')} of ${dollars(refundedMicros)} dollars in all, ${counted(increases, 'increase')} of ${dollars(increasedMicros)}.`,
  ];
  const money = { ...totals, refunded: dollars(refundedMicros), increased: dollars(increasedMicros) };
  return { title, columns: CHANGE_COLUMNS, rows, summary, facts: { ...facts, totals: money } };
}

function retrievableSheet({ lines }: Of<'retrievable'>, { title, facts, careful }: Frame) {
  const { rows, soFar } = counting(lines);
  const summary = () => [retrievableSum(soFar()), ...careful];
  return { title, columns: RETRIEVABLE_COLUMNS, rows, summary, facts };
}

/** What the ledger lacks has no doubts, so nothing is to be careful of. */
function doubtSheet({ lines }: Of<'doubts'>, { title, facts }: Frame) {
  const { rows, soFar } = counting(lines);
  const summary = () => [
    soFar() === 0
      ? 'DataForSEO has contradicted itself nowhere.'
      : `In ${counted(soFar(), 'place')} DataForSEO contradicted itself; what it listed there is on record.`,
  ];
  return { title, columns: DOUBT_COLUMNS, rows, summary, facts };
}

/** Rows that are counted as they go by: they are known only once all are written. */
function counting<Row>(lines: Iterable<Row>): { readonly rows: Iterable<Row>; readonly soFar: () => number } {
  let count = 0;
  const rows = (function* () {
    for (const line of lines) {
      count += 1;
      yield line;
    }
  })();
  return { rows, soFar: () => count };
}

function duplicateSheet(report: Of<'duplicates'>, { title, facts, careful }: Frame) {
  const { groups: rows, totals } = report;
  const summary = () => [...duplicatesSum(report), ...careful];
  const money = { ...totals, wasted: dollars(totals.wastedMicros) };
  return { title, columns: DUPLICATE_COLUMNS, rows, summary, facts: { ...facts, totals: money } };
}

function reconcileSheet(report: Of<'reconcile'>, at: number, { facts }: Frame) {
  const { rows, day, timezone } = report;
  const title = [
    `What ${day} has cost up to ${instant(isoInstant(at))} UTC, by DataForSEO's own count and by the ledger's`,
  ];
  const summary = () => reconcileSum(report, at);
  return { title, columns: RECONCILE_COLUMNS, rows, summary, facts: { ...facts, day, timezone } };
}

/** What a report's range of time is of, where it is not when tasks were posted. */
const WHEN: Partial<Record<ReportQuestion['kind'], string>> = { changes: 'seen', doubts: 'in doubt' };

function titleOf({ question: { kind, filter, by } }: Asked): string[] {
  const { since, until, api, endpoint, tag, state } = filter;
  const when = WHEN[kind] ?? 'posted';
  const range = [
    ...(since === null ? [] : [`from ${instant(isoInstant(since))}`]),
    ...(until === null ? [] : [`before ${instant(isoInstant(until))}`]),
  ];
  const narrowed = Object.entries({ api, endpoint, tag, state }).flatMap(([name, value]) =>
    value === null ? [] : [`${name} ${JSON.stringify(value)}`],
  );
  const told = by.length === 0 ? '' : ` by ${by.join(', ')}`;
  const about = range.length === 0 ? `${when} at any time` : `${when} ${range.join(', ')} UTC`;
  return [`Report ${kind}${told}: ${[about, ...narrowed].join('; ')}`];
}

function factsOf({
  question: { kind, filter, by },
  answer: { at, complete, unknownTag },
}: Asked): Record<string, unknown> {
  const { since, until, ...narrowed } = filter;
  return {
    report: kind,
    at: isoInstant(at),
    since: since === null ? null : isoInstant(since),
    until: until === null ? null : isoInstant(until),
    ...narrowed,
    by,
    complete,
    unknownTag: unknownTag === null ? null : moneyOf(unknownTag),
  };
}

/** One line where more may have happened than the ledger knows; none where it has everything. */
export function carefulOf({
  answer: { complete },
  commandName,
}: {
  readonly answer: Pick<ReportAnswer, 'complete'>;
  readonly commandName: string;
}): string[] {
  if (complete) return [];
  return [
    `CAREFUL: the ledger lacks some or all of this time, so there may be more than this. ${commandName} report coverage says what.`,
  ];
}

function sumOf({ tasks, costMicros }: Totals): string {
  return `${counted(tasks, 'task')}, ${dollars(costMicros)} dollars. Days are UTC.`;
}

function moneyOf({ tasks, costMicros }: Totals) {
  return { tasks, cost: dollars(costMicros), costMicros };
}

function retrievableSum(rows: number): string {
  const kept = 'DataForSEO keeps results for 30 days (Standard), 7 days (HTML), and not at all (Live)';
  if (rows === 0) return `No result can be fetched any more. ${kept}.`;
  return `${counted(rows, 'result')} can still be fetched, until the time in the first column at least. ${kept}.`;
}

function duplicatesSum({ totals, groups }: DuplicateReport): string[] {
  const { repeats, wastedMicros, compared, unknown } = totals;
  const more = totals.groups - groups.length;
  return [
    ...(more > 0 ? [`… and ${counted(more, 'group')} more that wasted less each.`] : []),
    `${counted(repeats, 'task')} repeated another of the same endpoint and parameters (tag aside) within a day, for ${dollars(wastedMicros)} dollars.`,
    `${count(compared)} compared${unknown === 0 ? '' : `; of ${count(unknown)} more the parameters are unknown`}; failed ones do not count.`,
  ];
}
