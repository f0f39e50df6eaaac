import type { HarvestDeps } from './harvester.ts';

/**
 * Gives each API its window before anything is read of it. Until the first answer the server's clock is a guess; a window
 * that was born under a wrong guess is reckoned once more, or its edge would count as lost, or be lost unnoticed.
 *
 * @returns To be called for each API before its losses are reckoned.
 */
export function createFrontierKeeper({ ledger, serverClock, policy }: HarvestDeps): (api: string) => void {
  const bornByGuess = new Set<string>();
  return (api) => {
    const isNew = ledger.ensureFrontiers(api, serverClock.now(), policy);
    if (isNew && !serverClock.known()) bornByGuess.add(api);
    if (!serverClock.known() || !bornByGuess.delete(api)) return;
    ledger.moveFrontiers(api, serverClock.now(), policy);
  };
}
