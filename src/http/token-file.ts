import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';

/** 256 bits: nobody guesses it. */
const TOKEN_BYTES = 32;
const OWNER_ONLY = 0o600;

export type TokenFile = {
  readonly token: string;
  readonly made: boolean;
  /** Whether other users of this machine can read it. */
  readonly isOpen: boolean;
};

/**
 * The token of a data folder, made at the first start. Put in place whole: a kill leaves either none or all of it.
 * @throws What the file system says, for example that the folder is read-only.
 */
export function keepToken(path: string, pid: number): TokenFile {
  const known = readToken(path);
  if (known !== null) return { token: known, made: false, isOpen: (statSync(path).mode & 0o077) !== 0 };
  const beside = `${path}.${pid}.tmp`;
  const file = openSync(beside, 'w', OWNER_ONLY);
  try {
    writeSync(file, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
  const token = readToken(path);
  if (token === null) throw new Error(`${path} does not keep what is written into it`);
  return { token, made: true, isOpen: false };
}

/** Null where there is none, or an empty file. */
function readToken(path: string): string | null {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return null;
  const text = readFileSync(path, 'utf8').trim();
  return text === '' ? null : text;
}
