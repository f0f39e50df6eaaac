import { dirname } from 'node:path';
import { checkFile, makeFolder, openForWriting, type Db } from './database.ts';
import { takeLock } from './lock.ts';

/**
 * Takes the lock, then opens the file; `close` merges the log, closes the file and frees the lock.
 *
 * @param holder - Who takes it, for the messages of others.
 * @throws {LedgerError} as `openLedger` does; nothing stays open or locked then.
 */
export function openUnderLock(path: string, holder: string): { db: Db; close: () => void } {
  // Before the lock is made: what is refused has nothing put beside it. Under the lock it is looked at once more.
  checkFile(path);
  makeFolder(dirname(path));
  const lock = takeLock(path, holder);
  try {
    const db = openForWriting(path);
    const close = () => {
      mergeLog(db);
      db.close();
      lock.release();
    };
    return { db, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The end of a run leaves the log empty, so that the file alone is the ledger. Whoever still reads keeps that from being done,
 * and so does a full disk: then the next one to open it merges it, and nothing is lost either way.
 */
function mergeLog(db: Db): void {
  if (!db.open) return;
  try {
    db.pragma('busy_timeout = 0');
    db.pragma('wal_checkpoint(truncate)');
  } catch {
    // Why the disk fails was said where it mattered; what is in the log is safe there.
  }
}
