import { readdirSync, readFileSync, readlinkSync, statSync, type Stats } from 'node:fs';
import type { Db } from './database.ts';

/** A process that has the ledger open. */
export type Holder = {
  readonly pid: number;
  /** As the kernel has it, 15 bytes at the most (proc(5), `comm`); any process names itself as it likes. */
  readonly command: string;
};

/** The log beside the ledger: what was committed and is not merged into the file yet. */
export type Wal = {
  readonly bytes: () => number;
  /** Merges what no reader keeps from being merged, and empties the log if that is all; waits for nobody. */
  readonly truncate: () => void;
  readonly holders: () => Holder[];
};

export function createWal(database: Db, path: string): Wal {
  return {
    bytes: () => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    truncate: () => truncateWal(database),
    holders: () => holdersOf(path),
  };
}

/**
 * While a reader holds a state of before it is over within a millisecond. Once that has ended the whole log is merged in one go: a
 * second for each 64 MB or so on a cloud disk, which without this the next commit takes for the same merging. No longer than that
 * does it hold up the loop.
 * @throws {SqliteError} when the file cannot be written; that somebody reads or writes is no error.
 */
export function truncateWal(database: Db): void {
  const patienceMs = Number(database.pragma('busy_timeout', { simple: true }));
  database.pragma('busy_timeout = 0');
  try {
    database.pragma('wal_checkpoint(truncate)');
  } finally {
    database.pragma(`busy_timeout = ${patienceMs}`);
  }
}

/** The loop stands still while they are looked through, so there is an end to it. */
const MOST_LINKS = 20_000;
const MOST_HOLDERS = 20;

/**
 * The other processes that have the log or its index open, by pid: whoever holds a reading is among them, unless it belongs to
 * another user or another container, or lies beyond the first 20,000 open files. Empty where there is no /proc (it is Linux's).
 */
export function holdersOf(path: string): Holder[] {
  const files = [`${path}-shm`, `${path}-wal`].flatMap((file) => statSync(file, { throwIfNoEntry: false }) ?? []);
  const self = orNull(() => readlinkSync('/proc/self'));
  const holders: Holder[] = [];
  let links = MOST_LINKS;
  for (const name of orNull(() => readdirSync('/proc')) ?? []) {
    if (!/^\d+$/.test(name) || name === self) continue;
    // Those of another user may not be read, and any may end while it is looked at.
    const open = (orNull(() => readdirSync(`/proc/${name}/fd`)) ?? []).slice(0, links);
    links -= open.length;
    if (open.some((number) => isOneOf(files, `/proc/${name}/fd/${number}`))) {
      holders.push({ pid: Number(name), command: commandOf(name) });
    }
    if (links === 0 || holders.length === MOST_HOLDERS) break;
  }
  return holders;
}

/** The name tells most apart at little cost; the inode is the proof, and the same in each container that has the file mounted. */
function isOneOf(files: readonly Stats[], link: string): boolean {
  const target = orNull(() => readlinkSync(link));
  if (target === null || !/-(shm|wal)$/.test(target)) return false;
  const stat = orNull(() => statSync(link));
  return files.some((file) => file.ino === stat?.ino && file.dev === stat.dev);
}

function commandOf(pid: string): string {
  return orNull(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd()) ?? '?';
}

/** What belongs to others comes, goes and may be closed to us. */
function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
