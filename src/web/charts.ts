import uPlot from 'uplot';
import { at } from './dom.ts';
import { viewAfter } from './zoom-keys.ts';

export type ChartOptions = {
  readonly id: string;
  /** What a value is written as beside the axis. */
  readonly write: (value: number) => string;
  readonly sync?: string;
  /** A line that is not to be crossed. */
  readonly cap?: number;
  readonly drag?: boolean;
  /** What a bar is of, in seconds: a day, a minute. */
  readonly step: number;
  /** What is counted has no halves, and its axis none either. */
  readonly whole?: boolean;
};

export type Chart = {
  /** @param times - Epoch seconds, one or more, a step apart; where each day or minute begins. */
  readonly show: (times: readonly number[], values: readonly (number | null)[]) => void;
};

type Shown = { times: readonly number[]; values: readonly (number | null)[]; range: readonly [number, number] };

/** A chart that follows its place's width and the theme. */
export function createChart(options: ChartOptions): Chart {
  const place = at(options.id);
  const state: { plot: uPlot | null; shown: Shown | null; key: string } = { plot: null, shown: null, key: '' };
  const build = () => {
    if (state.shown === null) return;
    state.plot?.destroy();
    state.plot = new uPlot(settings(options, place, state.shown), dataOf(state.shown, options), place);
  };
  document.addEventListener('themechange', build);
  new ResizeObserver(() => {
    const size = { width: place.clientWidth, height: place.clientHeight };
    if (size.width > 0 && state.plot?.width !== size.width) state.plot?.setSize(size);
  }).observe(place);
  if (options.drag === true) place.addEventListener('keydown', (event) => zoomByKey(event, state, options));
  return {
    show: (times, values) => {
      const range = rangeOf(times, options.step);
      const key = JSON.stringify([times, values, range]);
      if (key === state.key) return;
      const isSameRange = state.shown !== null && String(state.shown.range) === String(range);
      state.key = key;
      state.shown = { times, values, range };
      // Within the same range what was zoomed into stays.
      if (state.plot !== null && isSameRange) state.plot.setData(dataOf(state.shown, options), false);
      else build();
    },
  };
}

/** Each bar stands above its label, so half a step is left on either side, and no label is of what has not come. */
export function rangeOf(times: readonly number[], step: number): readonly [number, number] {
  return [(times[0] ?? 0) - step / 2, (times.at(-1) ?? 0) + step / 2];
}

/** All charts that are zoomed together by the mouse are so by the keys too. */
function zoomByKey(
  event: KeyboardEvent,
  { plot, shown }: { readonly plot: uPlot | null; readonly shown: Shown | null },
  { sync, step }: ChartOptions,
): void {
  const scale = plot?.scales['x'];
  if (plot === null || shown === null || scale === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const whole = { min: shown.range[0], max: shown.range[1] };
  const view = { min: scale.min ?? whole.min, max: scale.max ?? whole.max };
  const next = viewAfter(event.key, view, { whole, least: step * 3 });
  if (next === null) return;
  event.preventDefault();
  const plots = sync === undefined ? [plot] : uPlot.sync(sync).plots;
  for (const each of plots) each.setScale('x', next);
  plot.root.parentElement?.setAttribute('data-view', `${next.min} ${next.max}`);
}

function dataOf({ times, values }: Shown, { cap }: ChartOptions): uPlot.AlignedData {
  const own: uPlot.AlignedData = [[...times], [...values]];
  return cap === undefined ? own : [[...times], [...values], times.map(() => cap)];
}

function settings(options: ChartOptions, place: HTMLElement, { range, values }: Shown): uPlot.Options {
  const colour = (name: string) => colourOf(place, name);
  const muted = colour('--muted');
  const top = Math.max(...values.map((value) => value ?? 0), options.cap ?? 0);
  const axis = {
    stroke: muted,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
  };
  const bars = uPlot.paths.bars?.({ size: [0.8, 40] });
  return {
    width: Math.max(place.clientWidth, 100),
    height: place.clientHeight,
    legend: { show: false },
    // The last label of the axis has half its width beyond the last value.
    padding: [8, 20, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
    cursor: {
      points: { show: false },
      y: false,
      drag: { x: options.drag ?? false, y: false },
      ...(options.sync === undefined ? {} : { sync: { key: options.sync } }),
    },
    scales: {
      x: {
        range: (_plot, min, max) => [min === max ? range[0] : min, min === max ? range[1] : max],
        min: range[0],
        max: range[1],
      },
      y: { range: [0, top === 0 ? 1 : top * 1.08] },
    },
    axes: [
      {
        ...axis,
        size: 26,
        gap: 9,
        space: 64,
        values: (_plot, splits) => splits.map((split) => timeOf(split, options.step)),
      },
      {
        ...axis,
        size: 62,
        space: 26,
        ...(options.whole === true ? { incrs: WHOLE } : {}),
        values: (_plot, splits) => splits.map(options.write),
      },
    ],
    series: [
      {},
      {
        stroke: colour('--accent'),
        width: 0,
        fill: colour('--accent'),
        points: { show: false },
        ...(bars === undefined ? {} : { paths: bars }),
      },
      ...(options.cap === undefined
        ? []
        : [{ stroke: colour('--bad'), width: 1.5, dash: [5, 4], points: { show: false } }]),
    ],
  };
}

/** The steps that an axis of counts may have: 1, 2, 5, 10, 20, 25, 50 and so on. */
const WHOLE = [
  1,
  2,
  5,
  ...Array.from({ length: 9 }, (_, power) => [1, 2, 2.5, 5].map((step) => step * 10 ** (power + 1))).flat(),
];

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `17:30` beside minutes, `3 Nov` beside days, UTC. */
function timeOf(seconds: number, step: number): string {
  const date = new Date(seconds * 1000);
  if (step < 86_400) return date.toISOString().slice(11, 16);
  return date.getUTCHours() === 0 ? `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''}` : '';
}

/** A canvas needs the colour itself, not the name of a variable that depends on the theme. */
function colourOf(place: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
