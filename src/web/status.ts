import type { CostRow, Totals } from '../domain/report.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import { ask, inWords, read } from './ask.ts';
import { showCosts, showDays, showFailures, watchRange } from './costs.ts';
import { at, draw, h, say } from './dom.ts';
import { showExpiry } from './expiry.ts';
import { bytes, compact, count, counted, DAY_MS, duration, moment, money, share } from './format.ts';
import { showBudget, type Calls } from './budget.ts';
import { legendItems } from './patterns.ts';
import { FAILURE_DAYS, nameRanges, RANGE_DAYS } from './range.ts';
import { showLost } from './lost.ts';
import { showStrips, type Strip } from './strip.ts';

/** How often what is behind the snapshot is asked for again. */
const REFRESH_MS = 10_000;

const STATE_WORDS: Readonly<Record<Snapshot['state'], string>> = {
  harvesting: 'Harvesting',
  idle: 'Up to date',
  waiting: 'Waiting',
  parked: 'Parked: somebody must act',
  stopped: 'Stopped',
};

export type Costs = { readonly rows: readonly CostRow[]; readonly totals: Totals; readonly groups: number };

function listen(): void {
  const events = new EventSource('/api/live');
  const connected = (live: boolean) => {
    const mark = at('live');
    mark.dataset['live'] = live ? 'on' : 'off';
    const words = live ? 'Live' : 'No connection; trying again';
    const text = mark.lastElementChild;
    if (text !== null && text.textContent !== words) text.textContent = words;
    // What is shown may be long over: nobody should take an old "Up to date" for a new one.
    at('state').dataset['live'] = live ? 'on' : 'off';
  };
  events.addEventListener('status', (event: MessageEvent<string>) => {
    connected(true);
    showSnapshot(read<Snapshot>(event.data));
  });
  events.addEventListener('trouble', (event: MessageEvent<string>) => {
    connected(true);
    showTrouble(read<{ readonly error: string }>(event.data).error);
  });
  events.addEventListener('error', () => connected(false));
}

function showTrouble(reason: string): void {
  at('state').dataset['state'] = 'trouble';
  say('state-name', 'The ledger does not answer yet');
  say('state-reason', reason);
  say('state-side', '');
}

function showSnapshot(snapshot: Snapshot): void {
  const { state, reason, until, at: now, tasks, ledger, doubts } = snapshot;
  at('state').dataset['state'] = state;
  say('state-name', STATE_WORDS[state]);
  say('state-reason', sentence(reason));
  const left = until === null ? null : Date.parse(until) - Date.parse(now);
  say('state-side', left === null ? '' : `until ${moment(until ?? now)} (${duration(left)})`);
  figure('figure-tasks', compact(tasks.total), counted(tasks.total, 'task'));
  figure(
    'figure-metadata',
    share(tasks.withMetadata, tasks.total),
    `${counted(tasks.withMetadata, 'task')}. DataForSEO lists metadata for a month: what was older when it was read has none.`,
  );
  figure('figure-unfinished', count(tasks.unfinished));
  figure('figure-doubts', count(doubts));
  at('figure-doubts').dataset['mood'] = doubts > 0 ? 'warn' : '';
  showLost(snapshot);
  figure('figure-size', bytes(ledger.sizeBytes + ledger.walBytes), `${ledger.path}, schema ${ledger.schemaVersion}`);
  showBacklog(snapshot);
  showExpiry(snapshot);
  showFailure(snapshot);
  say('foot', `All times are UTC by the server's clock, ${moment(now)}. ${ledger.path} · version ${snapshot.version}`);
  document.title = `${STATE_WORDS[state].split(':')[0] ?? ''} · dataforseo-ledger`;
}

function figure(id: string, text: string, title?: string): void {
  say(id, text);
  if (title !== undefined) at(id).title = title;
}

