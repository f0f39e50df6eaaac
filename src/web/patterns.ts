import type { Standing } from '../domain/strip.ts';
import { h, svg } from './dom.ts';

/** In the order of the legend. */
const LEGEND: readonly (readonly [Standing, string])[] = [
  ['metadata', 'with metadata'],
  ['ids', 'ids, cost and status'],
  ['unsettled', 'may still change'],
  ['gap', 'to be read'],
  ['gap_metadata', 'metadata to be read'],
  ['lost', 'lost'],
  ['lost_metadata', 'metadata lost'],
  ['doubt', 'in doubt'],
];

export function patternId(prefix: string, standing: Standing): string {
  return `${prefix}${standing}`;
}

/** The fill of each standing; each differs by its lines as much as by its colour. */
export function patterns(prefix: string): Node[] {
  return LEGEND.map(([standing]) =>
    svg(
      'pattern',
      { id: patternId(prefix, standing), width: 8, height: 8, patternUnits: 'userSpaceOnUse' },
      ...DRAWINGS[standing](),
    ),
  );
}

export function legendItems(): HTMLElement[] {
  return LEGEND.map(([standing, words]) => {
    const prefix = 'legend-';
    const fill = `url(#${patternId(prefix, standing)})`;
    const own = patterns(prefix).filter(
      (pattern) => pattern instanceof Element && pattern.id === patternId(prefix, standing),
    );
    const swatch = svg(
      'svg',
      { viewBox: '0 0 26 14', 'aria-hidden': 'true' },
      ...own,
      svg('rect', { width: 26, height: 14, fill }),
    );
    return h('li', {}, swatch, words);
  });
}

const ground = (name: string) => svg('rect', { width: 8, height: 8, class: name });
const line = (d: string, name: string) => svg('path', { d, class: name, fill: 'none' });
const RISING = 'M-2 2L2 -2M0 8L8 0M6 10L10 6';
const FALLING = 'M-2 6L2 10M0 0L8 8M6 -2L10 2';

const DRAWINGS: Readonly<Record<Standing, () => Node[]>> = {
  metadata: () => [ground('c-metadata')],
  ids: () => [ground('c-ids'), line(RISING, 'c-ids-line')],
  unsettled: () => [ground('c-unsettled'), line('M2 0V8M6 0V8', 'c-unsettled-line')],
  gap: () => [ground('c-gap'), line('M0 4H5', 'c-gap-line')],
  gap_metadata: () => [ground('c-ids'), line('M0 4H5', 'c-ids-line')],
  lost: () => [ground('c-lost'), line(`${RISING}${FALLING}`, 'c-lost-line')],
  lost_metadata: () => [ground('c-ids'), line(`${RISING}${FALLING}`, 'c-lost-stroke')],
  doubt: () => [
    ground('c-doubt'),
    svg('circle', { cx: 2, cy: 2, r: 1.4, class: 'c-doubt-dot' }),
    svg('circle', { cx: 6, cy: 6, r: 1.4, class: 'c-doubt-dot' }),
  ],
};
