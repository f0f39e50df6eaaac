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

const CSV_FIELD = { ...CSV_OPTIONS, eof: false };

export async function csvEncoder(sink: Sink): Promise<Encoder> {
  await sink.write(stringify([NAMES]));
  return {
    add: async (rows) => {
      await sink.write(rows.map((row) => `${row.map(csvField).join(',')}\n`).join(''));
    },
    end: () => Promise.resolve(),
  };
}

/** What must be quoted, or may be taken for a formula. */
const SPECIAL = /[",\r\n]|^[-=+@\t\uFF1D\uFF0B\uFF0D\uFF20]/;

/**
 * As the library writes it, which takes five times as long: most of a row are numbers and plain words that it looks through again and
 * again, and the rest is JSON. What is left is its.
 */
function csvField(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  if (value !== '' && !SPECIAL.test(value)) return value;
  if (value.startsWith('{') || value.startsWith('[')) return `"${value.replaceAll('"', '""')}"`;
  return stringify([[value]], CSV_FIELD);
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
