import type { Snapshot } from '../domain/snapshot.ts';
import { at, say } from './dom.ts';
import { count, counted, duration, moment } from './format.ts';

type Backlog = Pick<Snapshot, 'state' | 'until' | 'at' | 'backlog' | 'budget' | 'coverage' | 'refused'>;

export function showBacklog(snapshot: Snapshot): void {
  const bar = at('backlog-bar');
  bar.setAttribute('value', String(Math.floor(snapshot.backlog.coveredShare * 1_000)));
  bar.textContent = percentOf(snapshot.backlog.coveredShare);
  const { lead, note } = backlogWords(snapshot);
  say('backlog-lead', lead);
  say('backlog-note', note);
}

/** How much is read, and what is left; an end is told only while it comes nearer by itself. */
export function backlogWords(snapshot: Backlog): { readonly lead: string; readonly note: string } {
  const { backlog, coverage, budget } = snapshot;
  const apis = Object.values(coverage);
  const begun = apis.some((api) => api.since !== null);
  if (begun && apis.every((api) => api.complete))
    return { lead: 'Everything in the window is read.', note: 'New tasks are read as they come.' };
  const least = backlog.exact ? '' : 'at least ';
  const calls = `${backlog.exact ? '' : 'At least '}${counted(backlog.calls, 'call')}`;
  const pace = `${count(budget.calls)} calls in ${duration(budget.periodMs)}`;
  const left = `${calls} left, ${backlog.exact ? 'about ' : least}${duration(backlog.etaSeconds * 1000)} at ${pace}`;
  const gaps = counted(
    apis.reduce((sum, api) => sum + api.gaps.length, 0),
    'gap',
  );
  return {
    lead: `${percentOf(backlog.coveredShare)} of the window is read`,
    note: `${left}${outlookOf(snapshot)}. ${gaps}.`,
  };
}

function outlookOf({ state, until, at: now, backlog, refused }: Backlog): string {
  switch (state) {
    case 'parked':
      return '. It goes on once somebody has acted';
    case 'stopped':
      return '. It goes on once the daemon runs again';
    case 'waiting':
      if (until !== null) return '. It goes on once what it waits for is over';
      break;
    case 'harvesting':
    case 'idle':
      break;
  }
  if (Object.keys(refused).length > 0) return '. What is refused goes on once somebody has acted';
  const end = moment(Date.parse(now) + backlog.etaSeconds * 1000).slice(0, 16);
  return backlog.exact ? `: until ${end} if the budget is free` : `: not before ${end}`;
}

/** `18.1 %`, rounded down: 100 % is a promise. */
function percentOf(share: number): string {
  return `${(Math.floor(share * 1_000) / 10).toFixed(1)} %`;
}
