import { createHash, randomBytes } from 'node:crypto';
import { LedgerError } from '../domain/errors.ts';
import type { Db } from './database.ts';
import { readMeta, writeMeta } from './meta.ts';

/**
 * Binds a new ledger to an account; one ledger is one account, or its sums would mean nothing.
 * Only a salted hash of the login is kept.
 *
 * @throws {LedgerError} `other_account` when the ledger belongs to another login.
 */
export function bindAccount(database: Db, login: string): void {
  const bound = readMeta(database, 'account');
  if (bound === null) {
    const salt = randomBytes(16).toString('hex');
    writeMeta(database, 'account', `${salt}:${hashOf(salt, login)}`);
    return;
  }
  const salt = bound.split(':', 1)[0] ?? '';
  if (bound === `${salt}:${hashOf(salt, login)}`) return;
  throw new LedgerError('other_account', 'This ledger belongs to another DataForSEO login.', {
    hint: 'One ledger is one account: let LEDGER_DATABASE name another file for this login. Nothing was changed.',
  });
}

function hashOf(salt: string, login: string): string {
  return createHash('sha256').update(`${salt}:${login}`).digest('hex');
}
