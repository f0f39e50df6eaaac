import { statSync } from 'node:fs';
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
  const code = codeOf(error.cause);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') return true;
  return /^SQLITE_(?!READONLY)/.test(code) && diskOf(path).freeBytes < LEAST_BYTES;
}

/** Of SQLite, of the system, or of what the process that upgrades has said of either. */
function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}
