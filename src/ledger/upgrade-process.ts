// The process that brings a ledger up to date (upgrade.ts starts it, with the path as its only argument). Nothing of it is ever
// in the daemon's own process.
import { hostname } from 'node:os';
import { LedgerError } from '../domain/errors.ts';
import { asLedgerError } from './database.ts';
import { takeLock } from './lock.ts';
import { bringUpToDate } from './migration-steps.ts';
import type { UpgradeWord } from './upgrade.ts';

const path = process.argv[2] ?? '';
const say = (word: UpgradeWord) => process.send?.(word);

// Whoever started it is gone, and nobody would hear of the end. Within a migration this waits for its end, which is safe.
const orphaned = () => process.exit(1);
process.on('disconnect', orphaned);

try {
  const lock = takeLock(path, `process ${process.pid} on ${hostname()}, which brings the ledger up to date`);
  try {
    await bringUpToDate(path, say);
  } finally {
    lock.release();
  }
} catch (error) {
  say(failureOf(asLedgerError(path, error)));
}
process.off('disconnect', orphaned).disconnect();

function failureOf(error: unknown): UpgradeWord {
  const cause = error instanceof Error ? causeOf(error.cause) : null;
  if (error instanceof LedgerError) {
    const { code, message, hint = null } = error;
    switch (code) {
      case 'other_account':
      case 'older_schema':
      case 'missing':
        return { kind: 'failed', code: 'broken', message, hint, cause };
      case 'held':
      case 'shared_disk':
      case 'mounted_alone':
      case 'not_a_ledger':
      case 'newer_schema':
      case 'unreadable':
      case 'unwritable':
      case 'broken':
        return { kind: 'failed', code, message, hint, cause };
    }
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: 'failed',
    code: 'broken',
    message: `Bringing the ledger up to date failed: ${message}`,
    hint: null,
    cause,
  };
}

/** By its code whoever hears of it knows whether time mends it. */
function causeOf(cause: unknown): { message: string; code: string | null } | null {
  if (!(cause instanceof Error)) return null;
  return { message: cause.message, code: 'code' in cause && typeof cause.code === 'string' ? cause.code : null };
}
