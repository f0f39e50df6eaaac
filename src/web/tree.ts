import { h } from './dom.ts';

/** Of lists and objects beyond this depth or length only the beginning is drawn; the rest opens on demand. */
const OPEN_DEPTH = 2;
const MOST_CHILDREN = 100;
const LONGEST_TEXT = 400;

/** JSON as a tree that opens and closes; whatever it holds is text. @param text - As received; what is no JSON is shown as it is. */
export function treeOf(text: string): HTMLElement {
  let value: unknown;
  try {
    value = JSON.parse(withNumbersAsText(text));
  } catch {
    // The ledger keeps it as it came.
    return h('p', { class: 'string text' }, text);
  }
  return h('ul', { class: 'tree' }, h('li', {}, ...nodeOf(value, 0)));
}

/** In front of a number that is kept as text. Drawn by lot, so that nobody can have written it. */
const MARK = `number ${crypto.getRandomValues(new Uint32Array(4)).join('-')}: `;
const TEXT_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/** A number of JavaScript forgets digits of what others count with: those come as they were written. */
function withNumbersAsText(text: string): string {
  return text.replace(TEXT_OR_NUMBER, (found) =>
    found.startsWith('"') || String(Number(found)) === found ? found : `"${MARK}${found}"`,
  );
}

function nodeOf(value: unknown, depth: number): (Node | string)[] {
  if (Array.isArray(value))
    return branch(
      value.map((item: unknown, index) => [String(index), item]),
      depth,
      ['[', ']'],
    );
  if (typeof value === 'object' && value !== null) return branch(Object.entries(value), depth, ['{', '}']);
  if (typeof value === 'string' && value.startsWith(MARK))
    return [h('span', { class: 'literal' }, value.slice(MARK.length))];
  if (typeof value === 'string') return [textOf(value)];
  return [h('span', { class: 'literal' }, String(value))];
}

function branch(
  entries: readonly (readonly [string, unknown])[],
  depth: number,
  [open, close]: readonly [string, string],
): (Node | string)[] {
  if (entries.length === 0) return [`${open}${close}`];
  const list = h('ul');
  const details = h(
    'details',
    { open: depth < OPEN_DEPTH },
    h('summary', {}, `${open} ${entries.length} ${close}`),
    list,
  );
  const fill = () => {
    if (list.childElementCount > 0) return;
    append(list, entries, { depth, from: 0 });
  };
  if (depth < OPEN_DEPTH) fill();
  details.addEventListener('toggle', fill);
  return [details];
}

function append(
  list: HTMLElement,
  entries: readonly (readonly [string, unknown])[],
  at: { depth: number; from: number },
): void {
  const until = at.from + MOST_CHILDREN;
  const items = entries
    .slice(at.from, until)
    .map(([key, item]) => h('li', {}, h('bdi', { class: 'key' }, shorten(key)), ': ', ...nodeOf(item, at.depth + 1)));
  list.append(...items);
  if (until >= entries.length) return;
  const more = h('button', { type: 'button', class: 'quiet' }, `${entries.length - until} more`);
  const place = h('li', {}, more);
  more.addEventListener('click', () => {
    place.remove();
    append(list, entries, { depth: at.depth, from: until });
  });
  list.append(place);
}

/** A text that fills screens is folded; unfolded it is there in full. */
function textOf(text: string): HTMLElement {
  if (text.length <= LONGEST_TEXT) return h('bdi', { class: 'string text' }, JSON.stringify(text));
  const shown = h('bdi', { class: 'string text' }, `${JSON.stringify(text.slice(0, LONGEST_TEXT)).slice(0, -1)}… `);
  const more = h('button', { type: 'button', class: 'quiet' }, `all ${text.length} characters`);
  more.addEventListener('click', () => {
    shown.textContent = JSON.stringify(text);
    more.remove();
  });
  return h('span', {}, shown, more);
}

function shorten(key: string): string {
  return key.length > LONGEST_TEXT ? `${key.slice(0, LONGEST_TEXT)}…` : key;
}
