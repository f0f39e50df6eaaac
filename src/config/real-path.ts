import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * The one name of a file, links followed: by two names one ledger would have two locks, and two processes one budget each. As it
 * was given where no link is in it; of a file that is not there yet its folder counts.
 */
export function realPath(path: string): string {
  const folder = dirname(resolve(path));
  if (existsSync(path)) return unlessSame(path, realpathSync(path));
  return existsSync(folder) ? unlessSame(path, join(realpathSync(folder), basename(path))) : path;
}

function unlessSame(path: string, real: string): string {
  return real === resolve(path) ? path : real;
}
