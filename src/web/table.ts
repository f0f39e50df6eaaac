import { h } from './dom.ts';

type Cell = Node | string;
export type Column<Row> = {
  readonly name: string;
  readonly number?: boolean;
  readonly nowrap?: boolean;
  readonly cell: (row: Row) => Cell;
};

/** So many fit on a phone; a table of more is pushed to the side there, as it is wide. */
const NARROW_COLUMNS = 4;

/** The first column names the row. */
export function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[], caption?: string): HTMLElement {
  const head = columns.map(({ name, number }) =>
    h('th', { scope: 'col', class: number === true ? 'number' : '' }, name),
  );
  const body = rows.map((row) =>
    h(
      'tr',
      {},
      ...columns.map(({ number, nowrap, cell }, index) =>
        index === 0
          ? h('th', { scope: 'row', class: nowrap === true ? 'nowrap' : '' }, cell(row))
          : h('td', { class: number === true ? 'number' : nowrap === true ? 'nowrap' : '' }, cell(row)),
      ),
    ),
  );
  return h(
    'table',
    { class: columns.length > NARROW_COLUMNS ? 'wide-table' : null },
    ...(caption === undefined ? [] : [h('caption', {}, caption)]),
    h('thead', {}, h('tr', {}, ...head)),
    h('tbody', {}, ...body),
  );
}
