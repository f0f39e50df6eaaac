import { readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';

/**
 * Which of the ledger's files this process has open and somebody has deleted, or replaced: what is written into it is lost with this
 * process. The kernel says so of an open file: its name ends in ` (deleted)`, and no folder has it any more (proc(5), `fd`).
 *
 * @returns The path of one; null where all are in place, and where there is no /proc (it is Linux's).
 */
export function deletedUnder(path: string): string | null {
  const names = new Map(
    namesOf(path)
      .flatMap(filesOf)
      .map((file) => [`${file} (deleted)`, file]),
  );
  for (const number of orNull(() => readdirSync('/proc/self/fd')) ?? []) {
    const link = `/proc/self/fd/${number}`;
    const file = names.get(orNull(() => readlinkSync(link)) ?? '');
    if (file !== undefined && orNull(() => statSync(link).nlink) === 0) return file;
  }
  return null;
}

/**
 * The same, asked again and again: while each of the files is the one that it was, all are in place, and nothing else is looked at. A
 * file that is open keeps its number, so that no other can have it.
 */
export function createDeletionWatch(path: string): () => string | null {
  let inPlace: string | null = null;
  return () => {
    const files = filesNow(path);
    if (files === inPlace) return null;
    const deleted = deletedUnder(path);
    inPlace = deleted === null ? files : null;
    return deleted;
  };
}

function filesNow(path: string): string {
  const files = namesOf(path).flatMap(filesOf);
  // Some file systems use all 64 bits of the number, of which a double would forget the last.
  const stats = files.map((file) => orNull(() => statSync(file, { bigint: true })));
  return stats.map((stat) => (stat === null ? '' : `${stat.dev}:${stat.ino}`)).join(' ');
}

function filesOf(name: string): string[] {
  return [name, `${name}-wal`, `${name}.lock`];
}

/** As it was given, and as the kernel knows it, which follows links; SQLite names the log after the latter. */
function namesOf(path: string): string[] {
  return [path, orNull(() => realpathSync(path)) ?? path];
}

/** The one that lists the open files is among them, and gone when it is looked at. */
function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
