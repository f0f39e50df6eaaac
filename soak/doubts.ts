import type { SimulatorOptions } from '../src/simulator/options.ts';
import type { Happening } from './scenario.ts';

/** The kinds of doubt for which this server has given cause so far. */
export function allowedDoubts(
  options: SimulatorOptions,
  met: ReadonlySet<Happening['kind']>,
  faults: ReadonlySet<string>,
): ReadonlySet<string> {
  const allowed = new Set<string>();
  if (options.metadata.missingShare > 0) allowed.add('no_metadata');
  const lies = ['lie_result_count', 'repeat_row', 'wrong_echo'].some((fault) => faults.has(fault));
  if (lies || options.listing.ties === 'reshuffled') allowed.add('unproven');
  // Where each reading shows a row twice, another one is missing from it.
  if (faults.has('repeat_row')) allowed.add('unlisted');
  // By a clock that is wrong the window's edge is guessed wrong, and the server's refusal looks odd.
  if (met.has('false Date') || met.has('clock step') || met.has('suspension')) allowed.add('rejected');
  return allowed;
}
