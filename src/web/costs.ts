import type { CostRow } from '../domain/report.ts';
import { ask, inWords } from './ask.ts';
import { createChart } from './charts.ts';
import { at, draw, foreign, h, say } from './dom.ts';
import { count, counted, day, DAY_MS, exactMoney, money, share } from './format.ts';
import { RANGE_DAYS } from './range.ts';
import type { Costs } from './status.ts';

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
  const { rows } = await ask<Costs>('/api/costs', { by: 'day', since: day(first) });
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const times = Array.from({ length: days }, (_, index) => (first + index * DAY_MS) / 1000);
  const rowOf = (time: number) => byDay.get(day(time * 1000));
  charts ??= [
    createChart({ id: 'days-tasks', kind: 'bars', write: short, sync: 'days', drag: true, step: 86_400 }),
    createChart({
      id: 'days-cost',
      kind: 'bars',
      write: (dollars) => `$${short(dollars)}`,
      sync: 'days',
      drag: true,
      step: 86_400,
    }),
  ];
  const range = [first / 1000, (today + DAY_MS) / 1000] as const;
  charts[0].show(
    times,
    times.map((time) => rowOf(time)?.tasks ?? 0),
    range,
  );
  charts[1].show(
    times,
    times.map((time) => (rowOf(time)?.costMicros ?? 0) / 1e6),
    range,
  );
  const total = rows.reduce((sum, row) => sum + row.costMicros, 0);
  const tasks = rows.reduce((sum, row) => sum + row.tasks, 0);
  say(
    'days-note',
    `${counted(tasks, 'task')}, ${money(total)} in ${counted(days, 'day')}. Days are UTC. Drag over the chart to zoom in, double-click to see all; or + and −, arrows, Escape.`,
  );
  draw(at('days-table'), rows, () => [
    table(
      'Tasks and cost of each day, UTC',
      ['Day', 'Tasks', 'Cost'],
      rows.toReversed().map((row) => [row.day ?? '', row]),
    ),
  ]);
}

const SHORT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 2 });

function short(value: number): string {
  return SHORT.format(value);
}

function table(caption: string, names: readonly string[], rows: readonly (readonly [string, CostRow])[]): HTMLElement {
  const head = names.map((name, index) => h('th', { scope: 'col', class: index === 0 ? '' : 'number' }, name));
  const body = rows.map(([name, { tasks, costMicros }]) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, name),
      h('td', { class: 'number' }, count(tasks)),
      h('td', { class: 'number' }, exactMoney(costMicros)),
    ),
  );
  return h('table', {}, h('caption', {}, caption), h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...body));
}

const UNKNOWN: Readonly<Record<string, string>> = {
  held: 'no tag',
  none: 'tag unknown: listed without metadata',
  pending: 'tag not read yet',
  lost: 'tag unknown: metadata no longer listed',
};

/** What cost most, with its share of all. */
export function showCosts(id: string, costs: Costs, by: 'endpoint' | 'tag'): void {
  draw(at(id), costs, () => {
    if (costs.rows.length === 0) return [h('p', { class: 'empty' }, 'Nothing on record in this time.')];
    const most = Math.max(...costs.rows.map(({ costMicros }) => costMicros), 1);
    const names = [by === 'tag' ? 'Tag' : 'Endpoint', 'Tasks', 'Cost', 'Share'];
    const head = names.map((name, index) =>
      h('th', { scope: 'col', class: index === 0 ? '' : index === 3 ? 'share' : 'number' }, name),
    );
    const body = costs.rows.map((row) => {
      const bar = h('span', { class: 'bar' });
      bar.style.width = `${Math.max((row.costMicros / most) * 100, 0).toFixed(1)}%`;
      return h(
        'tr',
        {},
        h('th', { scope: 'row' }, nameOf(row, by)),
        h('td', { class: 'number' }, count(row.tasks)),
        h('td', { class: 'number' }, exactMoney(row.costMicros)),
        h('td', { class: 'share', title: share(row.costMicros, costs.totals.costMicros) }, bar),
      );
    });
    const caption =
      costs.groups > costs.rows.length
        ? `The dearest ${costs.rows.length} of ${count(costs.groups)}`
        : `${money(costs.totals.costMicros)} in all`;
    return [h('table', {}, h('caption', {}, caption), h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...body))];
  });
}

function nameOf(row: CostRow, by: 'endpoint' | 'tag'): HTMLElement {
  if (by === 'endpoint') return foreign(row.endpoint ?? null, 'no endpoint');
  if (row.tag !== null && row.tag !== undefined) {
    const link = h(
      'a',
      { href: `/tasks?${new URLSearchParams({ tag: row.tag }).toString()}` },
      foreign(row.tag, '', 60),
    );
    return link;
  }
  return h('span', { class: 'absent' }, UNKNOWN[row.metadataState ?? ''] ?? 'tag unknown');
}

export function showFailures(costs: Costs): void {
  draw(at('failures'), costs, () => {
    if (costs.rows.length === 0) return [h('p', { class: 'empty' }, 'No task on record has failed.')];
    const body = costs.rows.map((row) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, foreign(row.status ?? null, 'no status', 90)),
        h('td', { class: 'number' }, count(row.tasks)),
        h('td', { class: 'number' }, exactMoney(row.costMicros)),
      ),
    );
    const head = ['Status', 'Tasks', 'Cost'].map((name, index) =>
      h('th', { scope: 'col', class: index === 0 ? '' : 'number' }, name),
    );
    const link = h('p', { class: 'note' }, h('a', { href: '/tasks?state=failed' }, 'Look at the tasks that failed'));
    return [
      h(
        'table',
        {},
        h('caption', {}, `${counted(costs.totals.tasks, 'task')} failed`),
        h('thead', {}, h('tr', {}, ...head)),
        h('tbody', {}, ...body),
      ),
      link,
    ];
  });
}
