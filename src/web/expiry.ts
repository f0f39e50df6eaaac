import { backlogOutlook, isAllRead, type BacklogOutlook } from '../domain/backlog-outlook.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { at, draw, h, unbroken } from './dom.ts';
import { duration, moment } from './format.ts';
import { tableOf, type Column } from './table.ts';

const MOST = 40;
const NEWEST_MS = 600_000;

type Expiring = Stretch & { readonly expiresAt: string; readonly isDoomed: boolean };

/** What will not be read in time, and then the other gaps by their deadline; but the newest minutes, whose turn comes with the next reading. */
export function expiringOf({ coverage, backlog, at: now }: Pick<Snapshot, 'coverage' | 'backlog' | 'at'>): Expiring[] {
  const doomed = backlog.willExpire.map((stretch) => ({ ...stretch, isDoomed: true }));
  const gaps = Object.entries(coverage)
    .flatMap(([api, { gaps: own }]) => own.map((gap) => ({ ...gap, api, isDoomed: false })))
    .filter(({ since }) => Date.parse(now) - Date.parse(since) > NEWEST_MS)
    .filter((gap) => !doomed.some((stretch) => holds(stretch, gap)))
    .sort((a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt));
  return [...doomed, ...gaps];
}

export function showExpiry(snapshot: Snapshot): void {
  const { at: now } = snapshot;
  const expiring = expiringOf(snapshot);
  const hasDoomed = expiring.some(({ isDoomed }) => isDoomed);
  const rows = expiring.slice(0, MOST).map((stretch) => ({ ...stretch, when: whenOf(stretch, now) }));
  const caption = expiryCaption(backlogOutlook(snapshot), hasDoomed);
  const nothing = isAllRead(snapshot) ? ALL_READ : 'Nothing yet, as far as is known.';
  draw(at('expiry'), [rows, nothing, caption], () => {
    if (rows.length > 0) return [tableOf(COLUMNS, rows, { caption, cards: true })];
    return [h('p', { class: 'empty' }, nothing)];
  });
}

const COLUMNS: readonly Column<Expiring & { readonly when: string }>[] = [
  { name: 'API', cell: ({ api }) => api },
  { name: 'What', cell: ({ grade }) => grade },
  { name: 'Stretch', cell: (row) => h('span', {}, ...unbroken(stretchOf(row))) },
  {
    name: 'Begins to expire',
    nowrap: true,
    cell: ({ when, isDoomed }) => (isDoomed ? h('span', { class: 'badge', 'data-state': 'failed' }, when) : when),
  },
];

function stretchOf({ since, until }: Stretch): string {
  return `${moment(since).slice(0, 16)} to ${moment(until).slice(0, 16)}`;
}

function whenOf({ expiresAt, isDoomed }: Expiring, now: string): string {
  const from = `in ${duration(Math.max(Date.parse(expiresAt) - Date.parse(now), 0))}`;
  return isDoomed ? `${from}, then lost` : from;
}

/** Promises nothing while it is in the hands of others, or unknown, whether anything is read. */
export function expiryCaption(outlook: BacklogOutlook, hasDoomed: boolean): string {
  return (hasDoomed ? DOOMED : IN_TIME)[outlook];
}

const TOO_LATE = 'What is marked leaves the window before it can be read, second by second.';
const DOOMED: Readonly<Record<BacklogOutlook, string>> = {
  goes_on: TOO_LATE,
  unknown: TOO_LATE,
  waits: 'What is marked is lost second by second, unless what the daemon waits for is over before.',
  refused: 'What is marked is lost second by second, unless somebody acts before.',
  parked: 'What is marked is lost second by second, unless somebody acts before.',
  stopped: 'What is marked is lost second by second, unless the daemon runs before.',
};
const IN_TIME: Readonly<Record<BacklogOutlook, string>> = {
  goes_on: 'All of this is read before it leaves the window.',
  unknown: 'How many tasks there are is not known yet, and so neither whether all of this is read in time.',
  waits: 'Nothing is read while the daemon waits.',
  refused: 'What somebody must act on is read only if they do before it expires.',
  parked: 'What somebody must act on is read only if they do before it expires.',
  stopped: 'Nothing is read while the daemon is stopped.',
};

const ALL_READ = 'Nothing: all up to the last reading is read.';

type Stretch = { readonly api: string; readonly grade: string; readonly since: string; readonly until: string };

/** Both are ISO 8601 in UTC, which come in the order of time. */
function holds(outer: Stretch, inner: Stretch): boolean {
  const isOne = outer.api === inner.api && outer.grade === inner.grade;
  return isOne && outer.since <= inner.since && inner.until <= outer.until;
}
