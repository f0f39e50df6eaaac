import type { Explanation, TaskStory } from '../domain/explanation.ts';
import { ask, inWords } from './ask.ts';
import { at, factsOf, foreign, h, unbroken } from './dom.ts';
import { callsInWords, explained } from './explained.ts';
import { exactMoney, moment } from './format.ts';
import { statusInWords, valueInWords } from './status-words.ts';
import { treeOf } from './tree.ts';

type TaskAnswer = Explanation & {
  readonly kind: 'task';
  readonly metadata: string | null;
  readonly extra: string | null;
};

const METADATA_WORDS: Readonly<Record<TaskStory['metadataState'], string>> = {
  held: 'held',
  pending: 'not read yet',
  none: 'the server lists none',
  lost: 'lost: it left the window before it was read',
};

/** The one that was asked for last: what comes late of another is no longer wanted. */
let wanted = '';

/** One task in full, over the page. */
export async function showTask(id: string): Promise<void> {
  wanted = id;
  const dialog = at('task');
  if (!(dialog instanceof HTMLDialogElement)) return;
  at('task-title').replaceChildren('Task ', foreign(id));
  at('task-body').replaceChildren(h('p', { class: 'empty' }, 'Reading…'));
  // Browsers give the focus back to what had it: that is the row's button, also where the row was pressed beside it.
  buttonOf(id)?.focus({ preventScroll: true });
  if (!dialog.open) dialog.showModal();
  try {
    const answer = await ask<TaskAnswer>(`/api/tasks/${encodeURIComponent(id)}`);
    if (answer.task !== null && wanted === id) at('task-body').replaceChildren(...told(answer.task, answer));
  } catch (error) {
    if (wanted === id) at('task-body').replaceChildren(h('p', { class: 'trouble', role: 'alert' }, inWords(error)));
  }
}

function buttonOf(id: string): HTMLButtonElement | null {
  const { textContent: name } = nameOf(id);
  const buttons = [...at('rows').querySelectorAll('button')];
  return buttons.find(({ textContent }) => textContent === name) ?? null;
}

/** As the rows of the explorer have it. */
function nameOf(id: string): HTMLElement {
  return foreign(id, 'no id', 60);
}

function told(task: TaskStory, { metadata, extra }: TaskAnswer): Node[] {
  return [
    about(task),
    section(
      'Metadata',
      metadata === null ? h('p', { class: 'absent' }, METADATA_WORDS[task.metadataState]) : treeOf(metadata),
    ),
    ...(extra === null ? [] : [section('Fields that this version does not know', treeOf(extra))]),
    section('Changes', changesOf(task)),
    section('How the ledger knows', h('p', {}, ...unbroken(seenBy(task)))),
    ...(task.doubts.length === 0 ? [] : [section('Doubts', doubtsOf(task))]),
  ];
}

function section(title: string, body: Node): HTMLElement {
  return h('section', {}, h('h3', {}, title), body);
}

function about(task: TaskStory): HTMLElement {
  return factsOf([
    ['State', h('span', { class: 'badge', 'data-state': task.state }, task.state)],
    ['Status', foreign(statusInWords(task.status), 'none')],
    ['Posted', `${moment(task.postedAt)} UTC`],
    ['Done', task.doneAt === null ? '–' : `${moment(task.doneAt)} UTC`],
    ['Cost', task.cost === null ? 'unknown' : exactMoney(Math.round(task.cost * 1e6))],
    ['API', foreign(task.api)],
    ['Endpoint', foreign(task.endpoint)],
    ['URL', foreign(task.url, 'none', 500)],
    ['Tag', foreign(task.tag, task.metadataState === 'held' ? 'no tag' : 'unknown', 500)],
    ['Target', foreign(task.target, task.metadataState === 'held' ? 'no target' : 'unknown', 500)],
  ]);
}

function changesOf({ changes }: TaskStory): Node {
  if (changes.length === 0) return h('p', { class: 'absent' }, 'It is as it was first seen.');
  const head = ['Seen', 'Field', 'Before', 'After'].map((name) => h('th', { scope: 'col' }, name));
  const body = changes.map(({ seenAt, field, old, new: next }) =>
    h(
      'tr',
      {},
      h('td', { class: 'nowrap' }, moment(seenAt)),
      h('td', {}, field),
      h('td', {}, foreign(valueInWords(field, old))),
      h('td', {}, foreign(valueInWords(field, next))),
    ),
  );
  return h('table', {}, h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...body));
}

function doubtsOf({ doubts }: TaskStory): Node {
  return h(
    'ul',
    {},
    ...doubts.map(({ kind, seenAt, detail }) =>
      h('li', {}, ...unbroken(`${kind}, ${moment(seenAt)}: `), foreign(detail, '', 500)),
    ),
  );
}

function seenBy({ firstListed, firstSeenAt, posted }: TaskStory): string {
  const first =
    firstListed === null
      ? `First seen at ${moment(firstSeenAt)}, by a call no longer in the journal`
      : `First seen at ${moment(firstSeenAt)}, ${callsInWords(firstListed.calls)} (walk ${firstListed.walk}, ${firstListed.purpose})`;
  const second = posted.covered === null ? 'That all of its second is known is not proven yet' : 'Its second';
  return `${first}. ${second}: ${explained(posted)}.`;
}
