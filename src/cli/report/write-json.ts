import { dollars } from '../../domain/money.ts';
import type { Flow } from '../flow.ts';
import { isoInstant, type Column, type Sheet } from './sheet.ts';

/** One object: the facts, then `rows`, one a line. Money is there twice: as dollars in text, and exact as a whole number of micro-dollars. */
export async function writeJson<Row>({ columns, rows, facts }: Sheet<Row>, flow: Flow): Promise<void> {
  const head = JSON.stringify(facts, null, 2).replace(/\n?\}$/, '');
  await flow.write(`${head},\n  "rows": [`);
  let separator = '\n    ';
  for (const row of rows) {
    const fields = Object.fromEntries(columns.flatMap((column) => fieldsOf(column, row)));
    await flow.write(`${separator}${JSON.stringify(fields)}`);
    separator = ',\n    ';
  }
  await flow.write('\n  ]\n}\n');
}

function fieldsOf<Row>(column: Column<Row>, row: Row): [string, unknown][] {
  const { name, kind } = column;
  const value = column.of(row);
  if (typeof value !== 'number') return kind === 'money' ? [[name, null], [`${name}Micros`, null]] : [[name, value]]; // prettier-ignore
  if (kind === 'money') return [[name, dollars(value)], [`${name}Micros`, value]]; // prettier-ignore
  return [[name, kind === 'instant' ? isoInstant(value) : value]];
}
