import { accessSync, constants, readFileSync, realpathSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { LedgerError } from '../domain/errors.ts';
import { isMountPoint, mountTypeOf, sharedWithOthers } from '../domain/file-system.ts';

/** The file system that holds, or is to hold, a file. */
export type Disk = {
  /** As the kernel calls it: `ext4`, `nfs4`; null where it has no word for it. */
  readonly type: string | null;
  /** What it is where it is shared with other machines, so that no ledger may lie there; null: it is this machine's own. */
  readonly shared: string | null;
  /** Whether the file itself is mounted for writing, and not its folder: what lies beside it is on another disk. */
  readonly isMountedAlone: boolean;
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
  const mounts = mountinfo();
  const type = mountTypeOf(place, mounts);
  return {
    type,
    shared: sharedWithOthers({ magic, mountType: type }),
    isMountedAlone: basename(place) === basename(path) && isMountPoint(place, mounts) && isFileForWriting(place),
    freeBytes: bavail * bsize,
    sizeBytes: blocks * bsize,
  };
}

/**
 * A ledger may only lie on this machine's own disk: on a shared one SQLite's log loses writes without a word.
 * @throws {LedgerError} `shared_disk`, with the reason.
 */
export function refuseSharedDisk(path: string): void {
  const shared = lookAtDisk(path)?.shared ?? null;
  if (shared === null) return;
  throw new LedgerError(
    'shared_disk',
    `${path} lies on a file system that other machines may share (${shared}), where SQLite's log loses writes without a word. Nothing was changed.`,
    { hint: 'Let LEDGER_DATABASE or --database name a file on a disk of this machine, e.g. a local volume.' },
  );
}

/**
 * What was written last is in the log beside the ledger. Where a container has the file alone as a mount, that log is in the
 * container, and gone with it. One that is read-only is told by SQLite.
 * @throws {LedgerError} `mounted_alone`.
 */
export function refuseMountedAlone(path: string): void {
  if (!lookAtDisk(path)?.isMountedAlone) return;
  throw new LedgerError(
    'mounted_alone',
    `${path} is mounted by itself, so its log (${basename(path)}-wal), which holds what was written last, would lie on another disk and be lost with the container. Nothing was changed.`,
    { hint: `Mount the folder that the file lies in instead of the file, e.g. --volume ledger:${dirname(path)}` },
  );
}

/** Who may not look at the disk will not be able to open the file either, and SQLite says so better. */
function lookAtDisk(path: string): Disk | null {
  try {
    return diskOf(path);
  } catch {
    return null;
  }
}

function isFileForWriting(place: string): boolean {
  try {
    accessSync(place, constants.W_OK);
    return statSync(place).isFile();
  } catch {
    return false;
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
