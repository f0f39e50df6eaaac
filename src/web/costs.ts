import type { CostRow, Totals } from '../domain/report.ts';
import { whyUnknown } from '../domain/why-unknown.ts';
import { ask, inWords } from './ask.ts';
import { createChart } from './charts.ts';
import { at, draw, foreign, h, say } from './dom.ts';
import { count, counted, day, DAY_MS, dollarMark, exactMoney, mark, money, share } from './format.ts';
import { RANGE_DAYS } from './range.ts';

export type Costs = {
  readonly rows: readonly CostRow[];
  readonly totals: Totals;
  readonly groups: number;
  /** False: the ledger lacks some of the time that was asked about, so there may be more. */
  readonly complete: boolean;
};

/** A sum of which some may be missing says so. */
export function asFarAsRead(words: string, { complete }: Pick<Costs, 'complete'>): string {
  return complete ? words : `${words} so far; not all of this time is read`;
}

let days = RANGE_DAYS;
/** Null before the first answer, which then draws what was chosen. */
let lastNow: string | null = null;

/** Two weeks, as long as the figures above are of, six months. */
export function watchRange(): void {
  const buttons = [...at('days-range').querySelectorAll('button')];
  for (const button of buttons) {
    button.addEventListener('click', () => {
      days = Number(button.dataset['days'] ?? RANGE_DAYS);
      for (const each of buttons) each.setAttribute('aria-pressed', String(each === button));
      if (lastNow !== null) void showDays(lastNow).catch((error: unknown) => say('days-note', inWords(error)));
    });
  }
}

let charts: readonly [ReturnType<typeof createChart>, ReturnType<typeof createChart>] | null = null;

/** @param now - The server's clock. */
export async function showDays(now: string): Promise<void> {
  lastNow = now;
  const today = Math.floor(Date.parse(now) / DAY_MS) * DAY_MS;
  const first = today - (days - 1) * DAY_MS;
  const costs = await ask<Costs>('/api/costs', { by: 'day', since: day(first) });
  const { rows } = costs;
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const times = Array.from({ length: days }, (_, index) => (first + index * DAY_MS) / 1000);
  const rowOf = (time: number) => byDay.get(day(time * 1000));
  charts ??= [
    createChart({ id: 'days-tasks', write: mark, whole: true, sync: 'days', drag: true, step: 86_400 }),
    createChart({ id: 'days-cost', write: dollarMark, sync: 'days', drag: true, step: 86_400 }),
  ];
  charts[0].show(
    times,
    times.map((time) => rowOf(time)?.tasks ?? 0),
  );
  charts[1].show(
    times,
    times.map((time) => (rowOf(time)?.costMicros ?? 0) / 1e6),
  );
  const total = rows.reduce((sum, row) => sum + row.costMicros, 0);
  const tasks = rows.reduce((sum, row) => sum + row.tasks, 0);
  say(
    'days-note',
    `${asFarAsRead(`${counted(tasks, 'task')}, ${money(total)} in ${counted(days, 'day')}`, costs)}. Days are UTC. Drag over the chart to zoom in, double-click to see all; or + and −, arrows, Escape.`,
  );
  draw(at('days-table'), rows, () => {
    if (rows.length === 0) return [nothing()];
    const named = rows.toReversed().map((row) => ({ name: row.day ?? '', row }));
    return [costTable('Tasks and cost of each day, UTC', 'Day', named)];
  });
}

function nothing(): HTMLElement {
  return h('p', { class: 'empty' }, 'Nothing on record in this time.');
}

type Named = { readonly name: Node | string; readonly row: CostRow; readonly more?: HTMLElement };

/** @param more - What the head of a further column is, where the rows have one. */
export function costTable(caption: string, name: string, rows: readonly Named[], more?: HTMLElement): HTMLElement {
  const head = [name, 'Tasks', 'Cost'].map((each, index) =>
    h('th', { scope: 'col', class: index === 0 ? '' : 'number' }, each),
  );
  const body = rows.map(({ name: of, row, more: further }) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row', class: typeof of === 'string' ? 'nowrap' : '' }, of),
      h('td', { class: 'number' }, count(row.tasks)),
      h('td', { class: 'number', title: exactMoney(row.costMicros) }, money(row.costMicros)),
      ...(further === undefined ? [] : [further]),
    ),
  );
  const heads = more === undefined ? head : [...head, more];
  return h('table', {}, h('caption', {}, caption), h('thead', {}, h('tr', {}, ...heads)), h('tbody', {}, ...body));
}

/** @param since - From which day on, as the link to the tasks says too. */
type CostsOf = { readonly by: 'endpoint' | 'tag'; readonly since: string };

/** What cost most, with its share of all. */
export function showCosts(id: string, costs: Costs, { by, since }: CostsOf): void {
  const { rows, totals, groups } = costs;
  draw(at(id), [costs, since], () => {
    if (rows.length === 0) return [nothing()];
    const all = asFarAsRead(`${money(totals.costMicros)} in all`, costs);
    const caption = groups > rows.length ? `The dearest ${rows.length} of ${count(groups)}; ${all}` : all;
    const named = rows.map((row) => ({
      name: nameOf(row, { by, since }),
      row,
      more: shareCell(row.costMicros, totals),
    }));
    return [
      costTable(caption, by === 'tag' ? 'Tag' : 'Endpoint', named, h('th', { scope: 'col', class: 'share' }, 'Share')),
    ];
  });
}

/** The whole track is all that was spent. */
function shareCell(micros: number, { costMicros }: Totals): HTMLElement {
  const track = h('span', { class: 'track', 'aria-hidden': 'true' });
  if (micros > 0 && costMicros > 0) {
    const bar = h('span', { class: 'bar' });
    bar.style.width = `${Math.min((micros / costMicros) * 100, 100).toFixed(1)}%`;
    track.append(bar);
  }
  const percent = h('span', { class: 'percent' }, share(micros, costMicros));
  return h('td', { class: 'share' }, h('span', { class: 'share-line' }, track, percent));
}

function nameOf(row: CostRow, { by, since }: CostsOf): HTMLElement {
  if (by === 'endpoint') return foreign(row.endpoint ?? null, 'no endpoint');
  if (row.tag !== null && row.tag !== undefined) {
    const link = h(
      'a',
      { href: `/tasks?${new URLSearchParams({ tag: row.tag, since }).toString()}` },
      foreign(row.tag, '', 60),
    );
    return link;
  }
  const why = whyUnknown(row.metadataState ?? 'held');
  return h('span', { class: 'absent' }, why === null ? 'no tag' : `tag unknown: ${why}`);
}
