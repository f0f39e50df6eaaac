/** ISO 8601, half-open. */
type Stretch = { readonly since: string; readonly until: string };

/** What stands in a cell: text, a whole number, several texts or stretches of time, or nothing. Money is micro-dollars, an instant epoch ms. */
type Value = string | number | null | readonly (string | null | Stretch)[];

/** A column of a report, for each format. */
export type Column<Row> = {
  /** In CSV and JSON. */
  readonly name: string;
  /** In the table; null: not there. */
  readonly head: string | null;
  readonly kind: 'text' | 'count' | 'money' | 'instant' | 'list';
  readonly of: (row: Row) => Value;
  /** In the place of the value, in the table only. */
  readonly told?: (row: Row) => string;
};

/** A report in a shape that can be written in any format. */
export type Sheet<Row> = {
  readonly columns: readonly Column<Row>[];
  readonly rows: Iterable<Row>;
  /** Above the table. */
  readonly title: readonly string[];
  /** Below it; asked for when all rows are written. */
  readonly summary: () => readonly string[];
  /** Beside the rows in JSON. */
  readonly facts: Readonly<Record<string, unknown>>;
};

export function isoInstant(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
