import { isGrowthKnown } from '../domain/backlog-outlook.ts';
import { fail, note, ok, skipped, warn, type Finding } from '../domain/diagnosis.ts';
import { LedgerError } from '../domain/errors.ts';
import type { DiskOutlook } from '../domain/disk.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { asSentence, bytes, counted, duration } from '../domain/wording.ts';
import type { Health } from '../ledger/health.ts';
import { diskOf } from '../ledger/file-system.ts';
import { isHeld, readHolder } from '../ledger/lock.ts';

/** The ledger as it could be read; `missing` before the first start. */
export type LookedAt =
  { readonly kind: 'read'; readonly snapshot: Snapshot } | { readonly kind: 'failed'; readonly error: LedgerError };

/** @param look - May throw. @throws What is no failure of a ledger. */
export function lookAtLedger(look: () => Snapshot): LookedAt {
  try {
    return { kind: 'read', snapshot: look() };
  } catch (error) {
    if (error instanceof LedgerError) return { kind: 'failed', error };
    throw error;
  }
}

export function ledgerFinding(looked: LookedAt, path: string): Finding {
  if (looked.kind === 'read') {
    const { ledger, tasks } = looked.snapshot;
    return ok(
      'ledger',
      `${path}: schema ${ledger.schemaVersion}, ${bytes(ledger.sizeBytes)}, ${counted(tasks.total, 'task')}.`,
    );
  }
  const { code, message, hint } = looked.error;
  if (code === 'missing') return ok('ledger', `There is none at ${path} yet; the first start makes it.`);
  const todo = hint ?? 'Run verify, and see the log of the daemon.';
  return code === 'older_schema' ? warn('ledger', message, todo) : fail('ledger', message, todo);
}

/** Looks through the pages of a ledger that could be read at least so far that it is one. */
export async function checkPages(looked: LookedAt, look: () => Promise<Health>): Promise<Finding> {
  if (looked.kind === 'failed' && looked.error.code === 'missing') return ok('file', 'There is none yet.');
  const isDamaged = looked.kind === 'failed' && looked.error.code === 'broken';
  const isReadable = looked.kind === 'read' || looked.error.code === 'other_account';
  if (!isReadable && !isDamaged) return skipped('file', 'Not looked through: see what is said of the ledger.');
  const health = await look();
  switch (health.kind) {
    case 'looked':
      return pagesFinding(health.damages);
    case 'unfinished':
      return skipped('file', 'Too large to be looked through now; verify does it, however long that takes.');
    case 'failed':
      return skipped('file', `It could not be looked through: ${asSentence(health.message)}`);
  }
}

function pagesFinding(damages: readonly string[]): Finding {
  if (damages.length === 0) return ok('file', 'Its pages are whole; verify looks further.');
  return fail(
    'file',
    `It is damaged: ${asSentence(damages.join('; '))}`,
    'Stop the daemon, keep the file and its -wal, and restore a backup (docs/operations.md); what is still in the window is read again.',
  );
}

/** A doubt is nothing that is broken here, but nobody should have to come upon it. */
export function doubtsFinding(looked: LookedAt): Finding {
  if (looked.kind === 'failed')
    return looked.error.code === 'missing'
      ? ok('doubts', 'There are none yet.')
      : skipped('doubts', 'Not looked for: see what is said of the ledger.');
  const { doubts } = looked.snapshot;
  if (doubts === 0) return ok('doubts', 'DataForSEO has contradicted itself nowhere.');
  return note('doubts', `In ${counted(doubts, 'place')} DataForSEO contradicted itself; report doubts says where.`);
}

export function checkLock(path: string): Finding {
  return ok('lock', isHeld(path) ? `Held by ${readHolder(path)}.` : 'No process works on this ledger.');
}

export function checkDisk(looked: LookedAt, path: string): Finding {
  const { freeBytes, sizeBytes } = diskOf(path);
  const outlook = looked.kind === 'read' ? looked.snapshot.disk : null;
  const free = `${bytes(freeBytes)} of ${bytes(sizeBytes)} free`;
  if (outlook === null) return skipped('disk', `${free}; how fast the ledger grows is not known yet.`);
  // Before all is read, the days that would tell are not.
  const isKnown = looked.kind === 'read' && isGrowthKnown(looked.snapshot);
  if (outlook.state === 'ok' && !isKnown)
    return ok('disk', `${free}; how fast the ledger grows shows once all is read.`);
  const found = `${free}; the ledger grows by ${bytes(outlook.bytesPerDay)} a day and has room ${lastsFor(outlook)}.`;
  const todo = 'Make room, or enlarge the volume.';
  switch (outlook.state) {
    case 'ok':
      return ok('disk', found);
    case 'low':
      return warn('disk', found, todo);
    case 'full':
      return fail('disk', found, todo);
  }
}

function lastsFor({ daysLeft }: DiskOutlook): string {
  return daysLeft === null ? 'for more than ten years' : `for ${duration(daysLeft * 86_400)}`;
}
