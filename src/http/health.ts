import { isAlive, lateTails, type Vitals } from '../domain/vitals.ts';

export type Verdict = { readonly ok: boolean; readonly status: string };

const OPENING = 'the ledger is being opened';
const NO_ROOM = 'waiting: the disk of the ledger is full';

/** Whether a supervisor should leave the process alone: also while it opens its ledger, waits or is parked. @param now - Monotonic ms. */
export function healthOf(vitals: Vitals, now: number): Verdict {
  if (vitals.turnedAt === null) return { ok: true, status: beforeFirstTurn(vitals) };
  if (isAlive(vitals, now)) return { ok: true, status: `the loop turns${held(vitals)}` };
  return { ok: false, status: `the loop has not turned for ${Math.floor((now - vitals.turnedAt) / 1000)} seconds` };
}

/** Whether what is asked of the ledger is answered with what is new: of one API at least, for others may be refused. @param now - Monotonic ms. */
export function readinessOf(vitals: Vitals, now: number): Verdict {
  if (vitals.turnedAt === null) return { ok: false, status: beforeFirstTurn(vitals) };
  const late = lateTails(vitals, now);
  if (late.length === 0) return { ok: true, status: 'new tasks are read' };
  const ok = late.length < Object.keys(vitals.tails).length;
  return { ok, status: `new tasks were not read for three periods or more: ${late.join(', ')}` };
}

/** Without the reason, which holds foreign words: whoever reaches the port may ask. */
function held({ said }: Vitals): string {
  return said?.state === 'waiting' || said?.state === 'parked' ? `, and the daemon is ${said.state}` : '';
}

function beforeFirstTurn({ lacksRoom }: Vitals): string {
  return lacksRoom === true ? NO_ROOM : OPENING;
}
