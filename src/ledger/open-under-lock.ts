import { dirname } from 'node:path';
import { checkFile, makeFolder, openForWriting, type Db } from './database.ts';
import { takeLock } from './lock.ts';

/**
 * Takes the lock, then opens the file; `close` merges the log, closes the file and frees the lock, and says whether the file alone is
 * the ledger now.
 *
 * @param holder - Who takes it, for the messages of others.
 * @throws {LedgerError} as `openLedger` does; nothing stays open or locked then.
 */
export function openUnderLock(path: string, holder: string): { db: Db; close: () => boolean } {
  // Before the lock is made: what is refused has nothing put beside it. Under the lock it is looked at once more.
  checkFile(path);
  makeFolder(dirname(path));
  const lock = takeLock(path, holder);
  try {
    const db = openForWriting(path);
    const close = () => {
      const isWhole = mergeLog(db);
      db.close();
      lock.release();
      return isWhole;
    };
    return { db, close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The end of a run leaves the log empty, so that the file alone is the ledger. Whoever still reads keeps that from being done,
 * and so does a full disk: then the next one to open it merges it, and nothing is lost as long as both files stay together.
 */
function mergeLog(db: Db): boolean {
  if (!db.open) return true;
  try {
    db.pragma('busy_timeout = 0');
    return db.pragma('wal_checkpoint(truncate)', { simple: true }) === 0;
  } catch {
    // Why the disk fails was said where it mattered; what is in the log is safe there.
    return false;
  }
}
