import { stringify } from 'csv-stringify/sync';
import { dollars } from '../../domain/money.ts';
import type { Flow } from '../flow.ts';
import { isoInstant, type Column, type Sheet } from './sheet.ts';

/**
 * RFC 4180 with line feeds, UTF-8. A text that a spreadsheet would take for a formula gets an apostrophe in front. Several texts in one
 * cell are an array of JSON.
 */
const CSV_OPTIONS = {
  escape_formulas: true,
  cast: {
    // An empty tag is another thing than none.
    string: (text: string) => (text === '' ? { value: text, quoted_empty: true } : text),
    // Not a text, so that a minus in front of it is no formula.
    bigint: (micros: bigint) => dollars(Number(micros)),
  },
};

export async function writeCsv<Row>({ columns, rows }: Sheet<Row>, flow: Flow): Promise<void> {
  await flow.write(stringify([columns.map(({ name }) => name)], CSV_OPTIONS));
  for (const row of rows) await flow.write(stringify([columns.map((column) => fieldOf(column, row))], CSV_OPTIONS));
}

function fieldOf<Row>(column: Column<Row>, row: Row): string | number | bigint | null {
  const value = column.of(row);
  // A tag may hold whatever would stand between two of them, and no tag is another thing than an empty one.
  if (typeof value === 'object') return value === null ? null : JSON.stringify(value);
  if (typeof value === 'string') return value;
  if (column.kind === 'money') return BigInt(value);
  return column.kind === 'instant' ? isoInstant(value) : value;
}
