import { roomPauseMs } from '../domain/disk.ts';
import type { LedgerError } from '../domain/errors.ts';
import { withHint } from '../domain/errors.ts';
import { isUnwritable, type Harvest } from './harvester.ts';

/** While the ledger cannot be written no call is made: what it brought could not be kept. Instants are monotonic ms. */
export type DiskWatch = {
  readonly failed: (error: LedgerError) => void;
  /** When it is looked at again, and why nothing can be kept; null while all is well. */
  readonly held: () => { readonly until: number; readonly reason: string } | null;
  /** A page was kept: all is well again. */
  readonly saved: () => void;
  /** Tries to write as much as a page takes, if it is time. @returns Whether the ledger can be written. */
  readonly look: () => boolean;
};

export function createDiskWatch({ deps }: Harvest): DiskWatch {
  const { clock, ledger, log } = deps;
  let held: { until: number; reason: string } | null = null;
  let failures = 0;
  const failed = (error: LedgerError) => {
    const reason = withHint(error);
    // Several walks in flight fail at the same time: that is one failure.
    if (held !== null && clock.monotonic() < held.until) return;
    if (failures === 0) log.error({ reason, code: error.code }, 'the ledger cannot be written: no call is made');
    failures += 1;
    held = { until: clock.monotonic() + roomPauseMs(failures), reason };
  };
  return {
    failed,
    held: () => held,
    // Not sooner: room for a trial is not yet room for a page.
    saved: () => {
      failures = 0;
    },
    look: () => {
      if (held === null) return true;
      if (clock.monotonic() < held.until) return false;
      try {
        ledger.tryWrite();
      } catch (error) {
        if (!isUnwritable(error)) throw error;
        failed(error);
        return false;
      }
      log.info({}, 'the ledger can be written again');
      held = null;
      return true;
    },
  };
}
