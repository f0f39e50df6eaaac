import { createHash, randomBytes } from 'node:crypto';
import { LedgerError } from '../domain/errors.ts';
import type { Db } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';

/**
 * One ledger is one account, or its sums would mean nothing.
 * @throws {LedgerError} `other_account` when the ledger belongs to another login.
 */
export function checkAccount(database: Db, login: string): void {
  const bound = readMeta(database, 'account');
  if (bound === null) return;
  const salt = bound.split(':', 1)[0] ?? '';
  if (bound === `${salt}:${hashOf(salt, login)}`) return;
  throw new LedgerError('other_account', 'This ledger belongs to another DataForSEO login.', {
    hint: 'One ledger is one account: let LEDGER_DATABASE name another file for this login. Nothing was changed.',
  });
}

/**
 * Binds a ledger that is bound to none. Only once the server has let the login in: a mistyped one would have the ledger for
 * good. Only a salted hash of it is kept.
 */
export function createBinder(database: Db, login: string): () => void {
  // A binding may be rolled back with its page, so what was bound is looked up each time, by a statement that is prepared once.
  const bound = database.prepare<[], 1>(`select 1 from meta where key = 'account'`).pluck();
  return () => {
    if (bound.get() === 1) return;
    const salt = randomBytes(16).toString('hex');
    writeMeta(database, 'account', `${salt}:${hashOf(salt, login)}`);
  };
}

function hashOf(salt: string, login: string): string {
  return createHash('sha256').update(`${salt}:${login}`).digest('hex');
}
