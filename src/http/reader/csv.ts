import { stringify } from 'csv-stringify/sync';
import { dollars } from '../../domain/money.ts';
import type { TaskLine } from '../../domain/report.ts';

const COLUMNS = [
  'id',
  'api',
  'endpoint',
  'posted_at',
  'done_at',
  'state',
  'status_code',
  'status',
  'cost',
  'tag',
  'target',
  'metadata_state',
] as const;

/** As `report --format csv` writes it: RFC 4180, and a text that a spreadsheet would take for a formula gets an apostrophe in front. */
const OPTIONS = {
  escape_formulas: true,
  cast: { string: (text: string) => (text === '' ? { value: text, quoted_empty: true } : text), bigint: costOf },
};

/** @param isFirst - Whether the names of the columns come before. */
export function csvOf(tasks: readonly TaskLine[], isFirst: boolean): string {
  return stringify([...(isFirst ? [COLUMNS] : []), ...tasks.map(fieldsOf)], OPTIONS);
}

function fieldsOf(task: TaskLine) {
  return [
    task.id,
    task.api,
    task.endpoint,
    instant(task.postedAt),
    task.doneAt === null ? null : instant(task.doneAt),
    task.state,
    task.statusCode,
    task.status,
    // Not a text, so that a minus in front of it is no formula.
    task.costMicros === null ? null : BigInt(task.costMicros),
    task.tag,
    task.target,
    task.metadataState,
  ];
}

function costOf(micros: bigint): string {
  return dollars(Number(micros));
}

function instant(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}
