import { keepInAddress, onOtherAddress, strangeInAddress } from './address.ts';
import { inWords } from './ask.ts';
import { at, formAt, h, say } from './dom.ts';
import { REPORTS } from './report-views.ts';
import { tellLack, tellUnknown, tellUnknownTag } from './unknown.ts';

function field(name: string): HTMLInputElement | HTMLSelectElement | null {
  const element = formAt('wish').elements.namedItem(name);
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element : null;
}

const FILTERS = ['since', 'until', 'api', 'endpoint', 'state', 'tag'] as const;
type Filter = (typeof FILTERS)[number];
/** What cannot be narrowed so is not: a certificate of everything, below a tag, would look like one of that tag. */
const UNHEEDED: Readonly<Record<string, readonly Filter[]>> = {
  coverage: ['endpoint', 'state', 'tag'],
  doubts: ['endpoint', 'state', 'tag'],
  reconcile: ['since', 'until', 'endpoint', 'state', 'tag'],
  failures: ['state'],
  unfinished: ['state'],
};

/** Whoever asks anew no longer waits for what was asked before, which may come later. */
let asking = 0;

/** Nothing of an answer before is left, nor awaited. */
function clear(): void {
  asking += 1;
  say('report-note', '');
  at('trouble').hidden = true;
  at('careful').hidden = true;
  tellUnknown('report-unknown', []);
  tellUnknownTag('report-unknown-tag', null);
  at('report').replaceChildren();
}

async function show({ step }: { readonly step: boolean }): Promise<void> {
  clear();
  const turn = asking;
  const kind = field('report')?.value ?? 'costs';
  const by = field('by')?.value ?? 'month';
  const heeded = FILTERS.filter((name) => UNHEEDED[kind]?.includes(name) !== true);
  const query = Object.fromEntries(heeded.map((name) => [name, field(name)?.value.trim() ?? '']));
  const given = Object.entries({ report: kind, by, ...query }).filter(([, value]) => value !== '');
  keepInAddress('/reports', Object.fromEntries(given), step);
  at('by').hidden = kind !== 'costs';
  for (const name of FILTERS) at(`of-${name}`).hidden = !heeded.includes(name);
  say('report-title', 'Working…');
  try {
    const shown = await REPORTS[kind]?.(query, by);
    if (shown === undefined || turn !== asking) return;
    say('report-title', shown.title);
    say('report-note', shown.note);
    at('report').replaceChildren(shown.body);
    tellLack(shown.complete, query);
    tellUnknown('report-unknown', shown.unknown);
    tellUnknownTag('report-unknown-tag', shown.unknownTag);
  } catch (error) {
    if (turn !== asking) return;
    tellTrouble(inWords(error));
  }
}

function tellTrouble(words: string): void {
  say('report-title', 'There is no report');
  at('trouble').textContent = words;
  at('trouble').hidden = false;
}

const NAMES = ['report', 'by', ...FILTERS];

/** As the address says. */
function begin(): void {
  const asked = new URLSearchParams(location.search);
  formAt('wish').reset();
  for (const name of NAMES) fillIn(name, asked.get(name));
  const strange = strangeInAddress(formAt('wish'), FIELDS) ?? unheeded(asked);
  if (strange === null) {
    void show({ step: false });
    return;
  }
  clear();
  tellTrouble(strange);
}

const FIELDS = Object.fromEntries(NAMES.map((name) => [name, name]));

/** What a report cannot be narrowed by. */
function unheeded(asked: URLSearchParams): string | null {
  const kind = field('report')?.value ?? '';
  const [name] = UNHEEDED[kind]?.filter((each) => (asked.get(each) ?? '') !== '') ?? [];
  return name === undefined ? null : `The address asks for what there is not: report ${kind} knows no ${name}.`;
}

function fillIn(name: string, value: string | null): void {
  const element = field(name);
  if (element === null || value === null || value === '') return;
  element.value = value;
  // Sums by more than the list offers, as the command line has them; what there is not, the answer says.
  if (name === 'by' && element.value !== value) element.append(h('option', { value, selected: true }, value));
}

formAt('wish').addEventListener('submit', (event) => {
  event.preventDefault();
  void show({ step: true });
});
field('report')?.addEventListener('change', () => void show({ step: true }));
field('by')?.addEventListener('change', () => void show({ step: true }));
at('print').addEventListener('click', () => print());
onOtherAddress(begin);
begin();
