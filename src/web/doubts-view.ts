import type { DoubtLine } from '../domain/report.ts';
import type { Told } from '../domain/told.ts';
import { ask } from './ask.ts';
import { foreign } from './dom.ts';
import { count, counted, moment } from './format.ts';
import type { Listed, Query, Shown } from './shown-report.ts';
import { tableOf } from './table.ts';
import { taskLink } from './task-link.ts';

type Doubt = Told<DoubtLine>;

/** Where DataForSEO contradicted itself. */
export async function doubts({ since = '', until = '', api = '' }: Query): Promise<Shown> {
  const { lines, more, unknown } = await ask<Listed & { lines: readonly Doubt[] }>('/api/reports/doubts', {
    since,
    until,
    api,
  });
  const columns = [
    { name: 'Seen', nowrap: true, cell: (line: Doubt) => moment(line.seenAt) },
    { name: 'API', cell: (line: Doubt) => line.api },
    { name: 'Kind', cell: (line: Doubt) => line.kind },
    { name: 'From', nowrap: true, cell: (line: Doubt) => (line.since === null ? '–' : moment(line.since)) },
    { name: 'Until', nowrap: true, cell: (line: Doubt) => (line.until === null ? '–' : moment(line.until)) },
    { name: 'Task', cell: (line: Doubt) => (line.taskId === null ? '–' : taskLink(line.taskId)) },
    { name: 'Detail', cell: (line: Doubt) => foreign(line.detail, '–', 300) },
  ];
  const most = more ? ` The newest ${count(lines.length)} of them; the command line has them all.` : '';
  return {
    title: lines.length === 0 ? 'No doubts' : `${more ? 'More than ' : ''}${counted(lines.length, 'doubt')}`,
    note: `Where DataForSEO contradicted itself; what it listed there is on record.${most}`,
    body: tableOf(columns, lines),
    unknown,
    unknownTag: null,
    // What the ledger lacks has no doubts.
    complete: true,
  };
}
