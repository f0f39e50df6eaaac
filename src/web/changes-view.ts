import type { ChangeLine, ChangeTotals } from '../domain/report.ts';
import type { Told } from '../domain/told.ts';
import { ask } from './ask.ts';
import { foreign } from './dom.ts';
import { count, counted, exactMoney, moment } from './format.ts';
import type { Listed, Query, Shown } from './shown-report.ts';
import { valueInWords } from './status-words.ts';
import { tableOf } from './table.ts';
import { taskLink } from './task-link.ts';

type Change = Told<ChangeLine>;

/** What later readings changed. */
export async function changes(query: Query): Promise<Shown> {
  const { lines, totals, more, ...answered } = await ask<Listed & { lines: readonly Change[]; totals: ChangeTotals }>(
    '/api/reports/changes',
    query,
  );
  const columns = [
    { name: 'Seen', nowrap: true, cell: (line: Change) => moment(line.seenAt) },
    { name: 'Field', cell: (line: Change) => line.field },
    { name: 'Before', cell: (line: Change) => foreign(valueInWords(line.field, line.old)) },
    { name: 'After', cell: (line: Change) => foreign(valueInWords(line.field, line.new)) },
    {
      name: 'Cost',
      number: true,
      cell: (line: Change) => (line.deltaMicros === null ? '' : exactMoney(line.deltaMicros)),
    },
    { name: 'Endpoint', cell: (line: Change) => foreign(line.endpoint) },
    { name: 'Task', nowrap: true, cell: (line: Change) => taskLink(line.taskId) },
  ];
  return {
    title: totals.changes === 0 ? 'Nothing has changed' : counted(totals.changes, 'change'),
    note:
      totals.changes === 0
        ? 'No later reading showed another status, completion or cost.'
        : `${counted(totals.refunds, 'refund')}, ${exactMoney(totals.refundedMicros)}; ${counted(totals.increases, 'increase')}, ${exactMoney(totals.increasedMicros)}.${more ? ` The newest ${count(lines.length)} of them; the command line has them all.` : ''}`,
    body: tableOf(columns, lines),
    unknown: answered.unknown,
    unknownTag: answered.unknownTag,
    // Of what has changed the ledger knows what it has seen, whatever it lacks.
    complete: true,
  };
}
