import { upperBound, type ApiPicture } from '../domain/gaps.ts';
import type { Walk } from '../domain/walk.ts';
import type { Harvest } from './harvester.ts';

/** Below this a first `Date` does not move the end of a backfill: the difference is what a call takes. */
const SKEW_MATTERS_MS = 60_000;

/** What a backfill looks at, worked out afresh from the ledger each time. Instants are epoch ms of the server's clock. */
export type View = {
  readonly now: () => number;
  readonly upper: () => number;
  /** Of the APIs that may be called. */
  readonly pictures: () => ApiPicture[];
  /** Begun and not in flight, but for those that this run leaves for a later one. */
  readonly waiting: () => Walk[];
  /** A walk that an earlier run had to leave has had its chance. */
  readonly tried: (walk: Walk) => void;
};

export function createView(harvest: Harvest): View {
  const { ledger, serverClock, policy } = harvest.deps;
  /** Walks that an earlier run had to leave get another chance at once: a person has asked again. */
  const asked = new Set(ledger.openWalks().map((walk) => walk.id));
  const apis = () => {
    const refused = harvest.standing.refusedApis();
    return policy.apis.filter((api) => !refused.includes(api));
  };
  return {
    now: () => serverClock.now(),
    upper: createBound(harvest),
    pictures: () => apis().map(ledger.picture),
    waiting: () =>
      ledger
        .openWalks()
        .filter((walk) => apis().includes(walk.api) && !harvest.lanes.has(walk.id) && !harvest.left.has(walk.id))
        .map((walk) => (asked.has(walk.id) ? { ...walk, retryAt: null } : walk)),
    tried: (walk) => void asked.delete(walk.id),
  };
}

/**
 * The end of what a backfill reads: `lag` behind the server's clock at its start (I6). Until the first answer that clock is a
 * guess; where the guess was far off, the end is reckoned once more.
 */
function createBound({ deps, extraLagMs }: Harvest): () => number {
  const { serverClock, policy } = deps;
  const guess = () => upperBound(serverClock.now(), policy.lagMs);
  let upper = guess();
  let isGuess = !serverClock.sure();
  return () => {
    if (isGuess && serverClock.sure()) {
      isGuess = false;
      if (Math.abs(guess() - upper) > SKEW_MATTERS_MS) upper = guess();
    }
    // A server whose clock went back does not let us read what is not past to it.
    const end = upper - guess() > SKEW_MATTERS_MS ? guess() : upper;
    return end - Math.ceil(extraLagMs() / 1000) * 1000;
  };
}
