import type { Snapshot } from '../domain/snapshot.ts';
import { at, draw, h } from './dom.ts';
import { duration, moment } from './format.ts';

const MOST = 40;

/** The gaps by their deadline; what will not be read in time first. */
export function showExpiry({ coverage, tail, backlog, at: now }: Snapshot): void {
  const doomed = backlog.willExpire.map((stretch) => ({ ...stretch, isDoomed: true }));
  const gaps = Object.entries(coverage)
    .flatMap(([api, { gaps: own }]) => own.map((gap) => ({ ...gap, api, isDoomed: false })))
    // What lies after the last reading of the newest tasks has its turn within a minute.
    .filter(({ api, since }) => since < (tail[api]?.readUpTo ?? '9999'))
    .sort((a, b) => Date.parse(a.expiresAt) - Date.parse(b.expiresAt));
  const rows = [...doomed, ...gaps].slice(0, MOST);
  const shown = rows.map(({ api, grade, since, until, expiresAt, isDoomed }) => [
    api,
    grade,
    `${moment(since).slice(0, 16)} to ${moment(until).slice(0, 16)}`,
    `${isDoomed ? 'lost ' : ''}in ${duration(Date.parse(expiresAt) - Date.parse(now))}`,
    isDoomed,
  ]);
  draw(at('expiry'), shown, () => {
    if (rows.length === 0) return [h('p', { class: 'empty' }, 'Nothing: all that the window holds is read.')];
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
    const caption =
      doomed.length === 0
        ? 'All of this is read before it leaves the window.'
        : 'What is marked leaves the window before it can be read.';
    return [h('table', {}, h('caption', {}, caption), h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...body))];
  });
}
