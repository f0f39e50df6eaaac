import { resolve } from 'node:path';
import type { BackupWish } from '../cli/app-port.ts';
import { asLedgerError } from '../ledger/database.ts';
import { backUp, type MadeBackup } from '../ledger/backup.ts';
import type { Parts } from './parts.ts';

/** A verified copy of the ledger, beside whoever works on it. @throws {ConfigError} @throws {LedgerError} */
export async function backup({ config, seams }: Parts, wish: BackupWish, signal: AbortSignal): Promise<MadeBackup> {
  const { overwrite, onCopied, onVerified } = wish;
  const terms = { overwrite, onCopied, onVerified, apis: config.apis, wallNow: seams.clock.now() };
  try {
    return await backUp({ ...terms, path: config.databasePath, target: resolve(wish.target) }, signal);
  } catch (error) {
    throw asLedgerError(config.databasePath, error, 'read');
  }
}
