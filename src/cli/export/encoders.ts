import { stringify } from 'csv-stringify/sync';
import { EXPORT_COLUMNS, type ExportRow } from '../../domain/task-export.ts';
import type { Sink } from './sink.ts';

/** Turns pages into bytes of a format. */
export type Encoder = {
  readonly add: (rows: readonly ExportRow[]) => Promise<void>;
  /** Writes what is left, and the end. */
  readonly end: () => Promise<void>;
};

const NAMES = EXPORT_COLUMNS.map(({ name }) => name);

const CSV_OPTIONS = {
  // What a spreadsheet would take for a formula has an apostrophe in front.
  escape_formulas: true,
  // An empty tag is another thing than none.
  cast: { string: (text: string) => (text === '' ? { value: text, quoted_empty: true } : text) },
};

export async function csvEncoder(sink: Sink): Promise<Encoder> {
  await sink.write(stringify([NAMES]));
  return {
    add: async (rows) => {
      await sink.write(stringify([...rows], CSV_OPTIONS));
    },
    end: () => Promise.resolve(),
  };
}

/** One object a line; `metadata` and `extra` are JSON within JSON, not text. */
export function ndjsonEncoder(sink: Sink): Encoder {
  const heads = EXPORT_COLUMNS.map(({ name }, at) => `${at === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  const isJson = EXPORT_COLUMNS.map(({ type }) => type === 'json');
  const lineOf = (row: ExportRow) => row.reduce<string>((line, value, at) => line + (heads[at] ?? '') + fieldOf(value, isJson[at] === true), ''); // prettier-ignore
  return {
    add: async (rows) => {
      await sink.write(rows.map((row) => `${lineOf(row)}}\n`).join(''));
    },
    end: () => Promise.resolve(),
  };
}

/** A line break can only stand between the parts of JSON, where a space does as well. */
function fieldOf(value: string | number | null, isJson: boolean): string {
  return isJson && typeof value === 'string' ? value.replace(/[\r\n]/g, ' ') : JSON.stringify(value);
}
