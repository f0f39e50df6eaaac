import { LedgerError } from '../domain/errors.ts';
import { asLedgerError, openForReading, type Db } from '../ledger/database.ts';
import type { Parts } from './parts.ts';

/** Reads the ledger beside whoever works on it. @throws {LedgerError} `missing` before the first start, `broken`, … */
export async function withReader<T>({ config }: Parts, work: (database: Db) => Promise<T>): Promise<T> {
  const database = openForReading(config.databasePath);
  try {
    return await work(database);
  } catch (error) {
    throw asLedgerError(config.databasePath, error, 'read');
  } finally {
    database.close();
  }
}

/** Before the first start there is nothing to read, and all is to be planned. */
export function openUnlessMissing(path: string) {
  try {
    return openForReading(path);
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'missing') return null;
    throw error;
  }
}
