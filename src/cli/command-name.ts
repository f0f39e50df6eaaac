import { realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

const NAME = 'dataforseo-ledger';

/**
 * How this program can be called by who reads its messages: by its name where it was started under that (deploy/dataforseo-ledger.sh) or
 * the PATH leads to this very file (`npm install -g`, the container), through npx everywhere else. npx itself puts `node_modules/.bin` into the PATH, but
 * only for its child, so those folders do not count.
 *
 * @param entry - The file that was started.
 * @param calledAs - What the process was started as: its `argv[0]`.
 */
export function commandNameOf(entry: string, path: string, calledAs: string): string {
  if (basename(calledAs) === NAME) return NAME;
  const folders = path.split(delimiter).filter((folder) => folder !== '' && !isOfNpx(folder));
  const own = realPathOf(entry);
  return own !== null && folders.some((folder) => realPathOf(join(folder, NAME)) === own) ? NAME : `npx ${NAME}`;
}

function isOfNpx(folder: string): boolean {
  return basename(folder) === '.bin' && basename(dirname(folder)) === 'node_modules';
}

function realPathOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
