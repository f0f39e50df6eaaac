type Child = Node | string;
type Attributes = Readonly<Record<string, string | number | boolean | null>>;

const SVG = 'http://www.w3.org/2000/svg';

/** An element. Texts become text nodes, whatever they hold: nothing on these pages is ever parsed as HTML. */
export function h(name: string, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElement {
  const element = document.createElement(name);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

export function svg(name: string, attributes: Attributes = {}, ...children: readonly Node[]): SVGElement {
  const element = document.createElementNS(SVG, name);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    element.setAttribute(key, value === true ? '' : String(value));
  }
}

/** What is known of something: names and what they are. */
export function factsOf(facts: readonly (readonly [string, Child])[]): HTMLElement {
  const told = (value: Child) => (typeof value === 'string' ? unbroken(value) : [value]);
  return h(
    'dl',
    { class: 'facts' },
    ...facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, ...told(value))]),
  );
}

/** The element with an id that the page's own HTML has. */
export function at(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`There is no #${id} on this page.`);
  return element;
}

export function formAt(id: string): HTMLFormElement {
  const element = at(id);
  if (!(element instanceof HTMLFormElement)) throw new Error(`#${id} is a form.`);
  return element;
}

/** Writes only what has changed, so that nothing flickers and no selection is lost. */
export function say(id: string, text: string): void {
  const element = at(id);
  if (element.textContent !== text) element.replaceChildren(...unbroken(text));
}

const MOMENT = /(\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2}(?::\d{2})?)?)/;

/** A text whose dates and times are not broken at the end of a line. */
export function unbroken(text: string): Child[] {
  return text.split(MOMENT).flatMap<Child>((part, index) => {
    if (index % 2 === 1) return [h('span', { class: 'nowrap' }, part)];
    return part === '' ? [] : [part];
  });
}

const shown = new WeakMap<Element, string>();

/** Draws anew only when what is drawn has changed. */
export function draw(element: Element, of: unknown, make: () => readonly Child[]): void {
  const key = JSON.stringify(of);
  if (shown.get(element) === key) return;
  shown.set(element, key);
  element.replaceChildren(...make());
}

/** So long a tag or a target stays on one line, where there is room, and does not break at its hyphens. */
const LONGEST_WORD = 24;

/** A text from the API: isolated, so that marks of direction in it turn nothing around it. Null is no text. */
export function foreign(text: string | null, absent = '–', most = 200): HTMLElement {
  if (text === null) return h('span', { class: 'absent' }, absent);
  if (text === '') return h('span', { class: 'absent' }, '(empty)');
  const look = text.length <= LONGEST_WORD && !/[\s/]/.test(text) ? 'text word' : 'text';
  if (text.length <= most) return h('bdi', { class: look }, ...broken(text));
  return h('bdi', { class: 'text', title: `${text.length} characters` }, `${text.slice(0, most)}…`);
}

/** Where room is short an endpoint or an address breaks behind a slash or an underscore, and not within a word. */
function broken(text: string): (Node | string)[] {
  if (!text.includes('/')) return [text];
  return text.split(/(?<=[/_])/).flatMap((part, index) => (index === 0 ? [part] : [h('wbr'), part]));
}
