import { inWords } from './ask.ts';
import { at, formAt, say } from './dom.ts';
import { REPORTS } from './report-views.ts';
import { tellLack, tellUnknown, tellUnknownTag } from './unknown.ts';

function field(name: string): HTMLInputElement | HTMLSelectElement | null {
  const element = formAt('wish').elements.namedItem(name);
  return element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element : null;
}

const FILTERS = ['since', 'until', 'api', 'endpoint', 'tag'] as const;
type Filter = (typeof FILTERS)[number];
/** What cannot be narrowed so is not: a certificate of everything, below a tag, would look like one of that tag. */
const UNHEEDED: Readonly<Record<string, readonly Filter[]>> = {
  coverage: ['endpoint', 'tag'],
  reconcile: ['since', 'until', 'endpoint', 'tag'],
};

/** Whoever asks anew no longer waits for what was asked before, which may come later. */
let asking = 0;

async function show(): Promise<void> {
  asking += 1;
  const turn = asking;
  const kind = field('report')?.value ?? 'costs';
  const by = field('by')?.value ?? 'month';
  const heeded = FILTERS.filter((name) => UNHEEDED[kind]?.includes(name) !== true);
  const query = Object.fromEntries(heeded.map((name) => [name, field(name)?.value.trim() ?? '']));
  const given = Object.entries({ report: kind, by, ...query }).filter(([, value]) => value !== '');
  history.replaceState(null, '', `/reports?${new URLSearchParams(given).toString()}`);
  at('by').hidden = kind !== 'costs';
  for (const name of FILTERS) at(`of-${name}`).hidden = !heeded.includes(name);
  say('report-title', 'Working…');
  say('report-note', '');
  at('trouble').hidden = true;
  at('careful').hidden = true;
  tellUnknown('report-unknown', []);
  tellUnknownTag('report-unknown-tag', null);
  at('report').replaceChildren();
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
    say('report-title', 'There is no report');
    at('trouble').textContent = inWords(error);
    at('trouble').hidden = false;
  }
}

const asked = new URLSearchParams(location.search);
for (const name of ['report', 'by', ...FILTERS]) {
  const element = field(name);
  const value = asked.get(name);
  if (element !== null && value !== null) element.value = value;
}
// An address may name a report that there is not.
const select = field('report');
if (select !== null && select.value === '') select.value = 'costs';
formAt('wish').addEventListener('submit', (event) => {
  event.preventDefault();
  void show();
});
field('report')?.addEventListener('change', () => void show());
field('by')?.addEventListener('change', () => void show());
at('print').addEventListener('click', () => print());
void show();
