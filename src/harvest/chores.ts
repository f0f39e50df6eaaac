import type { HarvestDeps } from './harvester.ts';

/** The care of the file that a daemon takes between its turns. */
export type Chores = {
  readonly look: () => void;
  /** Whether this process has looked through all of the journal once. */
  readonly isThrough: () => boolean;
};

/**
 * All of the journal is looked through once a day, a little at each turn: most of what is old stays, for a segment names it, and a
 * ledger of years has tens of thousands of such walks.
 */
const FOLD_EVERY_MS = 86_400_000;
const FOLD_ON_MS = 5_000;

export function createChores({ ledger, serverClock, clock, log }: HarvestDeps): Chores {
  let isThrough = false;
  let foldAt = clock.monotonic() + FOLD_ON_MS;
  return {
    look: () => {
      // By a clock that is in doubt nothing is old.
      if (clock.monotonic() < foldAt || !serverClock.sure()) return;
      const { walks, calls, more } = ledger.foldJournal(serverClock.now());
      if (calls > 0) log.debug({ walks, calls }, 'old calls are folded into sums by day');
      isThrough ||= !more;
      foldAt = clock.monotonic() + (more ? FOLD_ON_MS : FOLD_EVERY_MS);
    },
    isThrough: () => isThrough,
  };
}
