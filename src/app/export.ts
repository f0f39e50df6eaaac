import type { ExportWish } from '../cli/app-port.ts';
import { exportTasks } from '../ledger/export-tasks.ts';
import type { Parts } from './parts.ts';
import { withReader } from './with-reader.ts';

/** Every task of a range, beside whoever works on the ledger. @throws {LedgerError} `missing` before the first start. */
export async function exported(parts: Parts, { range, use }: ExportWish): Promise<void> {
  await withReader(parts, (database) => use(exportTasks(database, range)));
}
