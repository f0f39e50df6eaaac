import type { ReportWish } from '../cli/app-port.ts';
import { isDayRead } from '../domain/reconciliation.ts';
import type { Report, ReportQuestion } from '../domain/report.ts';
import { longestPauseMs } from '../harvest/schedule.ts';
import type { Db } from '../ledger/database.ts';
import { certificate, isComplete } from '../ledger/reports/certificate.ts';
import { changes, changeTotals } from '../ledger/reports/changes.ts';
import { costs, totalsOf } from '../ledger/reports/costs.ts';
import { doubts } from '../ledger/reports/doubts.ts';
import { duplicates } from '../ledger/reports/duplicates.ts';
import { reconciliation } from '../ledger/reports/reconcile.ts';
import { retrievable } from '../ledger/reports/retrievable.ts';
import { taskLines } from '../ledger/reports/task-lines.ts';
import { unknownTag } from '../ledger/reports/unknown-tag.ts';
import { unknownValues } from '../ledger/reports/unknown-values.ts';
import { serverNow } from '../ledger/server-now.ts';
import { policyOf, type Parts } from './parts.ts';
import { askVendorDay } from './vendor-day.ts';
import { withReader } from './with-reader.ts';

/** Answers from the ledger, beside whoever works on it; only `reconcile` makes a call. @throws {LedgerError} `missing`, … */
export async function report(parts: Parts, { question, use }: ReportWish, signal: AbortSignal): Promise<void> {
  const { config, seams } = parts;
  await withReader(parts, async (database) => {
    const at = serverNow(database, seams.clock.now());
    const { filter } = question;
    const { databasePath: path, apis, lagMs, tailCron } = config;
    const tailPeriodMs = longestPauseMs(tailCron);
    const terms = { path, apis, policy: policyOf(config), now: at, filter, lagMs, tailPeriodMs };
    const told: Report =
      question.kind === 'coverage'
        ? { kind: 'coverage', certificate: certificate(database, { ...terms, version: seams.version }) }
        : question.kind === 'reconcile'
          ? {
              kind: 'reconcile',
              ...reconciliation(database, filter.api === null ? config.apis : [filter.api], {
                vendor: await askVendorDay(parts, signal),
                now: serverNow(database, seams.clock.now()),
              }),
            }
          : reportOf(database, { ...question, kind: question.kind }, at);
    await use({
      at,
      complete: isWhole(told, () => isComplete(database, terms)),
      unknown: unknownValues(database, filter),
      unknownTag: unknownTag(database, { kind: question.kind, filter, now: at }),
      report: told,
    });
  });
}

/** A certificate is whole by itself, today's sum where the day is read. */
function isWhole(told: Report, isRangeRead: () => boolean): boolean {
  if (told.kind === 'coverage') return told.certificate.complete;
  return told.kind === 'reconcile' ? isDayRead(told) : isRangeRead();
}

type OwnQuestion = ReportQuestion & { readonly kind: Exclude<ReportQuestion['kind'], 'coverage' | 'reconcile'> };

function reportOf(database: Db, { kind, filter, by, mostGroups }: OwnQuestion, now: number): Report {
  switch (kind) {
    case 'costs':
      return groups(database, { filter, by: by.length === 0 ? ['day'] : by });
    case 'failures':
      return ofState(database, { filter: { ...filter, state: 'failed' }, by }, 'newest_first');
    case 'unfinished':
      return ofState(database, { filter: { ...filter, state: 'pending' }, by }, 'oldest_first');
    case 'duplicates':
      return { kind, ...duplicates(database, filter, mostGroups) };
    case 'changes':
      return { kind, lines: changes(database, filter), totals: changeTotals(database, filter) };
    case 'doubts':
      return { kind, lines: doubts(database, filter) };
    case 'retrievable':
      return { kind, lines: retrievable(database, filter, now) };
  }
}

type Grouping = Pick<ReportQuestion, 'filter' | 'by'>;

function groups(database: Db, { filter, by }: Grouping): Report {
  const rows = costs(database, filter, by);
  return { kind: 'groups', by, rows, totals: totalsOf(rows) };
}

function ofState(database: Db, { filter, by }: Grouping, order: 'newest_first' | 'oldest_first'): Report {
  if (by.length > 0) return groups(database, { filter, by });
  const totals = totalsOf(costs(database, filter, []));
  return { kind: 'tasks', lines: taskLines(database, filter, { order }), totals };
}
