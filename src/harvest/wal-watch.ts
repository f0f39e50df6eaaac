import { LedgerError } from '../domain/errors.ts';
import { WAL_LIMITS, walStep, type WalMemory, type WalStep } from '../domain/wal-watch.ts';
import type { Holder } from '../ledger/wal.ts';
import { isUnwritable, type HarvestDeps } from './harvester.ts';

/** Keeps the log beside the ledger small, or says who keeps it from being so. */
export type WalWatch = { readonly look: () => void };

const LOOK_AGAIN_MS = 60_000;

/** @param failed - Hears that the ledger cannot be written. */
export function createWalWatch(
  {
    clock,
    ledger,
    log,
  }: Pick<HarvestDeps, 'clock' | 'log'> & { readonly ledger: Pick<HarvestDeps['ledger'], 'path' | 'wal'> },
  failed: (error: LedgerError) => void,
  limits = WAL_LIMITS,
): WalWatch {
  const { path, wal } = ledger;
  let memory: WalMemory = { isTold: false, triedAt: null };
  let lookedAt = Number.NEGATIVE_INFINITY;
  const truncate = () => {
    try {
      wal.truncate();
    } catch (error) {
      if (!isUnwritable(error)) throw error;
      failed(error);
    }
  };
  const take = (step: WalStep, walBytes: number, now: number) => {
    if (step === 'truncate') {
      memory = { ...memory, triedAt: now };
      truncate();
      return;
    }
    memory = { ...memory, isTold: step === 'tell large' };
    if (step === 'tell small') log.info({ walBytes }, 'the WAL is small again');
    else
      log.warn(
        factsOf(walBytes, wal.holders(), path),
        'the WAL grows: somebody reads the ledger without coming to an end',
      );
  };
  return {
    look: () => {
      const now = clock.monotonic();
      if (now - lookedAt < LOOK_AGAIN_MS) return;
      lookedAt = now;
      for (;;) {
        const walBytes = wal.bytes();
        const step = walStep({ walBytes, memory, now }, limits);
        if (step === 'nothing') return;
        take(step, walBytes, now);
      }
    },
  };
}

function factsOf(walBytes: number, holders: readonly Holder[], path: string): object {
  const openIn = holders.map(({ pid, command }) => `${command} (process ${pid})`);
  const hint =
    openIn.length === 0
      ? `No other process that this user may look at has it open. An export from the page ends by itself; else look as root, outside of any container: fuser -v ${path}-shm`
      : 'An export or a backup ends by itself; end what else reads it, or let it close its transaction. Until then the WAL grows with each page.';
  return { walBytes, openIn, hint };
}
