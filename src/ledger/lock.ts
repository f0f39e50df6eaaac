import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { LedgerError } from '../domain/errors.ts';

/** A reader of the lock holds it for microseconds; this long a starting process waits before it believes that it is held. */
const PATIENCE_MS = 1_000;

/** A connection that nothing refers to is closed by the garbage collector, and the lock would be free without a word. */
const HELD = new Set<Database.Database>();

/**
 * Takes the ledger for this process until `release`, or until the process dies: the lock is SQLite's own
 * `BEGIN EXCLUSIVE` on a side file, so a SIGKILL frees it at once, and a process id of another container cannot fool it.
 * The text file beside it only serves the message.
 *
 * @throws {LedgerError} `held` with the holder's own words.
 */
export function takeLock(databasePath: string, holder: string): { release: () => void } {
  const lock = lockOf(databasePath);
  HELD.add(lock);
  writeHolder(databasePath, holder);
  return {
    release: () => {
      if (!lock.open) return;
      removeHolder(databasePath);
      lock.close();
      HELD.delete(lock);
    },
  };
}

/**
 * Ends here where another process holds the ledger, before anything else is begun; whoever goes on takes it all the same, for it may
 * change hands meanwhile. Nothing is put beside the ledger. @throws {LedgerError} `held`
 */
export function refuseHeld(databasePath: string): void {
  // A process that is just ending gets the time to.
  if (isHeld(databasePath)) lockOf(databasePath).close();
}

function lockOf(databasePath: string): Database.Database {
  const lock = openLock(`${databasePath}.lock`);
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch (cause) {
    lock.close();
    if (!isBusy(cause)) throw notTaken(databasePath, cause);
    throw heldBy(databasePath, cause);
  }
}

/** Whether a process holds the ledger now. Never keeps a starting process out: it looks without locking for longer than a read. */
export function isHeld(databasePath: string): boolean {
  let lock: Database.Database;
  try {
    lock = new Database(`${databasePath}.lock`, { readonly: true, fileMustExist: true, timeout: 0 });
  } catch {
    return false; // no lock file, or none that may be read: nobody has ever held this ledger
  }
  try {
    lock.prepare('select count(*) from sqlite_schema').get();
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    lock.close();
  }
}

function openLock(path: string): Database.Database {
  try {
    return new Database(path, { timeout: PATIENCE_MS });
  } catch (cause) {
    throw new LedgerError('unwritable', `The lock ${path} cannot be opened.`, {
      hint: 'The folder must exist and be writable by this user.',
      cause,
    });
  }
}

function notTaken(databasePath: string, cause: unknown): LedgerError {
  return new LedgerError('unwritable', `The lock ${databasePath}.lock cannot be taken.`, {
    hint: 'Look at the disk: is it full or read-only?',
    cause,
  });
}

function heldBy(databasePath: string, cause: unknown): LedgerError {
  return new LedgerError('held', `Another process holds the ledger ${databasePath}: ${readHolder(databasePath)}.`, {
    hint: 'One process at a time makes calls. Stop the other one; beside it every command works but run, backfill and verify --reread.',
    cause,
  });
}

/** For the message only: where it cannot be written, e.g. on a full disk, the lock holds all the same. */
function writeHolder(databasePath: string, holder: string): void {
  try {
    writeFileSync(holderPath(databasePath), `${holder}\n`);
  } catch {
    // Whoever is kept out is then told that nobody left a word.
  }
}

function removeHolder(databasePath: string): void {
  try {
    rmSync(holderPath(databasePath), { force: true });
  } catch {
    // The next holder writes over it.
  }
}

/** What the process that holds the ledger says of itself: `process 17 on vessel, since …`. */
export function readHolder(databasePath: string): string {
  try {
    return readFileSync(holderPath(databasePath), 'utf8').trim();
  } catch {
    return 'it left no word of itself';
  }
}

/**
 * Which process holds the ledger, where its id means something here: null for one of another machine or container, or that left no word of
 * itself, and while a child of it brings the ledger up to date.
 */
export function pidOfHolder(databasePath: string, host: string): number | null {
  const [, pid, itsHost] = /^process (\d+) on (\S+), since /.exec(readHolder(databasePath)) ?? [];
  return pid !== undefined && itsHost === host ? Number(pid) : null;
}

function holderPath(databasePath: string): string {
  return `${databasePath}.holder`;
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}
