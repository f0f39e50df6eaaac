import type { Db } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';

/** Since when the process that holds the ledger, or held it last, reads the tail. @param wallNow - This machine's clock, epoch ms. */
export function keepOpenedAt(database: Db, wallNow: number): void {
  writeMeta(database, 'opened_at', String(Math.round(wallNow)));
}

/** Epoch ms of this machine's clock; null where nobody has opened it since it was made. */
export function readOpenedAt(database: Db): number | null {
  const openedAt = readMeta(database, 'opened_at');
  return openedAt === null ? null : Number(openedAt);
}
