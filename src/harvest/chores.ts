import type { HarvestDeps } from './harvester.ts';

/** The care of the file that a daemon takes between its turns. */
export type Chores = { readonly look: () => void };

/** What has grown old in an hour is folded in one go; while there is more, a little at each turn. */
const FOLD_EVERY_MS = 3_600_000;
const FOLD_ON_MS = 5_000;

export function createChores({ ledger, serverClock, clock, log }: HarvestDeps): Chores {
  let foldAt = clock.monotonic() + FOLD_ON_MS;
  return {
    look: () => {
      // By a clock that is in doubt nothing is old.
      if (clock.monotonic() < foldAt || !serverClock.sure()) return;
      const { walks, calls, more } = ledger.foldJournal(serverClock.now());
      if (calls > 0) log.debug({ walks, calls }, 'old calls are folded into sums by day');
      foldAt = clock.monotonic() + (more ? FOLD_ON_MS : FOLD_EVERY_MS);
    },
  };
}
