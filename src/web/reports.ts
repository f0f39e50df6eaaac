import type { Certificate } from '../domain/certificate.ts';
import type {
  ChangeLine,
  ChangeTotals,
  CostRow,
  DuplicateGroup,
  DuplicateReport,
  RetrievableLine,
  TaskLine,
  Totals,
} from '../domain/report.ts';
import type { Told } from '../domain/told.ts';
import type { UnknownValue } from '../domain/unknown-value.ts';
import { ask, inWords } from './ask.ts';
import { certificateOf } from './certificate.ts';
import { at, foreign, formAt, h, say } from './dom.ts';
import { count, counted, exactMoney, moment } from './format.ts';
import { tableOf } from './table.ts';
import { tellUnknown } from './unknown.ts';

type Costs = {
  readonly by: readonly (keyof CostRow)[];
  readonly rows: readonly CostRow[];
  readonly totals: Totals;
  readonly groups: number;
};
type Shown = {
  readonly title: string;
  readonly note: string;
  readonly body: Node;
  readonly unknown: readonly UnknownValue[];
};
/** What every answer has. */
type Answered = { readonly unknown: readonly UnknownValue[] };

const UNKNOWN: Readonly<Record<string, string>> = {
  held: 'none',
  none: 'unknown: listed without metadata',
  pending: 'unknown: not read yet',
  lost: 'unknown: metadata lost',
};

async function costs(query: Record<string, string>, by: string): Promise<Shown> {
  const answer = await ask<Costs & Answered>('/api/costs', { ...query, by });
  const columns = [
    ...answer.by.map((name) => ({
      name: name.slice(0, 1).toUpperCase() + name.slice(1),
      cell: (row: CostRow) => foreign(textIn(row, name), UNKNOWN[row.metadataState ?? ''] ?? 'none'),
    })),
    { name: 'Tasks', number: true, cell: (row: CostRow) => count(row.tasks) },
    { name: 'Cost', number: true, cell: (row: CostRow) => exactMoney(row.costMicros) },
  ];
  const more =
    answer.groups > answer.rows.length
      ? ` The first ${count(answer.rows.length)} of ${counted(answer.groups, 'row')}; the command line has them all.`
      : '';
  return {
    title: `Costs by ${by.replace(',', ' and ')}`,
    note: `${counted(answer.totals.tasks, 'task')}, ${exactMoney(answer.totals.costMicros)}.${more}`,
    body: tableOf(columns, answer.rows),
    unknown: answer.unknown,
  };
}

function textIn(row: CostRow, name: keyof CostRow): string | null {
  const value = row[name];
  return typeof value === 'string' ? value : null;
}

type Group = Told<DuplicateGroup>;
type Duplicates = Pick<DuplicateReport, 'totals'> & { readonly groups: readonly Group[] };

async function duplicates(query: Record<string, string>): Promise<Shown> {
  const { groups, totals, unknown: without } = await ask<Duplicates & Answered>('/api/reports/duplicates', query);
  const columns = [
    { name: 'Endpoint', cell: (group: Group) => foreign(group.endpoint) },
    { name: 'Target', cell: (group: Group) => foreign(group.target) },
    { name: 'First posted', cell: (group: Group) => moment(group.firstPostedAt) },
    { name: 'Repeats', number: true, cell: (group: Group) => count(group.repeats) },
    { name: 'Wasted', number: true, cell: (group: Group) => exactMoney(group.wastedMicros) },
    { name: 'First task', cell: (group: Group) => taskLink(group.firstId) },
  ];
  const unknown =
    totals.unknown === 0 ? '' : ` ${counted(totals.unknown, 'task')} without metadata cannot be compared.`;
  return {
    title: `${exactMoney(totals.wastedMicros)} wasted on repeats`,
    note: `${counted(totals.repeats, 'repeat')} in ${counted(totals.groups, 'group')}, of ${counted(totals.compared, 'task')} compared.${unknown}`,
    body: tableOf(columns, groups),
    unknown: without,
  };
}

type Change = Told<ChangeLine>;

async function changes(query: Record<string, string>): Promise<Shown> {
  const { lines, totals, unknown } = await ask<Answered & { lines: readonly Change[]; totals: ChangeTotals }>(
    '/api/reports/changes',
    query,
  );
  const columns = [
    { name: 'Seen', cell: (line: Change) => moment(line.seenAt) },
    { name: 'Field', cell: (line: Change) => line.field },
    { name: 'Before', cell: (line: Change) => foreign(line.old) },
    { name: 'After', cell: (line: Change) => foreign(line.new) },
    {
      name: 'Cost',
      number: true,
      cell: (line: Change) => (line.deltaMicros === null ? '' : exactMoney(line.deltaMicros)),
    },
    { name: 'Endpoint', cell: (line: Change) => foreign(line.endpoint) },
    { name: 'Task', cell: (line: Change) => taskLink(line.taskId) },
  ];
  return {
    title: counted(totals.changes, 'change'),
    note: `${counted(totals.refunds, 'refund')}, ${exactMoney(totals.refundedMicros)}; ${counted(totals.increases, 'increase')}, ${exactMoney(totals.increasedMicros)}.`,
    body: tableOf(columns, lines),
    unknown,
  };
}

type Line = Told<TaskLine>;
type Listed = { readonly tasks: readonly Line[]; readonly next: string | null };

const LISTED = 200;

