import { readFileSync, realpathSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LedgerError } from '../domain/errors.ts';
import { mountTypeOf, sharedWithOthers } from '../domain/file-system.ts';

/** The file system that holds, or is to hold, a file. */
export type Disk = {
  /** As the kernel calls it: `ext4`, `nfs4`; null where it has no word for it. */
  readonly type: string | null;
  /** What it is where it is shared with other machines, so that no ledger may lie there; null: it is this machine's own. */
  readonly shared: string | null;
  /** For this user, bytes. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
};

/**
 * Looks at the disk under a path, which need not exist yet: then its nearest folder counts.
 * @throws {Error} of the system, e.g. where a folder above may not be looked into.
 */
export function diskOf(path: string): Disk {
  const place = nearest(resolve(path));
  const { type: magic, bavail, blocks, bsize } = statfsSync(place);
  const type = mountTypeOf(place, mountinfo());
  return {
    type,
    shared: sharedWithOthers({ magic, mountType: type }),
    freeBytes: bavail * bsize,
    sizeBytes: blocks * bsize,
  };
}

/**
 * A ledger may only lie on this machine's own disk: on a shared one SQLite's log loses writes without a word.
 * @throws {LedgerError} `shared_disk`, with the reason.
 */
export function refuseSharedDisk(path: string): void {
  const shared = sharedDiskUnder(path);
  if (shared === null) return;
  throw new LedgerError(
    'shared_disk',
    `${path} lies on a file system that other machines may share (${shared}), where SQLite's log loses writes without a word. Nothing was changed.`,
    { hint: 'Let LEDGER_DATABASE or --database name a file on a disk of this machine, e.g. a local volume.' },
  );
}

/** Who may not look at the disk will not be able to open the file either, and SQLite says so better. */
function sharedDiskUnder(path: string): string | null {
  try {
    return diskOf(path).shared;
  } catch {
    return null;
  }
}

/** The path without links, or the nearest folder above it that exists. */
function nearest(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (dirname(path) === path) throw error;
    return nearest(dirname(path));
  }
}

/** Empty where there is none: on another system than Linux the number of statfs has to do. */
function mountinfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}
