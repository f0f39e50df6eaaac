import { UNSETTLED } from '../src/ledger/frontiers.ts';
import { DAY_MS, HOUR_MS } from '../src/time.ts';
import type { AuditorSetup } from './auditor.ts';
import { claim, iso } from './failure.ts';
import type { LossRow } from './partition.ts';
import { durationOf } from './scenario.ts';

/** A stretch that could be read for so long, while nothing stood in the way, must not be lost. */
const ENOUGH_MS = HOUR_MS;
/** What was read before it had settled is read again once that is over, and at most once in as long. */
const SETTLINGS = 2;
/** By how much the ledger may think the window narrower or wider than it is: months differ, and a refusal is believed for a week. */
export const NARROWER_MS = 5 * DAY_MS;

/**
 * That nothing counts as lost which the server still answers for, or which could have been read.
 *
 * @param bornAt - Since when the ledger has which API, ms since the beginning.
 */
export function createLossCheck(
  { scenario, service, troubles }: AuditorSetup,
  bornAt: ReadonlyMap<string, number>,
): (losses: readonly LossRow[], api: string) => void {
  /** For how long a lost stretch could have been read, ms. Where it is less than `enough` it may be too much: the exact figure takes a search. */
  const calmToRead = ({ since, until, grade, lost_at: lostAt }: LossRow, api: string, enough: number): number => {
    const toElapsed = (at: number) => at - service.options().skewMs - scenario.startedAt;
    // Of an API that was not in the settings nothing could be read.
    const from = Math.max(toElapsed(since * 1_000), bornAt.get(api) ?? 0);
    const untilFound = troubles.calmBetween(from, toElapsed(lostAt * 1_000));
    // How wide the window is shows only by asking: what left it during a stop may be found to be lost hours after the start.
    if (untilFound < enough) return untilFound;
    return troubles.calmBetween(from, toElapsed(service.leavesAt(grade, until * 1_000)));
  };
  const check = (loss: LossRow, api: string) => {
    const edge = service.windowEdge(loss.grade);
    const says = (why: string) => () =>
      `${api}: ${iso(loss.since * 1_000)} … ${iso(loss.until * 1_000)} counts as lost by ${loss.grade} at ${iso(loss.lost_at * 1_000)}, but ${why}.`;
    claim(
      loss.until * 1_000 <= edge + NARROWER_MS,
      says(`the server still answers for it (its window begins at ${iso(edge)})`),
    );
    const settleMs = durationOf(scenario.settings[1]['LEDGER_SETTLE'] ?? '1h');
    const enough = ENOUGH_MS + (loss.reason === UNSETTLED ? SETTLINGS * settleMs : 0);
    const calm = calmToRead(loss, api, enough);
    claim(calm < enough, says(`there were ${(calm / HOUR_MS).toFixed(1)} calm hours to read it in`));
  };
  return (losses, api) => {
    const isSilent = service.options().metadata.missingShare > 0;
    for (const loss of losses) if (!(isSilent && loss.reason.includes('without metadata'))) check(loss, api);
  };
}
