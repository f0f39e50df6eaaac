import type { TaskLine } from '../domain/report.ts';
import type { Told } from '../domain/told.ts';
import { foreign, h } from './dom.ts';
import { exactMoney, moment } from './format.ts';
import { showTask } from './task.ts';

/** A row of the explorer, which opens its task. On a phone it is laid out as a card; the roles say that it still is a row of a table. */
export function rowOf(task: Told<TaskLine>): HTMLElement {
  const id = h('button', { type: 'button', class: 'id' }, foreign(task.id, 'no id', 60));
  const unknown = task.metadataState === 'held' ? '–' : 'unknown';
  const cell = (name: string, ...content: (Node | string)[]) => h('td', { role: 'cell', class: name }, ...content);
  const row = h(
    'tr',
    { role: 'row' },
    cell('posted', moment(task.postedAt)),
    cell('state-cell', h('span', { class: 'badge', 'data-state': task.state }, task.state)),
    cell('endpoint', foreign(task.endpoint, '–', 80)),
    cell('number', task.costMicros === null ? '–' : exactMoney(task.costMicros)),
    cell('tag', foreign(task.tag, unknown, 80)),
    cell('target', foreign(task.target, unknown, 80)),
    cell('id-cell', id),
  );
  row.addEventListener('click', () => void showTask(task.id));
  return row;
}
