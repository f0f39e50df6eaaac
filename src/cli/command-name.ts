import { realpathSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';

const NAME = 'dataforseo-ledger';

/** How this process was started. */
type Start = {
  /** The file of the program. */
  readonly entry: string;
  /** What it was called: its `argv[0]`. */
  readonly calledAs: string;
  readonly path: string;
  /** The working folder; empty where there is none any more. */
  readonly folder: string;
  /** The Node that runs it. */
  readonly node: string;
};

/**
 * How this program can be called by who reads its messages: by its name where it was started under that (deploy/dataforseo-ledger.sh) or
 * the PATH leads to this very file (`npm install -g`, the container); through npx within its clone; by absolute paths everywhere else,
 * where npx would ask the registry for another package of that name. npx itself puts `node_modules/.bin` into the PATH, but only for its
 * child, so those folders do not count.
 */
export function commandNameOf({ entry, calledAs, path, folder, node }: Start): string {
  if (basename(calledAs) === NAME) return NAME;
  const own = realPathOf(entry);
  if (own === null) return `npx ${NAME}`;
  const folders = path.split(delimiter).filter((each) => each !== '' && !isOfNpx(each));
  if (folders.some((each) => realPathOf(join(each, NAME)) === own)) return NAME;
  return isWithin(folder, dirname(dirname(own))) ? `npx ${NAME}` : `${quoted(node)} ${quoted(own)}`;
}

/** npm looks upwards for the package that it is called in. */
function isWithin(folder: string, root: string): boolean {
  const real = realPathOf(folder);
  return real !== null && (real === root || real.startsWith(`${root}/`));
}

function quoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
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
