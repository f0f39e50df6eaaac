import { differenceOf } from '../../domain/reconciliation.ts';
import { whyUnknown } from '../../domain/why-unknown.ts';
import type { MetadataState } from '../../domain/merge-task.ts';
import type {
  ChangeLine,
  CostRow,
  Dimension,
  DoubtLine,
  DuplicateGroup,
  ReconcileRow,
  RetrievableLine,
  TaskLine,
} from '../../domain/report.ts';
import type { TimeRange } from '../../domain/time-range.ts';
import { isoInstant, type Column } from './sheet.ts';

const HEADS: Readonly<Record<Dimension, string>> = {
  day: 'day (UTC)',
  month: 'month (UTC)',
  endpoint: 'endpoint',
  tag: 'tag',
  target: 'target',
  status: 'status',
};

export function groupColumns(by: readonly Dimension[]): Column<CostRow>[] {
  const isDescribed = by.includes('tag') || by.includes('target');
  return [
    ...by.map((name): Column<CostRow> => ({
      name,
      head: HEADS[name],
      kind: 'text',
      of: (row) => row[name] ?? null,
      told: (row) => row[name] ?? without(name, row.metadataState),
    })),
    ...(isDescribed ? [metadataState] : []),
    { name: 'tasks', head: 'tasks', kind: 'count', of: ({ tasks }) => tasks },
    { name: 'cost', head: 'dollars', kind: 'money', of: ({ costMicros }) => costMicros },
  ];
}

const metadataState = {
  name: 'metadataState',
  head: null,
  kind: 'text',
  of: (row: { readonly metadataState?: MetadataState }) => row.metadataState ?? null,
} satisfies Column<CostRow>;

/** What is said where there is no value: that there is none is one thing, that it is unknown another. */
function without(name: Dimension | 'tag' | 'target', state: MetadataState | undefined): string {
  if (name === 'status') return '(no status)';
  if (name !== 'tag' && name !== 'target') return '';
  const why = whyUnknown(state ?? 'held');
  return why === null ? `(no ${name})` : `(unknown: ${why})`;
}

export const TASK_COLUMNS: readonly Column<TaskLine>[] = [
  { name: 'id', head: 'id', kind: 'text', of: ({ id }) => id },
  { name: 'api', head: null, kind: 'text', of: ({ api }) => api },
  { name: 'posted', head: 'posted (UTC)', kind: 'instant', of: ({ postedAt }) => postedAt },
  { name: 'done', head: null, kind: 'instant', of: ({ doneAt }) => doneAt },
  { name: 'endpoint', head: 'endpoint', kind: 'text', of: ({ endpoint }) => endpoint },
  { name: 'state', head: null, kind: 'text', of: ({ state }) => state },
  { name: 'status', head: 'status', kind: 'text', of: ({ status }) => status },
  {
    name: 'tag',
    head: 'tag',
    kind: 'text',
    of: ({ tag }) => tag,
    told: (task) => task.tag ?? without('tag', task.metadataState),
  },
  {
    name: 'target',
    head: 'target',
    kind: 'text',
    of: ({ target }) => target,
    told: (task) => task.target ?? without('target', task.metadataState),
  },
  metadataState,
  { name: 'cost', head: 'dollars', kind: 'money', of: ({ costMicros }) => costMicros },
];

export const RETRIEVABLE_COLUMNS: readonly Column<RetrievableLine>[] = [
  { name: 'until', head: 'until (UTC)', kind: 'instant', of: ({ until }) => until },
  ...TASK_COLUMNS,
];

export const CHANGE_COLUMNS: readonly Column<ChangeLine>[] = [
  { name: 'seen', head: 'seen (UTC)', kind: 'instant', of: ({ seenAt }) => seenAt },
  { name: 'taskId', head: 'task', kind: 'text', of: ({ taskId }) => taskId },
  { name: 'api', head: null, kind: 'text', of: ({ api }) => api },
  { name: 'endpoint', head: 'endpoint', kind: 'text', of: ({ endpoint }) => endpoint },
  { name: 'tag', head: 'tag', kind: 'text', of: ({ tag }) => tag },
  { name: 'field', head: 'field', kind: 'text', of: ({ field }) => field },
  { name: 'old', head: 'old', kind: 'text', of: (change) => change.old },
  { name: 'new', head: 'new', kind: 'text', of: (change) => change.new },
  { name: 'delta', head: 'dollars', kind: 'money', of: ({ deltaMicros }) => deltaMicros },
];

export const DUPLICATE_COLUMNS: readonly Column<DuplicateGroup>[] = [
  { name: 'endpoint', head: 'endpoint', kind: 'text', of: ({ endpoint }) => endpoint },
  { name: 'target', head: 'target', kind: 'text', of: ({ target }) => target },
  { name: 'tags', head: 'tags', kind: 'list', of: ({ tags }) => tags },
  { name: 'firstPosted', head: 'first posted (UTC)', kind: 'instant', of: ({ firstPostedAt }) => firstPostedAt },
  { name: 'lastPosted', head: null, kind: 'instant', of: ({ lastPostedAt }) => lastPostedAt },
  { name: 'firstId', head: 'first task', kind: 'text', of: ({ firstId }) => firstId },
  { name: 'repeats', head: 'repeats', kind: 'count', of: ({ repeats }) => repeats },
  { name: 'repeatedIds', head: null, kind: 'list', of: ({ repeatedIds }) => repeatedIds },
  { name: 'wasted', head: 'wasted dollars', kind: 'money', of: ({ wastedMicros }) => wastedMicros },
];

export const DOUBT_COLUMNS: readonly Column<DoubtLine>[] = [
  { name: 'seen', head: 'seen (UTC)', kind: 'instant', of: ({ seenAt }) => seenAt },
  { name: 'api', head: 'api', kind: 'text', of: ({ api }) => api },
  { name: 'kind', head: 'kind', kind: 'text', of: ({ kind }) => kind },
  { name: 'since', head: 'from (UTC)', kind: 'instant', of: ({ since }) => since },
  { name: 'until', head: 'until', kind: 'instant', of: ({ until }) => until },
  { name: 'taskId', head: 'task', kind: 'text', of: ({ taskId }) => taskId },
  { name: 'detail', head: 'detail', kind: 'text', of: ({ detail }) => detail },
];

export const RECONCILE_COLUMNS: readonly Column<ReconcileRow>[] = [
  { name: 'api', head: 'api', kind: 'text', of: ({ api }) => api },
  { name: 'tasks', head: 'tasks', kind: 'count', of: ({ ledgerTasks }) => ledgerTasks },
  { name: 'ledger', head: 'ledger, dollars', kind: 'money', of: ({ ledgerMicros }) => ledgerMicros },
  { name: 'vendor', head: 'DataForSEO, dollars', kind: 'money', of: ({ vendorMicros }) => vendorMicros },
  { name: 'difference', head: 'difference', kind: 'money', of: differenceOf },
  { name: 'unfinished', head: 'unfinished', kind: 'count', of: ({ unfinished }) => unfinished },
  { name: 'lastHour', head: null, kind: 'money', of: ({ lastHourMicros }) => lastHourMicros },
  { name: 'readUpTo', head: 'ledger read up to (UTC)', kind: 'instant', of: ({ readUpTo }) => readUpTo },
  { name: 'unread', head: null, kind: 'list', of: ({ unread }) => unread.map(stretchOf) },
];

function stretchOf({ since, until }: TimeRange) {
  return { since: isoInstant(since), until: isoInstant(until) };
}