function sentence(text: string): string {
  const first = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

function showBacklog({ backlog, coverage, at: now, budget }: Snapshot): void {
  const gaps = Object.values(coverage).flatMap((api) => api.gaps);
  // Rounded down: 100 % is a promise.
  const percent = (Math.floor(backlog.coveredShare * 1_000) / 10).toFixed(1);
  const bar = at('backlog-bar');
  bar.setAttribute('value', String(Math.floor(backlog.coveredShare * 1_000)));
  bar.textContent = `${percent} %`;
  const begun = Object.values(coverage).some((api) => api.since !== null);
  const isDone = begun && Object.values(coverage).every((api) => api.complete);
  const calls = `${backlog.exact ? '' : 'At least '}${counted(backlog.calls, 'call')}`;
  say('backlog-lead', isDone ? 'Everything in the window is read.' : `${percent} % of the window is read`);
  const eta = duration(backlog.etaSeconds * 1000);
  const end = moment(Date.parse(now) + backlog.etaSeconds * 1000).slice(0, 16);
  const pace = `${count(budget.calls)} calls in ${duration(budget.periodMs)}`;
  say(
    'backlog-note',
    isDone
      ? 'New tasks are read as they come.'
      : `${calls} left, about ${eta} at ${pace}: until ${end} if the budget is free. ${counted(gaps.length, 'gap')}.`,
  );
}

function showFailure({ lastFailure }: Snapshot): void {
  const text =
    lastFailure === null
      ? 'No call to DataForSEO has failed.'
      : `The last call to DataForSEO that failed: ${lastFailure.code} at ${moment(lastFailure.at)}${lastFailure.message === '' ? '' : ` (${lastFailure.message})`}`;
  say('last-failure', text);
}

/** The first of so many days, today among them. They are those of the server's clock; a browser's may be wrong. */
function firstOf(days: number, now: string): string {
  return new Date(Date.parse(now) - (days - 1) * DAY_MS).toISOString().slice(0, 10);
}

async function refresh(): Promise<void> {
  try {
    const calls = await ask<Calls>('/api/calls');
    showBudget(calls);
    await Promise.all(partsAt(calls.at).map(show));
  } catch (error) {
    say('budget-note', inWords(error));
  }
}

type Part = { readonly id: string; readonly fill: () => Promise<void> };

function partsAt(now: string): Part[] {
  const costs = (by: 'endpoint' | 'tag') =>
    ask<Costs>('/api/costs', { by, since: firstOf(RANGE_DAYS, now), limit: '50' });
  const failures = { by: 'status', state: 'failed', since: firstOf(FAILURE_DAYS, now), limit: '50' };
  return [
    { id: 'strips', fill: async () => showStrips((await ask<{ strips: readonly Strip[] }>('/api/strips')).strips) },
    { id: 'days-note', fill: () => showDays(now) },
    {
      id: 'by-endpoint',
      fill: async () => {
        const found = await costs('endpoint');
        figure(
          'figure-cost',
          money(found.totals.costMicros),
          `${counted(found.totals.tasks, 'task')} in ${RANGE_DAYS} days`,
        );
        showCosts('by-endpoint', found, 'endpoint');
      },
    },
    { id: 'by-tag', fill: async () => showCosts('by-tag', await costs('tag'), 'tag') },
    { id: 'failures', fill: async () => showFailures(await ask<Costs>('/api/costs', failures)) },
  ];
}

/** One part that fails leaves the others as they are. */
async function show({ id, fill }: Part): Promise<void> {
  try {
    await fill();
  } catch (error) {
    draw(at(id), inWords(error), () => [h('p', { class: 'trouble' }, inWords(error))]);
  }
}

async function keepFresh(): Promise<void> {
  for (;;) {
    await refresh();
    await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
    // A page that nobody looks at asks for nothing.
    while (document.hidden)
      await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
  }
}

at('legend').append(...legendItems());
nameRanges();
watchRange();
listen();
void keepFresh();
