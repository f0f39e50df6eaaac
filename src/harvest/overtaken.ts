import { BOUND_MARGIN_MS } from '../domain/gaps.ts';
import { EDGE_MARGIN_MS, windowEdge } from '../domain/window.ts';
import type { Harvest } from './harvester.ts';
import { factsOf } from './walk-facts.ts';

/**
 * Ends the walks that wait and whose beginning the server no longer answers for: of a refused API or account, or after a stop. They
 * could only be refused. Their rows stay; what they had not proven is a gap as far as it can be read, and else a loss: the account of
 * losses waits for walks that are begun, and would wait for these for ever (I7).
 */
export function endOvertaken({ deps, lanes, refusedAt }: Harvest, now: number): void {
  const { ledger, log } = deps;
  for (const walk of ledger.openWalks()) {
    // The margin is of our own making: within it a walk may still be had.
    const edge = windowEdge(walk.grade, now, ledger.refusals(walk.api)) - EDGE_MARGIN_MS;
    if (lanes.has(walk.id) || walk.range.since - BOUND_MARGIN_MS >= edge) continue;
    refusedAt.delete(walk.id);
    ledger.endWalk(walk, 'expired', now);
    log.info(factsOf(walk), 'a slice has left the window before it could be read to its end');
  }
}
