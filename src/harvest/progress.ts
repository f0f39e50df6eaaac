import { coveredShare } from '../domain/covered-share.ts';
import type { ApiPicture } from '../domain/gaps.ts';
import { backlogOf, callMsOf } from '../domain/plan.ts';
import type { Progress } from '../domain/progress.ts';
import type { Harvest } from './harvester.ts';

/** What of the ledger is looked at. Instants are epoch ms of the server's clock. */
type Sight = {
  readonly pictures: readonly ApiPicture[];
  readonly now: number;
  /** The end of what is wanted, exclusive. */
  readonly upper: number;
  /** Calls a period that the newest tasks take of the budget. */
  readonly tailCalls?: number;
};

/** How far a harvest is, what is left, and why nothing moves. @param calls - Since this process began. */
export function progressOf({ deps, standing, totals }: Harvest, sight: Sight, calls: number): Progress {
  const { client, policy, clock } = deps;
  const { pictures, now, upper } = sight;
  const cutting = { ...sight, policy, inFlight: 0 };
  const backlog = backlogOf(pictures, cutting);
  return {
    coveredShare: coveredShare(pictures, upper, now),
    ...totals,
    calls,
    callsLeft: backlog.calls,
    tokensInUse: client.inUse(),
    tokens: policy.tokens,
    etaSeconds: backlog.exact ? Math.ceil((backlog.calls * callMsOf(cutting)) / 1000) : null,
    waiting: standing.pausedUntil(now)?.reason ?? null,
    nextCallInMs: nextCallIn(client.waiting(), clock.monotonic()),
  };
}

/** Null while a call may be made, and where it depends on an answer that is under way. */
function nextCallIn(waiting: { readonly untilMono: number } | null, mono: number): number | null {
  if (waiting === null || waiting.untilMono === Infinity) return null;
  return Math.max(waiting.untilMono - mono, 0);
}
