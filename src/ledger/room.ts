import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { LedgerError } from '../domain/errors.ts';
import { diskOf } from './file-system.ts';

/** Less than this holds neither a page of a thousand rows nor what SQLite puts beside an open file. */
const LEAST_BYTES = 1_000_000;

/**
 * Whether a ledger that is there could not be opened or written for want of room alone: then time, or a person, mends it, and the
 * same start works. A first start, a folder that may not be written and a damaged disk need a person who sees the error.
 */
export function lacksRoom(path: string, error: unknown): error is LedgerError {
  if (!(error instanceof LedgerError) || (error.code !== 'unwritable' && error.code !== 'unreadable')) return false;
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return false;
  const { cause } = error;
  if (!(cause instanceof Database.SqliteError) || cause.code.startsWith('SQLITE_READONLY')) return false;
  return cause.code === 'SQLITE_FULL' || diskOf(path).freeBytes < LEAST_BYTES;
}
