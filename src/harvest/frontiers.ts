import type { HarvestDeps } from './harvester.ts';

/**
 * Gives each API its window before anything is read of it. Until the first answers the server's clock is a guess; a window
 * that was born under a wrong guess is reckoned once more, by this process or, after a kill, by the next: its edge would
 * count as lost otherwise, or be lost unnoticed.
 *
 * @returns To be called for each API before its losses are reckoned.
 */
export function createFrontierKeeper({ ledger, serverClock, policy }: HarvestDeps): (api: string) => void {
  const confirmed = new Set<string>();
  return (api) => {
    if (confirmed.has(api)) return;
    ledger.ensureFrontiers(api, serverClock.now(), policy);
    if (!serverClock.sure()) return;
    if (ledger.isFrontierGuessed(api)) ledger.moveFrontiers(api, serverClock.now(), policy);
    confirmed.add(api);
  };
}

/** Less than this is what a `Date` is cut by. */
const SKEW_CHANGES_MS = 2_000;

/**
 * Writes down how far this machine's clock is off, as soon as that is known and whenever it changes: other processes, and
 * the next one after a kill, tell the time by it.
 */
export function createSkewKeeper({ ledger, serverClock }: HarvestDeps): () => void {
  let kept = ledger.clockMemory().skewMs;
  return () => {
    const skewMs = serverClock.skewMs();
    if (!serverClock.sure() || Math.abs(skewMs - kept) < SKEW_CHANGES_MS) return;
    ledger.keepSkewMs(skewMs);
    kept = skewMs;
  };
}
