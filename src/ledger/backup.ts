import { existsSync, lstatSync, readdirSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ConfigError, LedgerError } from '../domain/errors.ts';
import type { VerifyProgress, VerifyReport } from '../domain/verification.ts';
import { openCopy, openForReading } from './database.ts';
import { isHeld } from './lock.ts';
import { verifyLedger } from './verify.ts';
import { copyWhole, modeOf, putInPlace, type CopyProgress, type CopyTarget } from './whole-copy.ts';

export type BackupTerms = {
  /** The ledger. */
  readonly path: string;
  /** The file that the copy becomes. */
  readonly target: string;
  /** Whether a file that is there already is replaced. */
  readonly overwrite: boolean;
  readonly apis: readonly string[];
  /** This machine's clock, epoch ms. */
  readonly wallNow: number;
  readonly onCopied: (progress: CopyProgress) => void;
  readonly onVerified: (progress: VerifyProgress) => void;
};

export type MadeBackup = { readonly target: string; readonly bytes: number; readonly report: VerifyReport };

/**
 * Copies the ledger beside whoever works on it, holds the copy against itself as `verify` does, and only then puts it in its
 * place. Where the ledger itself contradicts itself the true copy of it is kept, and the report names the contradictions.
 *
 * @throws {ConfigError} where the target cannot be one. @throws {LedgerError} `missing`, `unwritable`, `broken` when the copy is
 * damaged; then nothing is put there. @throws `signal.reason` when aborted.
 */
export async function backUp(terms: BackupTerms, signal: AbortSignal): Promise<MadeBackup> {
  const { path, target, overwrite } = terms;
  // Of this process alone: another backup to the same file, as by a schedule that is too quick, writes to one of its own. In a
  // container each is process 1, and the host's name tells them apart.
  const place = { target, part: `${target}.${hostname()}.${process.pid}.part` };
  const source = openForReading(path);
  try {
    refuseTarget(terms);
    removeAbandoned(target, terms.wallNow);
    await copyWhole(source, { ...place, mode: modeOf(path), onProgress: terms.onCopied }, signal);
  } finally {
    source.close();
  }
  try {
    const report = await verifyCopy(place, terms, signal);
    // Somebody may have made it meanwhile.
    if (!overwrite) refuseTarget(terms);
    const { size } = statSync(place.part);
    putInPlace(place);
    return { target, bytes: size, report };
  } finally {
    rmSync(place.part, { force: true });
  }
}

/** So old, what another host or container has begun is not going to be finished. */
const ABANDONED_MS = 86_400_000;

/** What a kill left of a backup to the same file. @param wallNow - Epoch ms. */
function removeAbandoned(target: string, wallNow: number): void {
  for (const name of readdirSync(dirname(target))) {
    if (!name.startsWith(`${basename(target)}.`)) continue;
    const [, host, pid] =
      /^(.+)\.(\d+)\.part(?:-journal|-wal|-shm)?$/.exec(name.slice(basename(target).length + 1)) ?? [];
    if (host === undefined) continue;
    const part = join(dirname(target), name);
    const begunAt = statSync(part, { throwIfNoEntry: false })?.mtimeMs ?? wallNow;
    if (host === hostname() ? !isAlive(Number(pid)) : wallNow - begunAt > ABANDONED_MS) rmSync(part, { force: true });
  }
}

/** On this host; its own number is that of a process before it. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function verifyCopy(
  { part, target }: CopyTarget,
  { apis, wallNow, onVerified }: BackupTerms,
  signal: AbortSignal,
): Promise<VerifyReport> {
  const copy = openCopy(part);
  try {
    const report = await verifyLedger(copy, { apis, wallNow, onProgress: onVerified }, signal);
    const damage = report.problems.find(({ check }) => check === 'file');
    if (damage === undefined) return report;
    throw new LedgerError('broken', `The copy is damaged, and nothing was put at ${target}: ${damage.text}`, {
      hint: 'If `verify` says the same of the ledger, restore an earlier backup; if not, look at the disk of the copy.',
    });
  } finally {
    copy.close();
  }
}

/** What may not be written over, and what SQLite would mistake for the copy's own log. */
function refuseTarget({ path, target, overwrite }: BackupTerms): void {
  if (isPartOfLedger(path, target))
    throw new ConfigError([`${target} belongs to the ledger itself: name another file for the backup.`]);
  const folder = dirname(target);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new ConfigError([`There is no folder ${folder}: make it, or name a file elsewhere for the backup.`]);
  const there = lstatSync(target, { throwIfNoEntry: false });
  if (there?.isDirectory() === true)
    throw new ConfigError([`${target} is a folder: name the file in it that the backup is to be.`]);
  if (there !== undefined && !overwrite)
    throw new ConfigError([`${target} exists: name another file, or add --overwrite to replace it.`]);
  if (isHeld(target) || existsSync(`${target}-wal`) || existsSync(`${target}-journal`))
    throw new ConfigError([
      `${target} is a database that a process uses, or used until it was killed: name another file.`,
    ]);
}

function isPartOfLedger(path: string, target: string): boolean {
  const own = ['', '-wal', '-shm', '-journal', '.lock', '.lock-journal', '.holder'].map((suffix) => `${path}${suffix}`);
  return own.includes(target) || own.some((file) => isSameFile(file, target));
}

function isSameFile(a: string, b: string): boolean {
  const one = statSync(a, { throwIfNoEntry: false });
  const other = statSync(b, { throwIfNoEntry: false });
  if (one === undefined || other === undefined) return false;
  return one.dev === other.dev && one.ino === other.ino;
}