/** The newest of a state, and what all of them come to. */
async function ofState(query: Record<string, string>, state: 'failed' | 'pending', word: string): Promise<Shown> {
  const [{ tasks, next }, { totals, unknown }] = await Promise.all([
    ask<Listed>('/api/tasks', { ...query, state, limit: String(LISTED) }),
    ask<Costs & Answered>('/api/costs', { ...query, state, by: 'endpoint' }),
  ]);
  const columns = [
    { name: 'Posted', cell: (line: Line) => moment(line.postedAt) },
    { name: 'Status', cell: (line: Line) => foreign(line.status, 'no status', 90) },
    { name: 'Endpoint', cell: (line: Line) => foreign(line.endpoint) },
    { name: 'Tag', cell: (line: Line) => foreign(line.tag) },
    { name: 'Target', cell: (line: Line) => foreign(line.target) },
    {
      name: 'Cost',
      number: true,
      cell: (line: Line) => (line.costMicros === null ? '' : exactMoney(line.costMicros)),
    },
    { name: 'Task', cell: (line: Line) => taskLink(line.id) },
  ];
  const more = next === null ? '' : ` The newest ${count(tasks.length)} of them; the explorer has them all.`;
  return {
    title: totals.tasks === 0 ? `No task ${word}` : `${counted(totals.tasks, 'task')} ${word}`,
    note: `${exactMoney(totals.costMicros)} in all.${more}`,
    body: tableOf(columns, tasks),
    // That none is in this state the title says.
    unknown: unknown.filter(({ name }) => name !== 'state'),
  };
}

type Retrievable = Told<RetrievableLine>;

async function retrievable(query: Record<string, string>): Promise<Shown> {
  const { lines, unknown } = await ask<Answered & { lines: readonly Retrievable[] }>('/api/reports/retrievable', query);
  const columns = [
    { name: 'Until', cell: (line: Retrievable) => moment(line.until) },
    { name: 'Posted', cell: (line: Retrievable) => moment(line.postedAt) },
    { name: 'Endpoint', cell: (line: Retrievable) => foreign(line.endpoint) },
    { name: 'Tag', cell: (line: Retrievable) => foreign(line.tag) },
    { name: 'Target', cell: (line: Retrievable) => foreign(line.target) },
    { name: 'Task', cell: (line: Retrievable) => taskLink(line.id) },
  ];
  const note = 'Those that go first come first. Results of Live endpoints are not kept by DataForSEO.';
  return {
    title:
      lines.length === 0 ? 'No result can still be fetched' : `${counted(lines.length, 'result')} can still be fetched`,
    note,
    body: tableOf(columns, lines),
    unknown,
  };
}

async function coverage(query: Record<string, string>): Promise<Shown> {
  const certificate = await ask<Certificate & Answered>('/api/reports/coverage', query);
  return {
    title: 'Certificate of coverage',
    note: `Made ${moment(certificate.made)} UTC by dataforseo-ledger ${certificate.version} from ${certificate.ledger.path}, schema ${certificate.ledger.schemaVersion}.`,
    body: certificateOf(certificate),
    unknown: certificate.unknown,
  };
}

function taskLink(id: string): HTMLElement {
  return h('a', { href: `/tasks?${new URLSearchParams({ id }).toString()}` }, foreign(id, 'no id', 60));
}

function field(name: string): HTMLInputElement | HTMLSelectElement | null {
  const element = formAt('wish').elements.namedItem(name);
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element : null;
}

const FILTERS = ['since', 'until', 'api', 'endpoint', 'tag'] as const;

async function show(): Promise<void> {
  const kind = field('report')?.value ?? 'costs';
  const by = field('by')?.value ?? 'month';
  const query = Object.fromEntries(FILTERS.map((name) => [name, field(name)?.value.trim() ?? '']));
  const given = Object.entries({ report: kind, by, ...query }).filter(([, value]) => value !== '');
  history.replaceState(null, '', `/reports?${new URLSearchParams(given).toString()}`);
  at('by').hidden = kind !== 'costs';
  say('report-title', 'Working…');
  say('report-note', '');
  at('trouble').hidden = true;
  tellUnknown('report-unknown', []);
  at('report').replaceChildren();
  try {
    const shown = await REPORTS[kind]?.(query, by);
    if (shown === undefined) return;
    say('report-title', shown.title);
    say('report-note', shown.note);
    at('report').replaceChildren(shown.body);
    tellUnknown('report-unknown', shown.unknown);
  } catch (error) {
    say('report-title', 'There is no report');
    at('trouble').textContent = inWords(error);
    at('trouble').hidden = false;
  }
}

const REPORTS: Readonly<Record<string, (query: Record<string, string>, by: string) => Promise<Shown>>> = {
  costs,
  failures: (query) => ofState(query, 'failed', 'failed'),
  unfinished: (query) => ofState(query, 'pending', 'unfinished'),
  duplicates,
  changes,
  retrievable,
  coverage,
};

const asked = new URLSearchParams(location.search);
for (const name of ['report', 'by', ...FILTERS]) {
  const element = field(name);
  const value = asked.get(name);
  if (element !== null && value !== null) element.value = value;
}
formAt('wish').addEventListener('submit', (event) => {
  event.preventDefault();
  void show();
});
field('report')?.addEventListener('change', () => void show());
field('by')?.addEventListener('change', () => void show());
at('print').addEventListener('click', () => print());
void show();
