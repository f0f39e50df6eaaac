import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, rmSync, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { realPath } from '../../config/real-path.ts';
import { ConfigError } from '../../domain/errors.ts';
import type { BinaryOutput } from '../command.ts';
import { carried } from '../flow.ts';

/** Where an export goes. Nothing stands under its name before `commit`. */
export type Sink = {
  readonly write: (bytes: Uint8Array | string) => Promise<void>;
  readonly commit: () => Promise<void>;
  /** Leaves nothing behind. */
  readonly discard: () => Promise<void>;
};

/** What a kill left is removed by a later export to the same name, once nobody can be writing it any more. */
const ABANDONED_MS = 10 * 60_000;

/**
 * A file that appears under its name when it is whole and on the disk, and not before: it is written beside it, in the same
 * folder, so that the last step is one rename.
 *
 * @throws {ConfigError} where that cannot be.
 */
export async function fileSink(path: string, about: { readonly ledger: string; readonly now: number }): Promise<Sink> {
  refuse(path, about.ledger);
  removeAbandoned(path, about.now);
  const partial = `${path}.${randomBytes(4).toString('hex')}.partial`;
  const file = await open(partial, 'wx').catch((cause: unknown) => {
    throw new ConfigError([
      `--out: ${path} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}.`,
    ]);
  });
  return {
    write: async (bytes) => {
      await file.writeFile(bytes);
    },
    commit: async () => {
      await file.sync();
      await file.close();
      await rename(partial, path);
      const folder = await open(dirname(path));
      // Only then is the new name on the disk too.
      await folder.sync().finally(() => folder.close());
    },
    discard: async () => {
      await file.close().catch(() => undefined);
      rmSync(partial, { force: true });
    },
  };
}

/** Standard output: what was written is written. */
export function outputSink(output: BinaryOutput): Sink {
  const done = () => Promise.resolve();
  return { write: (bytes) => carried(output, bytes), commit: done, discard: done };
}

function refuse(path: string, ledger: string): void {
  const folder = dirname(resolve(path));
  if (!existsSync(folder)) throw new ConfigError([`--out: there is no folder ${folder}.`]);
  if (existsSync(path) && !statSync(path).isFile()) {
    const hint = lstatSync(path).isDirectory() ? 'name a file in it' : '--out - writes to standard output';
    throw new ConfigError([`--out: ${path} is no file; ${hint}.`]);
  }
  const own = ['', '-wal', '-shm', '.lock', '.holder'].map((ending) => `${realPath(ledger)}${ending}`);
  if (own.includes(realPath(path))) throw new ConfigError([`--out: ${path} belongs to the ledger itself.`]);
}

function removeAbandoned(path: string, now: number): void {
  const folder = dirname(resolve(path));
  const name = basename(path);
  for (const entry of readdirSync(folder)) {
    const isPartial = entry.startsWith(`${name}.`) && /^[0-9a-f]{8}\.partial$/.test(entry.slice(name.length + 1));
    const written = isPartial ? statSync(join(folder, entry), { throwIfNoEntry: false })?.mtimeMs : undefined;
    if (written !== undefined && now - written > ABANDONED_MS) rmSync(join(folder, entry), { force: true });
  }
}
