import { union } from '../domain/coverage.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Grade } from '../domain/task.ts';
import { at, draw, h } from './dom.ts';
import { counted, DAY_MS, duration, moment } from './format.ts';

const GRADES: readonly Grade[] = ['ids', 'metadata'];
/** Longer lists help nobody in a title; the certificate has them all. */
const MOST = 10;

/** How much time is on record as lost, by grade; time that several APIs lost counts once. */
export function showLost({ coverage }: Snapshot): void {
  const lost = Object.entries(coverage).flatMap(([api, { losses }]) => losses.map((loss) => ({ api, ...loss })));
  const told = GRADES.flatMap((grade) => {
    const lengthMs = lengthOf(lost.filter((loss) => loss.grade === grade));
    return lengthMs === 0 ? [] : [{ grade, length: inDays(lengthMs) }];
  });
  const place = at('figure-lost');
  place.dataset['mood'] = told.length > 0 ? 'warn' : '';
  const lines = lost.map(({ api, grade, since, until }) => `${api}, ${grade}: ${moment(since)} to ${moment(until)}`);
  const more = lines.length > MOST ? [`and ${counted(lines.length - MOST, 'stretch', 'stretches')} more`] : [];
  place.title = [...lines.slice(0, MOST), ...more].join('\n') || 'Nothing left the window unread.';
  draw(place, told, () => [
    h(
      'a',
      { href: '/reports?report=coverage' },
      ...(told.length === 0
        ? ['0']
        : told.map(({ grade, length }) => h('span', {}, `${length} `, h('small', {}, grade)))),
    ),
  ]);
}

function lengthOf(stretches: readonly { readonly since: string; readonly until: string }[]): number {
  const ranges = stretches.map(({ since, until }) => ({ since: Date.parse(since), until: Date.parse(until) }));
  return union(ranges).reduce((sum, { since, until }) => sum + until - since, 0);
}

function inDays(ms: number): string {
  return ms < 2 * DAY_MS ? duration(ms) : counted(Math.round(ms / DAY_MS), 'day');
}
