import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { LedgerError } from '../domain/errors.ts';
import { asLedgerError, type Db } from './database.ts';
import { diskOf } from './file-system.ts';

/** How much of a copy is made. Bytes. */
export type CopyProgress = { readonly doneBytes: number; readonly totalBytes: number };

/** 4 MB at a time: some milliseconds, after each of which signals and timers have their turn. */
const PAGES_A_STEP = 1_024;

/** A copy while it is made. */
export type CopyTarget = {
  /** Beside the file that it is to become, so that the last step is a rename on one disk. Nobody else writes there. */
  readonly part: string;
  readonly target: string;
};

/**
 * Copies the whole of a database, as of one moment, beside whoever writes it, into the part; `putInPlace` makes it the target.
 * It copies page by page out of one reading transaction: without that SQLite begins anew at each commit of another process
 * (docs/decisions/0013). The copy has no log of its own and is on disk when this resolves.
 *
 * @param source - For reading; for this alone while it lasts.
 * @throws {LedgerError} `unwritable` when the disk has no room. @throws `signal.reason` when aborted. Then nothing is left.
 */
export async function copyWhole(
  source: Db,
  to: CopyTarget & { readonly mode: number; readonly onProgress: (progress: CopyProgress) => void },
  signal: AbortSignal,
): Promise<void> {
  const { part } = to;
  requireRoom(to.target, sizeOf(source));
  rmSync(part, { force: true });
  const pageBytes = Number(source.pragma('page_size', { simple: true }));
  source.exec('begin');
  try {
    // The transaction begins with the first read.
    source.prepare('select count(*) from sqlite_schema').get();
    await source.backup(part, {
      progress: ({ totalPages, remainingPages }) => {
        signal.throwIfAborted();
        to.onProgress({ doneBytes: (totalPages - remainingPages) * pageBytes, totalBytes: totalPages * pageBytes });
        return PAGES_A_STEP;
      },
    });
    seal(part, to.mode);
  } catch (error) {
    rmSync(part, { force: true });
    throw unwritableCopy(to.target, error);
  } finally {
    source.exec('rollback');
  }
}

/** The copy becomes the target in one step that a power cut does not undo. */
export function putInPlace({ part, target }: CopyTarget): void {
  renameSync(part, target);
  fsync(dirname(target));
}

/** Of the ledger it is known by then that it can be read. */
function unwritableCopy(target: string, error: unknown): unknown {
  const told = asLedgerError(target, error);
  if (!(told instanceof LedgerError) || told.code !== 'unwritable') return told;
  return new LedgerError('unwritable', told.message.replace('The ledger', 'The copy'), {
    hint: 'Look at where it shall lie: may this user write there, and is there room?',
    cause: told.cause,
  });
}

/** @throws {LedgerError} `unwritable`, with both figures. @param bytes - What is about to be written there. */
export function requireRoom(path: string, bytes: number): void {
  const { freeBytes } = diskOf(dirname(path));
  if (freeBytes >= bytes) return;
  throw new LedgerError(
    'unwritable',
    `There is no room for ${path}: it takes ${inMegabytes(bytes)}, and ${inMegabytes(freeBytes)} are free.`,
    {
      hint: 'Make room on that disk, or name a place on another one. Nothing was changed.',
      cause: Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }),
    },
  );
}

/** Of the database as it would be without a log, bytes. */
export function sizeOf(database: Db): number {
  return (
    Number(database.pragma('page_count', { simple: true })) * Number(database.pragma('page_size', { simple: true }))
  );
}

/** The permissions of a file, to give them to its copy. */
export function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

/** One file that is whole by itself: no log beside it, readable also where nothing may be written. */
function seal(part: string, mode: number): void {
  const copy = new Database(part);
  try {
    copy.pragma('journal_mode = delete');
  } finally {
    copy.close();
  }
  chmodSync(part, mode);
  fsync(part);
}

function fsync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function inMegabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
}
