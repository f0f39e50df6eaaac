import type { TaskLine, Totals } from '../domain/report.ts';
import type { Told } from '../domain/told.ts';
import type { UnknownValue } from '../domain/unknown-value.ts';
import { keepInAddress, onOtherAddress, strangeInAddress } from './address.ts';
import { ask, inWords } from './ask.ts';
import { at, formAt, h } from './dom.ts';
import { counted, moment } from './format.ts';
import { rowOf } from './task-row.ts';
import { showTask } from './task.ts';
import { tellLack, tellUnknown, tellUnknownMetadata } from './unknown.ts';

type Found = {
  readonly tasks: readonly Told<TaskLine>[];
  readonly searchedBackTo: string | null;
  readonly next: string | null;
  readonly unknown: readonly UnknownValue[];
  /** False: the ledger lacks some of the time that is searched. */
  readonly complete: boolean;
  /** On the first page: tasks that may have the tag or the target, for theirs are lost, not read yet or never listed. */
  readonly unknownMetadata: Totals | null;
};

const NAMES = ['id', 'since', 'until', 'api', 'endpoint', 'state', 'tag', 'target', 'target_prefix'] as const;

type State = {
  /** What was searched for, which may no longer be what is typed. */
  query: Readonly<Record<string, string>>;
  shown: number;
  next: string | null;
  unknown: Totals | null;
  asking: AbortController;
};

const state: State = {
  query: {},
  shown: 0,
  next: null,
  unknown: null,
  asking: new AbortController(),
};

/** What is typed, by the names of the API. */
function typed(): Record<string, string> {
  const fields = new FormData(formAt('search'));
  const text = (name: string) => {
    const value = fields.get(name);
    return typeof value === 'string' ? value.trim() : '';
  };
  const target = text('match') === 'prefix' ? 'target_prefix' : 'target';
  const query = {
    id: text('id'),
    since: text('since'),
    until: text('until'),
    api: text('api'),
    endpoint: text('endpoint'),
    state: text('state'),
    tag: text('tag'),
    [target]: text('target'),
  };
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
}

function fillIn(): void {
  const query = new URLSearchParams(location.search);
  formAt('search').reset();
  for (const name of NAMES) {
    const value = query.get(name);
    const field = formAt('search').elements.namedItem(name === 'target_prefix' ? 'target' : name);
    if (value !== null && value !== '' && (field instanceof HTMLInputElement || field instanceof HTMLSelectElement))
      field.value = value;
  }
  const match = formAt('search').elements.namedItem('match');
  const asked = query.has('target_prefix') ? 'prefix' : (query.get('match') ?? 'exact');
  if (match instanceof HTMLSelectElement) match.value = asked;
}

async function search({ step }: { readonly step: boolean }): Promise<void> {
  clear();
  state.query = typed();
  keepInAddress('/tasks', state.query, step);
  offerCsv();
  await goOn();
}

/** Whoever waited for an answer no longer does, and nothing of one before is left. */
function clear(): void {
  state.asking.abort();
  state.shown = 0;
  state.next = null;
  at('rows').replaceChildren();
  for (const id of ['found', 'nothing', 'further']) at(id).hidden = true;
  beQuiet();
  at('csv').removeAttribute('href');
}

function beQuiet(): void {
  at('trouble').hidden = true;
  tellUnknown('unknown', []);
  tellLack(true, {});
  tellUnknownMetadata('unknown-metadata', null);
}

/** Of what the form says, also before it is searched for: nobody should take a list of everything for that of a customer. */
function offerCsv(): void {
  const query = new URLSearchParams(typed()).toString();
  at('csv').setAttribute('href', query === '' ? '/tasks.csv' : `/tasks.csv?${query}`);
}

/** What is rare lies far back: as long as nothing is found it goes on by itself, for a while. */
const PATIENCE_MS = 20_000;

async function goOn(patientUntil = performance.now() + PATIENCE_MS): Promise<void> {
  state.asking.abort();
  state.asking = new AbortController();
  const { signal } = state.asking;
  if (state.next === null) at('found-title').textContent = 'Searching…';
  beQuiet();
  const before = state.shown;
  try {
    const found = await ask<Found>('/api/tasks', { ...state.query, cursor: state.next ?? '' }, signal);
    if (state.next === null) state.unknown = found.unknownMetadata;
    state.shown += found.tasks.length;
    state.next = found.next;
    at('rows').append(...found.tasks.map(rowOf));
    if (found.tasks.length === 0 && found.next !== null && performance.now() < patientUntil) {
      at('found-title').textContent = `Searching, back to ${moment(found.searchedBackTo ?? 0)} UTC so far…`;
      await goOn(patientUntil);
      return;
    }
    tellEnd(found);
    const first = at('rows').children[before]?.querySelector('button');
    if (before > 0) first?.focus();
  } catch (error) {
    if (signal.aborted) return;
    tellTrouble(inWords(error));
  }
}

function tellTrouble(words: string): void {
  at('found-title').textContent = 'The search failed';
  at('trouble').textContent = words;
  at('trouble').hidden = false;
}

function tellEnd({ searchedBackTo, next, unknown, complete }: Found): void {
  const isAll = next === null;
  at('found').hidden = state.shown === 0;
  at('nothing').hidden = !(state.shown === 0 && isAll);
  at('further').hidden = isAll;
  tellUnknown('unknown', unknown);
  // An id is of one task: once it is found, nothing lacks.
  const isFound = state.query['id'] !== undefined && state.shown > 0;
  tellLack(complete || isFound, state.query);
  tellUnknownMetadata('unknown-metadata', isFound ? null : state.unknown);
  at('found-title').textContent = isAll ? counted(state.shown, 'task') : soFar(state.shown);
  at('searched').textContent = searchedBackTo === null ? '' : `Searched back to ${moment(searchedBackTo)} UTC.`;
}

function soFar(shown: number): string {
  return shown === 0 ? 'No task found so far' : `The newest ${counted(shown, 'task')}`;
}

async function offerEndpoints(): Promise<void> {
  const { rows } = await ask<{ rows: readonly { endpoint: string | null }[] }>('/api/costs', { by: 'endpoint' });
  at('endpoints').replaceChildren(...rows.map(({ endpoint }) => h('option', { value: endpoint ?? '' })));
}

const FIELDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(NAMES.map((name) => [name, name])),
  target_prefix: 'target',
  // What the form itself would ask with, before this script is there.
  match: 'match',
};

function close(): void {
  const dialog = at('task');
  if (dialog instanceof HTMLDialogElement) dialog.close();
}

/** As the address says; a task that it names is opened. */
async function begin(): Promise<void> {
  close();
  fillIn();
  const strange = strangeInAddress(formAt('search'), FIELDS);
  if (strange !== null) {
    clear();
    tellTrouble(strange);
    return;
  }
  await search({ step: false });
  const { id } = state.query;
  if (id !== undefined && state.shown === 1) await showTask(id);
}

formAt('search').addEventListener('submit', (event) => {
  event.preventDefault();
  void search({ step: true });
});
// The button, not the form: that is emptied too where an address fills it in. A moment later it is empty.
at('clear').addEventListener('click', () => setTimeout(() => void search({ step: true }), 0));
formAt('search').addEventListener('input', offerCsv);
at('more').addEventListener('click', () => void goOn());
at('close').addEventListener('click', close);
onOtherAddress(() => void begin());
void begin();
// The list of names is a help only; who searches is not told that it is missing.
void offerEndpoints().catch(() => undefined);
