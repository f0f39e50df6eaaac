import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { APPLICATION_ID } from './migrate.ts';

const MAGIC = 'SQLite format 3\0';
/** The header of the file and the first bytes of its first page, which holds the schema (sqlite.org/fileformat.html). */
const LENGTH = 108;
const AT = { writeVersion: 18, userVersion: 60, applicationId: 68, pageType: 100, cells: 103 } as const;
const INTERIOR_PAGE = 0x05;
const WITHOUT_LOG = 1;

/**
 * The paths that SQLite has opened in this process, or is about to in another thread. When a process closes a file, the kernel drops
 * all locks that it has on it, also those of other descriptors (sqlite.org/howtocorrupt.html, 2.2): were such a file looked at by
 * other means, the next program that closes the ledger would take itself for the last one and delete the log that is being written.
 */
const leftToSqlite = new Set<string>();

/** From now on nothing in this process but SQLite may open it. */
export function leaveToSqlite(path: string): void {
  leftToSqlite.add(resolve(path));
}

/** What the first bytes of a file tell. `beside another log`: it is whole without a log, so the one that lies there is another file's. */
export type HeaderLook = 'foreign' | 'beside another log' | 'nothing against it';

/**
 * Whether a file is certainly another program's, or would be merged with what is not its own, by its first bytes. SQLite would
 * leave files of its own beside one in WAL mode that it only looks at, and merges whatever log lies there. Where the bytes do not
 * tell all, SQLite has to look. So it has where the file is left to it, and in other threads, which know nothing of this one's
 * connections.
 */
export function lookAtHeader(path: string): HeaderLook {
  if (!isMainThread || leftToSqlite.has(resolve(path))) return 'nothing against it';
  const header = firstBytes(path);
  if (header === null || header.length === 0) return 'nothing against it';
  if (isForeign(header, path)) return 'foreign';
  return header[AT.writeVersion] === WITHOUT_LOG && hasLog(path) ? 'beside another log' : 'nothing against it';
}

function isForeign(header: Buffer, path: string): boolean {
  if (!header.toString('latin1').startsWith(MAGIC)) return true;
  const applicationId = header.readUInt32BE(AT.applicationId);
  if (applicationId !== 0) return applicationId !== APPLICATION_ID;
  if (hasLog(path)) return false;
  const hasTables = header[AT.pageType] === INTERIOR_PAGE || header.readUInt16BE(AT.cells) > 0;
  return hasTables || header.readUInt32BE(AT.userVersion) !== 0;
}

function hasLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Null where they cannot be read, which SQLite will say better. */
function firstBytes(path: string): Buffer | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null;
  }
  try {
    const bytes = Buffer.alloc(LENGTH);
    const read = readSync(file, bytes, 0, LENGTH, 0);
    // Shorter than any database, but not empty: a text.
    return read === 0 ? Buffer.alloc(0) : bytes;
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}
