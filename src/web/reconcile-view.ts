import type { ReconcileRow } from '../domain/report.ts';
import { ask } from './ask.ts';
import { count, exactMoney, moment } from './format.ts';
import type { Query, Shown } from './shown-report.ts';
import { tableOf } from './table.ts';

type Reconciled = {
  readonly at: string;
  readonly day: string;
  readonly rows: readonly ReconciledRow[];
  readonly words: readonly string[];
};
type ReconciledRow = Omit<ReconcileRow, 'readUpTo' | 'unread'> & {
  readonly readUpTo: string | null;
  readonly difference: number | null;
};

/** Of today, so of the filter the API alone counts. */
export async function reconcile({ api = '' }: Query): Promise<Shown> {
  const { at, day, rows, words } = await ask<Reconciled>('/api/reports/reconcile', { api });
  const orUnknown = (micros: number | null) => (micros === null ? 'unknown' : exactMoney(micros));
  const columns = [
    { name: 'API', cell: (row: ReconciledRow) => row.api },
    { name: 'Tasks', number: true, cell: (row: ReconciledRow) => count(row.ledgerTasks) },
    { name: 'Ledger', number: true, cell: (row: ReconciledRow) => exactMoney(row.ledgerMicros) },
    { name: 'DataForSEO', number: true, cell: (row: ReconciledRow) => orUnknown(row.vendorMicros) },
    { name: 'Difference', number: true, cell: (row: ReconciledRow) => orUnknown(row.difference) },
    { name: 'Unfinished', number: true, cell: (row: ReconciledRow) => count(row.unfinished) },
  ];
  const [verdict = '', ...more] = words;
  return {
    title: verdict,
    note: `What ${day} has cost up to ${moment(at)} UTC, by the ledger's count and by DataForSEO's own. ${more.join(' ')}`,
    body: tableOf(columns, rows),
    unknown: [],
    unknownTag: null,
    // The words say it themselves.
    complete: true,
  };
}
