import { backlogOutlook, isAllRead, type BacklogOutlook } from '../domain/backlog-outlook.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { at, say } from './dom.ts';
import { count, counted, duration, moment } from './format.ts';

type Backlog = Pick<Snapshot, 'state' | 'at' | 'backlog' | 'budget' | 'coverage' | 'refused'>;

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
  const outlook = backlogOutlook(snapshot);
  const { backlog, coverage, budget } = snapshot;
  if (isAllRead(snapshot)) {
    const isNow = Object.values(coverage).every(({ complete }) => complete);
    const lead = isNow ? 'Everything in the window is read.' : 'Everything up to the last reading is read.';
    return { lead, note: NEW_TASKS[outlook] };
  }
  const calls = `${backlog.exact ? '' : 'At least '}${counted(backlog.calls, 'call')}`;
  const time = `${backlog.exact ? 'about' : 'at least'} ${duration(backlog.etaSeconds * 1000)}`;
  const pace = `${count(budget.calls)} calls in ${duration(budget.periodMs)}`;
  const gaps = Object.values(coverage).reduce((sum, api) => sum + api.gaps.length, 0);
  return {
    lead: `${percentOf(backlog.coveredShare)} of the window is read`,
    note: `${calls} left, ${time} at ${pace}${whenOf(outlook, snapshot)}. ${counted(gaps, 'gap')}.`,
  };
}

const NEW_TASKS: Readonly<Record<BacklogOutlook, string>> = {
  goes_on: 'New tasks are read as they come.',
  unknown: 'New tasks are read as they come.',
  waits: 'New tasks are read once what the daemon waits for is over.',
  refused: 'New tasks of what is refused are read once somebody has acted.',
  parked: 'New tasks are read once somebody has acted.',
  stopped: 'New tasks are read once the daemon runs again.',
};

function whenOf(outlook: BacklogOutlook, { at: now, backlog }: Backlog): string {
  const end = moment(Date.parse(now) + backlog.etaSeconds * 1000).slice(0, 16);
  switch (outlook) {
    case 'goes_on':
      return `: until ${end} if the budget is free`;
    case 'unknown':
      return `: not before ${end}`;
    case 'waits':
      return '. It goes on once what the daemon waits for is over';
    case 'refused':
      return '. What is refused goes on once somebody has acted';
    case 'parked':
      return '. It goes on once somebody has acted';
    case 'stopped':
      return '. It goes on once the daemon runs again';
  }
}

/** `18.1 %`, rounded down: 100 % is a promise. */
function percentOf(share: number): string {
  return `${(Math.floor(share * 1_000) / 10).toFixed(1)} %`;
}
