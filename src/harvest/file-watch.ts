import { LedgerError } from '../domain/errors.ts';
import { createDeletionWatch } from '../ledger/deleted-files.ts';
import type { HarvestDeps } from './harvester.ts';

/** Ends a run whose ledger was taken away from under it: whoever restores, moves or cleans up may not know that it is in use. */
export type FileWatch = {
  /** @throws {LedgerError} `broken` */
  readonly look: () => void;
};

const LOOK_AGAIN_MS = 60_000;

export function createFileWatch({
  clock,
  ledger,
}: Pick<HarvestDeps, 'clock'> & { readonly ledger: Pick<HarvestDeps['ledger'], 'path'> }): FileWatch {
  const deleted = createDeletionWatch(ledger.path);
  let lookedAt = clock.monotonic();
  return {
    look: () => {
      const now = clock.monotonic();
      if (now - lookedAt < LOOK_AGAIN_MS) return;
      lookedAt = now;
      const file = deleted();
      if (file === null) return;
      throw new LedgerError('broken', `${file} was deleted or replaced while it was in use.`, {
        hint: 'What was read since may be lost, and is read again: start again. Before a ledger is restored or moved, stop what runs on it.',
      });
    },
  };
}
