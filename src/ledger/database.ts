import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { LedgerError } from '../domain/errors.ts';
import { leaveToSqlite, lookAtHeader } from './file-header.ts';
import { refuseMountedAlone, refuseSharedDisk } from './file-system.ts';
import { fileKind, migrate, readMigrations, refuseNewer } from './migrate.ts';

export type Db = Database.Database;

/** A reader that keeps the file busy makes a writer wait so long before the write fails. */
const BUSY_MS = 5_000;

/**
 * Opens the ledger for writing, and makes it where there is none. The caller holds the lock; upgrade.ts has brought an older one
 * up to date.
 *
 * @throws {LedgerError} `not_a_ledger`, `newer_schema`, `older_schema` (the file untouched), `unwritable`, `broken`.
 */
export function openForWriting(path: string): Db {
  const migrations = readMigrations();
  const kind = checkFile(path);
  if (kind.kind === 'ledger' && kind.schemaVersion < migrations.length)
    throw older(path, kind.schemaVersion, migrations.length);
  const database = connectForWriting(path);
  try {
    if (kind.kind === 'new') migrate(database, migrations, 0);
    return database;
  } catch (error) {
    database.close();
    throw asLedgerError(path, error);
  }
}

/**
 * A connection for writing to a ledger of whatever schema.
 * WAL with `synchronous = FULL`: what was committed outlives a power cut, which the budget's journal relies on (I2).
 * @throws {LedgerError} `unwritable`, `broken`.
 */
export function connectForWriting(path: string): Db {
  const database = connect(path, { timeout: BUSY_MS });
  try {
    database.pragma('journal_mode = wal');
    database.pragma('synchronous = full');
    database.pragma('foreign_keys = on');
    // 32 MB: a slice's rows and the indexes' hot pages; the rest is the operating system's cache.
    database.pragma('cache_size = -32768');
    // Merging a big WAL back at once would hold up a page's transaction; past this size the file is cut after a checkpoint.
    database.pragma('journal_size_limit = 67108864');
    return database;
  } catch (error) {
    database.close();
    throw asLedgerError(path, error);
  }
}

/**
 * Whether the path can be a ledger's; changes nothing, neither in the file nor beside it. @returns What is there.
 * @throws {LedgerError} `shared_disk`, `mounted_alone`, `not_a_ledger`, `newer_schema`.
 */
export function checkFile(path: string) {
  refuseSharedDisk(path);
  refuseMountedAlone(path);
  const kind = lookAt(path);
  if (kind.kind === 'foreign') throw notALedger(path);
  if (kind.kind === 'ledger') refuseNewer(path, kind.schemaVersion, readMigrations().length);
  return kind;
}

/**
 * Opens the ledger for reading, beside a daemon or without one.
 * @throws {LedgerError} `missing`, `shared_disk`, `not_a_ledger`, `newer_schema`, `older_schema`, `unreadable`.
 */
export function openForReading(path: string): Db {
  refuseSharedDisk(path);
  return openCopy(path);
}

/**
 * As `openForReading`, on whatever file system: a copy has no log, so nothing of it is shared between processes.
 * @throws {LedgerError} but for `shared_disk` the same.
 */
export function openCopy(path: string): Db {
  if (!existsSync(path)) {
    throw new LedgerError('missing', `There is no ledger at ${path} yet.`, {
      hint: 'The first backfill or run makes it; LEDGER_DATABASE or --database says where.',
    });
  }
  const newest = readMigrations().length;
  const database = look(path);
  try {
    const kind = fileKind(database);
    if (kind.kind === 'new') throw new LedgerError('missing', `The ledger at ${path} is still empty.`);
    if (kind.kind === 'foreign') throw notALedger(path);
    refuseNewer(path, kind.schemaVersion, newest);
    if (kind.schemaVersion < newest) throw older(path, kind.schemaVersion, newest);
    return database;
  } catch (error) {
    database.close();
    throw asLedgerError(path, error, 'read');
  }
}

/**
 * For who is about to let other threads read the file: by then it is known, and nothing but SQLite opens it from now on.
 * @throws {LedgerError} `not_a_ledger`, `broken` beside another file's log; nothing is left beside the file.
 */
