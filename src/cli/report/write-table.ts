import stringWidth from 'string-width';
import { dollars } from '../../domain/money.ts';
import type { Flow } from '../flow.ts';
import { count, instant } from '../format.ts';
import { shown } from '../shown.ts';
import { isoInstant, type Column, type Sheet } from './sheet.ts';

/** More lines help nobody on a terminal; CSV and JSON have them all. */
const MOST_SHOWN = 1_000;
/** Longer texts are cut: some put a whole page into a tag. */
const MOST_WIDE = 60;

/** For people. Text of others can neither move the cursor nor turn the direction of writing. */
export async function writeTable<Row>(sheet: Sheet<Row>, flow: Flow): Promise<void> {
  const columns = sheet.columns.filter(({ head }) => head !== null);
  const cells: string[][] = [];
  let rest = 0;
  for (const row of sheet.rows) {
    if (cells.length < MOST_SHOWN) cells.push(columns.map((column) => cellOf(column, row)));
    else rest += 1;
  }
  const heads = columns.map(({ head }) => head ?? '');
  const more = rest === 0 ? [] : [`… and ${count(rest)} more; --format csv and --format json have them all.`];
  const lines = cells.length === 0 ? [] : ['', ...aligned(columns, [heads, ...cells]), ...more];
  for (const line of [...sheet.title, ...lines, '', ...sheet.summary()]) await flow.write(`${line}\n`);
}

function cellOf<Row>(column: Column<Row>, row: Row): string {
  if (column.told !== undefined) return plain(column.told(row));
  const value = column.of(row);
  if (value === null) return '';
  if (typeof value === 'string') return plain(value);
  if (typeof value === 'object') return plain(value.map(ofMany).join(', '));
  switch (column.kind) {
    case 'money':
      return dollars(value);
    case 'instant':
      return instant(isoInstant(value));
    case 'count':
    case 'text':
    case 'list':
      return count(value);
  }
}

function ofMany(each: string | null | { readonly since: string; readonly until: string }): string {
  if (each === null) return '(none)';
  return typeof each === 'string' ? each : `${each.since} to ${each.until}`;
}

function plain(text: string): string {
  const harmless = shown(text);
  return stringWidth(harmless) <= MOST_WIDE ? harmless : `${cut(harmless)}…`;
}

function cut(text: string): string {
  let kept = '';
  for (const { segment } of new Intl.Segmenter('en').segment(text.slice(0, 10 * MOST_WIDE))) {
    if (stringWidth(kept + segment) >= MOST_WIDE) break;
    kept += segment;
  }
  return kept;
}

/** By what a terminal makes of a text: a letter of Han takes two columns, a mark above a letter none. */
function aligned<Row>(columns: readonly Column<Row>[], lines: readonly (readonly string[])[]): string[] {
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => stringWidth(line[at] ?? ''))));
  return lines.map((line) =>
    line
      .map((cell, at) => {
        const space = ' '.repeat((widths[at] ?? 0) - stringWidth(cell));
        return ['count', 'money'].includes(columns[at]?.kind ?? '') ? `${space}${cell}` : `${cell}${space}`;
      })
      .join('  ')
      .trimEnd(),
  );
}
