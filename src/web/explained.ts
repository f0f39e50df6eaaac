import type { CallMade, Covering, Lack, MomentOfApi } from '../domain/explanation.ts';
import { counted, duration, moment } from './format.ts';

/** What covers a moment, or why nothing does, in one line. */
export function explained({ covered, lack }: MomentOfApi): string {
  return [...(covered === null ? [] : [coveredBy(covered)]), ...(lack === null ? [] : [lacking(lack)])].join(' · ');
}

function coveredBy({ calls, walk, purpose, readAt, rows, settledAt }: Covering): string {
  const settled = settledAt === null ? 'not settled yet' : 'settled';
  return `${callsInWords(calls)} (walk ${walk}, ${purpose}) at ${moment(readAt)}, ${counted(rows, 'task')} in its slice, ${settled}`;
}

export function callsInWords(calls: readonly CallMade[]): string {
  const [first, last] = [calls[0], calls.at(-1)];
  if (first === undefined || last === undefined) return 'read by calls no longer in the journal';
  return first.id === last.id ? `read by call ${first.id}` : `read by calls ${first.id} to ${last.id}`;
}

function lacking(lack: Lack): string {
  switch (lack.kind) {
    case 'future':
      return 'this moment has not come yet';
    case 'left':
      return 'it left the window before this ledger began';
    case 'too_young':
      return `too young: it can be read from ${moment(lack.readableAt)}`;
    case 'never_read':
      return 'this API has never been read';
    case 'before_origin':
      return `before ${moment(lack.origin)}, where this ledger begins`;
    case 'lost':
      return `${lack.grade} lost at ${moment(lack.lostAt)}: ${lack.reason}`;
    case 'being_read':
      return `being read now (walk ${lack.walk})${lack.failure === null ? '' : `, which failed last: ${lack.failure}`}`;
    case 'gap':
      return `${lack.grade} to be read ${turnOf(lack)}; expires ${moment(lack.expiresAt)}`;
  }
}

/** The call that reads it is the one after those. */
function turnOf({ callsBefore, exact, etaSeconds }: Lack & { readonly kind: 'gap' }): string {
  if (callsBefore === 0) return 'by the next call';
  return `after ${exact ? '' : 'at least '}${counted(callsBefore, 'call')}, in about ${duration(etaSeconds * 1000)}`;
}
