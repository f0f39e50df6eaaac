import { h } from './dom.ts';

type Cell = Node | string;
export type Column<Row> = {
  readonly name: string;
  readonly number?: boolean;
  readonly nowrap?: boolean;
  readonly cell: (row: Row) => Cell;
};

/** So many fit on a phone; of a table of more each row is a card there. */
const NARROW_COLUMNS = 4;

type Look = {
  readonly caption?: string;
  /** Each row as a card on a phone, also where the columns are few, as they are wide. */
  readonly cards?: boolean;
};

/** The first column names the row. Nothing at all where there are no rows: what stands above says so. */
export function tableOf<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { caption, cards = columns.length > NARROW_COLUMNS }: Look = {},
): Node {
  if (rows.length === 0) return document.createDocumentFragment();
  const head = columns.map(({ name, number }) =>
    h('th', { scope: 'col', role: 'columnheader', class: number === true ? 'number' : '' }, name),
  );
  const body = rows.map((row) =>
    h('tr', { role: 'row' }, ...columns.map((column, index) => cellOf(column, row, index))),
  );
  // Laid out as cards it is a table no longer, but for the roles.
  return h(
    'table',
    { role: 'table', class: cards ? 'cards' : null },
    ...(caption === undefined ? [] : [h('caption', {}, caption)]),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...head)),
    h('tbody', { role: 'rowgroup' }, ...body),
  );
}

function cellOf<Row>({ name, number, nowrap, cell }: Column<Row>, row: Row, index: number): HTMLElement {
  const look = number === true ? 'number' : nowrap === true ? 'nowrap' : '';
  const attributes = { class: look, 'data-name': name };
  if (index === 0) return h('th', { scope: 'row', role: 'rowheader', ...attributes }, cell(row));
  return h('td', { role: 'cell', ...attributes }, cell(row));
}
