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
  const { coverage, at: now, state } = snapshot;
  const expiring = expiringOf(snapshot);
  const hasDoomed = expiring.some(({ isDoomed }) => isDoomed);
  const isRefused = Object.keys(snapshot.refused).length > 0;
  const rows = expiring.slice(0, MOST).map((stretch) => ({ ...stretch, when: whenOf(stretch, now) }));
  const isAllRead = Object.values(coverage).every(({ complete }) => complete);
  const caption = expiryCaption({ hasDoomed, state, isRefused });
  draw(at('expiry'), [rows, isAllRead, caption], () => {
    if (rows.length > 0) return [tableOf(COLUMNS, rows, { caption, cards: true })];
    return [h('p', { class: 'empty' }, isAllRead ? ALL_READ : 'Nothing yet, as far as is known.')];
  });
}

const COLUMNS: readonly Column<Expiring & { readonly when: string }>[] = [
  { name: 'API', cell: ({ api }) => api },
  { name: 'What', cell: ({ grade }) => grade },
  { name: 'Stretch', cell: (row) => h('span', {}, ...unbroken(stretchOf(row))) },
  {
    name: 'Expires',
    nowrap: true,
    cell: ({ when, isDoomed }) => (isDoomed ? h('span', { class: 'badge', 'data-state': 'failed' }, when) : when),
  },
];

function stretchOf({ since, until }: Stretch): string {
  return `${moment(since).slice(0, 16)} to ${moment(until).slice(0, 16)}`;
}

function whenOf({ expiresAt, isDoomed }: Expiring, now: string): string {
  return `${isDoomed ? 'lost ' : ''}in ${duration(Date.parse(expiresAt) - Date.parse(now))}`;
}

type Outlook = { readonly hasDoomed: boolean; readonly state: Snapshot['state']; readonly isRefused: boolean };

/** Promises nothing while it is in the hands of others whether anything is read. */
export function expiryCaption({ hasDoomed, state, isRefused }: Outlook): string {
  if (hasDoomed) return 'What is marked leaves the window before it can be read.';
  if (state === 'parked' || isRefused) return 'What somebody must act on is read only if they do before it expires.';
  return state === 'stopped'
    ? 'Nothing is read while the daemon is stopped.'
    : 'All of this is read before it leaves the window.';
}

const ALL_READ = 'Nothing: all that the window holds is read.';

type Stretch = { readonly api: string; readonly grade: string; readonly since: string; readonly until: string };

/** Both are ISO 8601 in UTC, which come in the order of time. */
function holds(outer: Stretch, inner: Stretch): boolean {
  const isOne = outer.api === inner.api && outer.grade === inner.grade;
  return isOne && outer.since <= inner.since && inner.until <= outer.until;
}
