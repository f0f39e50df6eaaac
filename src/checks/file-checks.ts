import { accessSync, constants, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fail, ok, warn, type Finding } from '../domain/diagnosis.ts';
import { bytes } from '../domain/wording.ts';
import { diskOf } from '../ledger/file-system.ts';

/** Whether the folder and the files of a ledger can be used by this user. Changes nothing. */
export function checkFolder(path: string): Finding {
  const folder = dirname(resolve(path));
  const place = nearest(folder);
  if (!may(place, constants.R_OK | constants.W_OK | constants.X_OK))
    return fail(
      'folder',
      `${place} cannot be written into by this user (${userInfo().uid}).`,
      `Let the folder belong to this user: chown ${userInfo().uid} ${place}`,
    );
  if (place !== folder) return ok('folder', `${folder} is not there yet; the first start makes it.`);
  const locked = filesOf(path).filter((file) => isThere(file) && !may(file, constants.R_OK | constants.W_OK));
  if (locked.length > 0)
    return fail(
      'folder',
      `${locked.join(', ')} cannot be written by this user (${userInfo().uid}).`,
      `Let the files belong to this user: chown ${userInfo().uid} ${locked.join(' ')}`,
    );
  const owner = statSync(path, { throwIfNoEntry: false })?.uid ?? null;
  if (owner !== null && owner !== userInfo().uid)
    return warn(
      'folder',
      `${path} belongs to another user (${owner}); this one is ${userInfo().uid}.`,
      'Run every command as the user of the daemon: files that one makes beside the ledger may be closed to the other.',
    );
  return ok('folder', `${folder} can be written into.`);
}

function filesOf(path: string): string[] {
  return [path, `${path}-wal`, `${path}-shm`, `${path}.lock`];
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** The folder, or the nearest above it that exists. */
function nearest(folder: string): string {
  return isThere(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}

/** Whether the ledger lies on this machine's own disk. */
export function checkFileSystem(path: string): Finding {
  const { type, shared, isMountedAlone } = diskOf(path);
  if (isMountedAlone)
    return fail(
      'file system',
      `${path} is mounted by itself: its log would lie on another disk, and be lost with the container.`,
      `Mount the folder that the file lies in: ${dirname(resolve(path))}`,
    );
  if (shared === null) return ok('file system', `${type ?? 'of no known name'}, on this machine.`);
  return fail(
    'file system',
    `${shared}, which other machines may share: SQLite's log loses writes there without a word, so no ledger is opened.`,
    'Let LEDGER_DATABASE name a file on a disk of this machine, e.g. a local volume.',
  );
}

/** A WAL that keeps growing has a reader that never ends, which keeps its pages from being merged back. */
const MUCH_WAL_BYTES = 256_000_000;

export function checkWal(path: string): Finding {
  const size = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size < MUCH_WAL_BYTES) return ok('wal', size === 0 ? 'Empty.' : `${bytes(size)}.`);
  return warn(
    'wal',
    `The WAL has grown to ${bytes(size)}: a program reads the ledger without coming to an end.`,
    `Find it and let it close the file, e.g. with: fuser -v ${path}`,
  );
}

/** @param path - Of the token that is made at the first start beyond loopback, where the settings have none. */
export function checkToken(
  path: string,
  { isSet, isLoopback }: { readonly isSet: boolean; readonly isLoopback: boolean },
): Finding {
  if (isSet) return ok('token', 'The page asks for the one of the settings.');
  if (isLoopback) return ok('token', 'The page asks for none, as only this machine reaches it.');
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? null;
  if (mode === null) return ok('token', `The page asks for one; the first start makes it, at ${path}.`);
  if ((mode & 0o077) === 0) return ok('token', `The page asks for the one in ${path}, which only this user can read.`);
  return warn('token', `Other users of this machine can read ${path}.`, `chmod 600 ${path}`);
}
