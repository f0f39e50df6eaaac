import type { Snapshot } from '../domain/snapshot.ts';
import { at, draw, h } from './dom.ts';
import { duration, moment } from './format.ts';

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
  const { coverage, at: now } = snapshot;
  const expiring = expiringOf(snapshot);
  const hasDoomed = expiring.some(({ isDoomed }) => isDoomed);
  const rows = expiring.slice(0, MOST);
  const isAllRead = Object.values(coverage).every(({ complete }) => complete);
  const shown = rows.map(({ api, grade, since, until, expiresAt, isDoomed }) => [
    api,
    grade,
    `${moment(since).slice(0, 16)} to ${moment(until).slice(0, 16)}`,
    `${isDoomed ? 'lost ' : ''}in ${duration(Date.parse(expiresAt) - Date.parse(now))}`,
    isDoomed,
  ]);
  draw(at('expiry'), [...shown, isAllRead], () => {
    if (rows.length === 0)
      return [h('p', { class: 'empty' }, isAllRead ? ALL_READ : 'Nothing yet, as far as is known.')];
    const head = ['API', 'What', 'Stretch', 'Expires'].map((name) => h('th', { scope: 'col' }, name));
    const body = shown.map(([api, grade, stretch, when, isDoomed]) =>
      h(
        'tr',
        {},
        ...[api, grade, stretch].map((text) => h('td', {}, String(text))),
        h(
          'td',
          { class: 'nowrap' },
          isDoomed === true ? h('span', { class: 'badge', 'data-state': 'failed' }, String(when)) : String(when),
        ),
      ),
    );
    const caption = !hasDoomed
      ? 'All of this is read before it leaves the window.'
      : 'What is marked leaves the window before it can be read.';
    return [h('table', {}, h('caption', {}, caption), h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...body))];
  });
}

const ALL_READ = 'Nothing: all that the window holds is read.';

type Stretch = { readonly api: string; readonly grade: string; readonly since: string; readonly until: string };

/** Both are ISO 8601 in UTC, which come in the order of time. */
function holds(outer: Stretch, inner: Stretch): boolean {
  const isOne = outer.api === inner.api && outer.grade === inner.grade;
  return isOne && outer.since <= inner.since && inner.until <= outer.until;
}
