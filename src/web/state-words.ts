import type { Snapshot } from '../domain/snapshot.ts';
import type { Heard } from './live.ts';
import { duration, ended, listed, moment, sentence } from './format.ts';

export type StateWords = { readonly name: string; readonly reason: string; readonly side: string };

const NAMES: Readonly<Record<Snapshot['state'], string>> = {
  harvesting: 'Harvesting',
  idle: 'Up to date',
  waiting: 'Waiting',
  parked: 'Parked: somebody must act',
  stopped: 'Stopped',
};

/** What the daemon does, why, and what comes next. */
export function stateWords(snapshot: Pick<Snapshot, 'state' | 'reason' | 'until' | 'at' | 'refused'>): StateWords {
  return { name: NAMES[snapshot.state], reason: reasonOf(snapshot), side: sideOf(snapshot) };
}

/** How new what the ledger holds is: of the API whose newest tasks were read longest ago. */
export function readWords({ tail, at: now }: Pick<Snapshot, 'tail' | 'at'>): string {
  const read = Object.entries(tail).flatMap(([api, { readUpTo }]) => (readUpTo === null ? [] : [{ api, readUpTo }]));
  const [oldest] = read.sort((a, b) => a.readUpTo.localeCompare(b.readUpTo));
  if (oldest === undefined) return '';
  const whose = Object.keys(tail).length === 1 ? '' : ` of ${oldest.api}`;
  const ago = duration(Math.max(Date.parse(now) - Date.parse(oldest.readUpTo), 0));
  return `New tasks${whose} are read up to ${moment(oldest.readUpTo)} UTC, ${ago} ago.`;
}

/** Once the daemon is not heard of: what was told last may be long over, and must not look like now. @param last - Null before the first answer. */
export function unheardWords(last: Last): StateWords {
  return { name: 'Not connected', reason: lastWords(last), side: '' };
}

type Last = Extract<Heard, { kind: 'trouble' }> | { kind: 'status'; snapshot: Pick<Snapshot, 'state' | 'at'> } | null;

function lastWords(last: Last): string {
  if (last === null) return 'The daemon has not answered yet.';
  if (last.kind === 'trouble') return `Nothing more is heard of the daemon. What it said last: ${ended(last.reason)}`;
  const { state, at: then } = last.snapshot;
  const was = NAMES[state].split(':')[0]?.toLowerCase() ?? '';
  return `Nothing was heard of the daemon since ${moment(then)} UTC. All of this page is as it was then: ${was}.`;
}

/** How the log tells a call that was refused; of the address in it the page has no use. */
const CALL = /^POST \/v3\/\w+\/id_list failed \(([^)]*)\): /;

/** APIs that are refused for one reason share one sentence. */
function reasonOf({ state, reason, refused }: Pick<Snapshot, 'state' | 'reason' | 'refused'>): string {
  const parts = Object.entries(refused)
    .map(([api, { reason: why }]) => ({ api, why, text: `${api} is refused: ${why}` }))
    .filter(({ text }) => reason.includes(text));
  const rest = parts.reduce((left, { text }) => left.replace(text, ''), reason).replace(/[;\s]+$/, '');
  const own = state === 'parked' ? rest.replace(CALL, 'Refused ($1): ') : rest;
  const told = [...Map.groupBy(parts, ({ why }) => afterRefused(why))].map(([why, of]) =>
    ended(`${listed(of.map(({ api }) => api))} ${of.length === 1 ? 'is' : 'are'} refused${why}`),
  );
  return [...(own === '' ? [] : [sentence(own)]), ...told].join(' ');
}

function afterRefused(why: string): string {
  return CALL.test(why) ? why.replace(CALL, ' ($1): ') : `: ${why}`;
}

/** What is parked is asked again by itself; nothing ends then. */
function sideOf({ state, until, at: now }: Pick<Snapshot, 'state' | 'until' | 'at'>): string {
  if (until === null) return '';
  const leftMs = Date.parse(until) - Date.parse(now);
  if (state !== 'parked') return `until ${moment(until)} (${duration(leftMs)})`;
  return leftMs <= 0 ? 'asked again now' : `asked again at ${moment(until)}, in ${duration(leftMs)}`;
}
