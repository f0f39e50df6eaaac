import type { Certificate } from '../domain/certificate.ts';
import type { MetadataState } from '../domain/merge-task.ts';
import type { CostRow, DuplicateGroup, DuplicateReport, RetrievableLine, TaskLine, Totals } from '../domain/report.ts';
import type { Told } from '../domain/told.ts';
import { whyUnknown } from '../domain/why-unknown.ts';
import { ask } from './ask.ts';
import { certificateOf } from './certificate.ts';
import { changes } from './changes-view.ts';
import { foreign, h } from './dom.ts';
import { doubts } from './doubts-view.ts';
import { count, counted, exactMoney, moment } from './format.ts';
import { reconcile } from './reconcile-view.ts';
import type { Answered, Listed, Query, Shown } from './shown-report.ts';
import { statusInWords } from './status-words.ts';
import { tableOf } from './table.ts';
import { taskLink } from './task-link.ts';

type Costs = {
  readonly by: readonly (keyof CostRow)[];
  readonly rows: readonly CostRow[];
  readonly totals: Totals;
  readonly groups: number;
};
/** What is said in the place of a tag or a target that is not there: that there is none is one thing, that it is unknown another. */
function described(text: string | null, state: MetadataState | undefined): HTMLElement {
  const why = whyUnknown(state ?? 'held');
  return foreign(text, why === null ? 'none' : `unknown: ${why}`);
}