export function refuseForeign(path: string): void {
  if (existsSync(path)) refuseByHeader(path);
  leaveToSqlite(path);
}

/** A connection for reading a ledger of whatever schema, to copy or to look at it. @throws {LedgerError} `unreadable`, `not_a_ledger` */
export function openAnySchema(path: string): Db {
  return look(path);
}

/** Looks at a file without changing a byte of it. */
function lookAt(path: string) {
  if (!existsSync(path)) return { kind: 'new' } as const;
  const database = look(path);
  try {
    return fileKind(database);
  } catch (error) {
    throw asLedgerError(path, error, 'read');
  } finally {
    database.close();
  }
}

function look(path: string): Db {
  if (statSync(path).isDirectory()) throw aFolder(path);
  refuseByHeader(path);
  return connect(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
}

function refuseByHeader(path: string): void {
  const found = lookAtHeader(path);
  if (found === 'foreign') throw notALedger(path);
  if (found === 'nothing against it') return;
  throw new LedgerError('broken', `Beside ${path} lies the log of another file, ${path}-wal. Nothing was changed.`, {
    hint: 'A backup was put in its place without putting that away: move the files -wal and -shm elsewhere first, or SQLite merges them.',
  });
}

/** @throws {LedgerError} `unwritable` */
export function makeFolder(folder: string): void {
  try {
    makeEach(resolve(folder));
  } catch (cause) {
    throw new LedgerError('unwritable', `The folder ${folder} cannot be made.`, {
      hint: 'Make it writable for this user.',
      cause,
    });
  }
}

/** One by one: `recursive` of Node never returns where a folder that is there says that it is not, e.g. /proc. */
function makeEach(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (dirname(folder) !== folder) makeEach(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

function connect(path: string, options: Database.Options): Db {
  try {
    const database = new Database(path, options);
    leaveToSqlite(path);
    return database;
  } catch (error) {
    throw asLedgerError(path, error, options.readonly === true ? 'read' : 'written');
  }
}

function aFolder(path: string): LedgerError {
  return new LedgerError('not_a_ledger', `${path} is a folder, not a file.`, {
    hint: `Let LEDGER_DATABASE or --database name the file in it, such as ${join(path, 'ledger.db')}.`,
  });
}

function notALedger(path: string): LedgerError {
  return new LedgerError('not_a_ledger', `${path} is a file, but no ledger. Nothing was changed.`, {
    hint: 'Let LEDGER_DATABASE or --database name a ledger, or a file that does not exist yet.',
  });
}

function older(path: string, found: number, newest: number): LedgerError {
  return new LedgerError(
    'older_schema',
    `The ledger ${path} has schema ${found}; this version reads schema ${newest}.`,
    {
      hint: 'The next backfill or run brings it up to date.',
    },
  );
}

/** SQLite's own failures, in words that say what to do; everything else passes. @param what - What could not be done. */
export function asLedgerError(path: string, error: unknown, what: 'read' | 'written' = 'written'): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  if (error.code === 'SQLITE_NOTADB') return notALedger(path);
  if (error.code.startsWith('SQLITE_CORRUPT')) {
    return new LedgerError('broken', `The ledger ${path} is damaged.`, { hint: 'Restore a backup.', cause: error });
  }
  if (!isOfTheDisk(error.code)) return error;
  return what === 'read' ? unreadable(path, error) : unwritable(path, error);
}

function unreadable(path: string, cause: Error & { readonly code: string }): LedgerError {
  return new LedgerError('unreadable', `The ledger ${path} cannot be read (${cause.code}).`, {
    hint: 'May this user read it, and write in its folder? Is another program holding the file?',
    cause,
  });
}

function unwritable(path: string, cause: Error & { readonly code: string }): LedgerError {
  return new LedgerError('unwritable', `The ledger ${path} cannot be written (${cause.code}).`, {
    hint: 'Look at the disk: is it full, read-only, or is another program holding the file?',
    cause,
  });
}

function isOfTheDisk(code: string): boolean {
  return /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY|PERM|LOCKED)/.test(code);
}
