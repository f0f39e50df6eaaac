import { diskOutlook, type DiskOutlook } from '../domain/disk.ts';
import type { Db } from './database.ts';
import { diskOf } from './file-system.ts';

type DiskTerms = {
  readonly path: string;
  /** Epoch ms of the server's clock. */
  readonly now: number;
  readonly ledgerBytes: number;
  readonly tasks: number;
  readonly backlogCalls: number;
};

const DAY_MS = 86_400_000;
const DAYS = 7;

/** How long the disk of a ledger lasts; null where the file system does not tell. */
export function readDisk(database: Db, { path, now, ...figures }: DiskTerms): DiskOutlook | null {
  const space = readSpace(path);
  return space === null ? null : diskOutlook({ ...figures, ...space, tasksPerDay: tasksPerDay(database, now) });
}

function readSpace(path: string): { readonly freeBytes: number; readonly totalBytes: number } | null {
  try {
    const { freeBytes, sizeBytes } = diskOf(path);
    return sizeBytes === 0 ? null : { freeBytes, totalBytes: sizeBytes };
  } catch {
    // Whether the folder can be used at all is asked elsewhere, by those who need it.
    return null;
  }
}

/** Of the last whole days; a ledger that is younger knows the days before its birth from its backfill. */
function tasksPerDay(database: Db, now: number): number {
  const today = Math.floor(now / DAY_MS);
  const tasks = database
    .prepare<[number, number], number>('select ifnull(sum(tasks), 0) from day_cost where day >= ? and day < ?')
    .pluck()
    .get(today - DAYS, today);
  return (tasks ?? 0) / DAYS;
}