async function costs(query: Query, by: string): Promise<Shown> {
  const answer = await ask<Costs & Answered>('/api/costs', { ...query, by });
  const columns = [
    ...answer.by.map((name) => ({
      name: name.slice(0, 1).toUpperCase() + name.slice(1),
      nowrap: name === 'day' || name === 'month',
      cell: (row: CostRow) => costName(row, name),
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
    note:
      answer.rows.length === 0
        ? 'Nothing on record in this time.'
        : `${counted(answer.totals.tasks, 'task')}, ${exactMoney(answer.totals.costMicros)}.${more}`,
    body: tableOf(columns, answer.rows),
    unknown: answer.unknown,
    unknownTag: answer.unknownTag,
    complete: answer.complete,
  };
}

function costName(row: CostRow, name: keyof CostRow): HTMLElement {
  const text = textIn(row, name);
  return name === 'status' ? foreign(statusInWords(text), 'no status', 90) : described(text, row.metadataState);
}

function textIn(row: CostRow, name: keyof CostRow): string | null {
  const value = row[name];
  return typeof value === 'string' ? value : null;
}

type Group = Told<DuplicateGroup>;
type Duplicates = Pick<DuplicateReport, 'totals'> & { readonly groups: readonly Group[] };

async function duplicates(query: Query): Promise<Shown> {
  const { groups, totals, more, ...answered } = await ask<Duplicates & Listed>('/api/reports/duplicates', query);
  const columns = [
    { name: 'Endpoint', cell: (group: Group) => foreign(group.endpoint) },
    { name: 'Target', cell: (group: Group) => foreign(group.target, 'none') },
    { name: 'Tags', cell: (group: Group) => tagsOf(group) },
    { name: 'First posted', nowrap: true, cell: (group: Group) => moment(group.firstPostedAt) },
    { name: 'Repeats', number: true, cell: (group: Group) => count(group.repeats) },
    { name: 'Wasted', number: true, cell: (group: Group) => exactMoney(group.wastedMicros) },
    { name: 'First task', nowrap: true, cell: (group: Group) => taskLink(group.firstId) },
  ];
  const unknown =
    totals.unknown === 0 ? '' : ` ${counted(totals.unknown, 'task')} without metadata cannot be compared.`;
  const repeats =
    groups.length === 0 ? '' : `${counted(totals.repeats, 'repeat')} in ${counted(totals.groups, 'group')}, of `;
  return {
    title: groups.length === 0 ? 'Nothing wasted on repeats' : `${exactMoney(totals.wastedMicros)} wasted on repeats`,
    note: `${repeats}${counted(totals.compared, 'task')} compared.${unknown}${more ? ` The ${count(groups.length)} that wasted most; the command line has them all.` : ''}`,
    body: tableOf(columns, groups),
    unknown: answered.unknown,
    unknownTag: answered.unknownTag,
    complete: answered.complete,
  };
}

/** The tags of a group, each once: who paid for the same twice. */
function tagsOf({ tags }: Group): HTMLElement {
  return h('span', {}, ...tags.flatMap((tag, index) => [index === 0 ? '' : ', ', foreign(tag, 'none', 60)]));
}

type Line = Told<TaskLine>;
type Tasks = { readonly tasks: readonly Line[]; readonly next: string | null };

const MOST_TASKS = 200;

/** The newest of a state, and what all of them come to. */
async function ofState(query: Query, state: 'failed' | 'pending', word: string): Promise<Shown> {
  const [{ tasks, next }, { totals, unknown, complete, unknownTag }] = await Promise.all([
    ask<Tasks>('/api/tasks', { ...query, state, limit: String(MOST_TASKS) }),
    ask<Costs & Answered>('/api/costs', { ...query, state, by: 'endpoint' }),
  ]);
  const columns = [
    { name: 'Posted', nowrap: true, cell: (line: Line) => moment(line.postedAt) },
    { name: 'Status', cell: (line: Line) => foreign(statusInWords(line.status), 'no status', 90) },
    { name: 'Endpoint', cell: (line: Line) => foreign(line.endpoint) },
    { name: 'Tag', cell: (line: Line) => described(line.tag, line.metadataState) },
    { name: 'Target', cell: (line: Line) => described(line.target, line.metadataState) },
    {
      name: 'Cost',
      number: true,
      cell: (line: Line) => (line.costMicros === null ? '' : exactMoney(line.costMicros)),
    },
    { name: 'Task', nowrap: true, cell: (line: Line) => taskLink(line.id) },
  ];
  const more = next === null ? '' : ` The newest ${count(tasks.length)} of them; the explorer has them all.`;
  return {
    title: totals.tasks === 0 ? `No task ${word}` : `${counted(totals.tasks, 'task')} ${word}`,
    note: totals.tasks === 0 ? '' : `${exactMoney(totals.costMicros)} in all.${more}`,
    body: tableOf(columns, tasks),
    // That none is in this state the title says.
    unknown: unknown.filter(({ name }) => name !== 'state'),
    complete,
    unknownTag,
  };
}

type Retrievable = Told<RetrievableLine>;

async function retrievable(query: Query): Promise<Shown> {
  const { lines, more, ...answered } = await ask<Listed & { lines: readonly Retrievable[] }>(
    '/api/reports/retrievable',
    query,
  );
  const columns = [
    { name: 'Until', nowrap: true, cell: (line: Retrievable) => moment(line.until) },
    { name: 'Posted', nowrap: true, cell: (line: Retrievable) => moment(line.postedAt) },
    { name: 'Endpoint', cell: (line: Retrievable) => foreign(line.endpoint) },
    { name: 'Tag', cell: (line: Retrievable) => described(line.tag, line.metadataState) },
    { name: 'Target', cell: (line: Retrievable) => described(line.target, line.metadataState) },
    { name: 'Task', nowrap: true, cell: (line: Retrievable) => taskLink(line.id) },
  ];
  const most = more ? ` The first ${count(lines.length)} of them; the command line has them all.` : '';
  return {
    title:
      lines.length === 0
        ? 'No result can still be fetched'
        : `${more ? 'More than ' : ''}${counted(lines.length, 'result')} can still be fetched`,
    note: `${lines.length === 0 ? '' : 'Those that go first come first. '}Results of Live endpoints are not kept by DataForSEO.${most}`,
    body: tableOf(columns, lines),
    unknown: answered.unknown,
    unknownTag: answered.unknownTag,
    complete: answered.complete,
  };
}

async function coverage(query: Query): Promise<Shown> {
  const { since = '', until = '', api = '' } = query;
  const certificate = await ask<Certificate & Answered>('/api/reports/coverage', { since, until, api });
  return {
    title: 'Certificate of coverage',
    note: '',
    body: certificateOf(certificate),
    unknown: certificate.unknown,
    unknownTag: certificate.unknownTag,
    // It says itself what is missing.
    complete: true,
  };
}

/** By the names in the form. `query` is the filter, `by` what costs are told apart by. */
export const REPORTS: Readonly<Record<string, (query: Query, by: string) => Promise<Shown>>> = {
  costs,
  failures: (query) => ofState(query, 'failed', 'failed'),
  unfinished: (query) => ofState(query, 'pending', 'unfinished'),
  duplicates,
  changes,
  retrievable,
  doubts,
  coverage,
  reconcile,
};
