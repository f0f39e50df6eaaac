import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { APPLICATION_ID } from './migrate.ts';

const MAGIC = 'SQLite format 3\0';
/** The header of the file and the first bytes of its first page, which holds the schema (sqlite.org/fileformat.html). */
const LENGTH = 108;
const AT = { userVersion: 60, applicationId: 68, pageType: 100, cells: 103 } as const;
const INTERIOR_PAGE = 0x05;

/**
 * Whether a file is certainly another program's, by its first bytes. SQLite would leave files of its own beside one in WAL
 * mode that it only looks at. Where a log lies beside it already, the bytes do not tell all, and SQLite has to look.
 */
export function isForeign(path: string): boolean {
  const header = firstBytes(path);
  if (header === null || header.length === 0) return false;
  if (!header.toString('latin1').startsWith(MAGIC)) return true;
  const applicationId = header.readUInt32BE(AT.applicationId);
  if (applicationId !== 0) return applicationId !== APPLICATION_ID;
  if ((statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) return false;
  const hasTables = header[AT.pageType] === INTERIOR_PAGE || header.readUInt16BE(AT.cells) > 0;
  return hasTables || header.readUInt32BE(AT.userVersion) !== 0;
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
