import type { Snapshot } from '../domain/snapshot.ts';
import { ask, inWords } from './ask.ts';
import { showBacklog } from './backlog.ts';
import { showBudget, type Calls } from './budget.ts';
import { showCosts, showDays, watchRange, type Costs } from './costs.ts';
import { at, draw, h, say } from './dom.ts';
import { showExpiry } from './expiry.ts';
import { showFailures, showLastFailure } from './failures.ts';
import { bytes, compact, count, counted, DAY_MS, exactMoney, moment, money, share } from './format.ts';
import { legendItems } from './patterns.ts';
import { FAILURE_DAYS, nameRanges, RANGE_DAYS } from './range.ts';
import { listenLive, type Connection } from './live.ts';
import { showLost } from './lost.ts';
import { readWords, stateWords, unheardWords, type StateWords } from './state-words.ts';
import { showStrips, type Strip } from './strip.ts';

/** How often what is behind the snapshot is asked for again. */
const REFRESH_MS = 10_000;

const CONNECTIONS: Readonly<Record<Connection, string>> = {
  live: 'Live',
  polled: 'Asked every 10 s',
  none: 'No connection; trying again',
};

function listen(): void {
  listenLive({
    heard: (heard, connection) => {
      showConnection(connection);
      if (heard.kind === 'trouble') showTrouble(heard.reason);
      else showSnapshot(heard.snapshot);
    },
    silent: (last) => {
      showConnection('none');
      showState(unheardWords(last));
      say('state-read', '');
    },
  });
}

function showConnection(connection: Connection): void {
  const state = connection === 'none' ? 'off' : 'on';
  const mark = at('live');
  mark.dataset['live'] = state;
  const text = mark.lastElementChild;
  if (text !== null && text.textContent !== CONNECTIONS[connection]) text.textContent = CONNECTIONS[connection];
  at('state').dataset['live'] = state;
}

function showState({ name, reason, side }: StateWords): void {
  say('state-name', name);
  say('state-reason', reason);
  say('state-side', side);
  document.title = `${name.split(':')[0] ?? ''} · dataforseo-ledger`;
}

function showTrouble(reason: string): void {
  at('state').dataset['state'] = 'trouble';
  showState({ name: 'The ledger does not answer yet', reason, side: '' });
  say('state-read', '');
}

function showSnapshot(snapshot: Snapshot): void {
  const { state, at: now, tasks, ledger, doubts } = snapshot;
  at('state').dataset['state'] = state;
  showState(stateWords(snapshot));
  say('state-read', readWords(snapshot));
  figure('figure-tasks', compact(tasks.total), counted(tasks.total, 'task'));
  figure(
    'figure-metadata',
    share(tasks.withMetadata, tasks.total),
    `${counted(tasks.withMetadata, 'task')}. DataForSEO lists metadata for a month: what was older when it was read has none.`,
  );
  figure('figure-unfinished', count(tasks.unfinished));
  draw(at('figure-doubts'), doubts, () => [h('a', { href: '/reports?report=doubts' }, count(doubts))]);
  at('figure-doubts').dataset['mood'] = doubts > 0 ? 'warn' : '';
  showLost(snapshot);
  figure('figure-size', bytes(ledger.sizeBytes + ledger.walBytes), `${ledger.path}, schema ${ledger.schemaVersion}`);
  showBacklog(snapshot);
  showExpiry(snapshot);
  showLastFailure(snapshot);
  say('foot', `All times are UTC by the server's clock, ${moment(now)}. ${ledger.path} · version ${snapshot.version}`);
}

function figure(id: string, text: string, title?: string): void {
  say(id, text);
  if (title !== undefined) at(id).title = title;
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
  const since = firstOf(RANGE_DAYS, now);
  const failedSince = firstOf(FAILURE_DAYS, now);
  const costs = (by: 'endpoint' | 'tag') => ask<Costs>('/api/costs', { by, since, limit: '50' });
  const failures = { by: 'status', state: 'failed', since: failedSince, limit: '50' };
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
          `${exactMoney(found.totals.costMicros)}, ${counted(found.totals.tasks, 'task')} in ${RANGE_DAYS} days`,
        );
        showCosts('by-endpoint', found, { by: 'endpoint', since });
      },
    },
    { id: 'by-tag', fill: async () => showCosts('by-tag', await costs('tag'), { by: 'tag', since }) },
    { id: 'failures', fill: async () => showFailures(await ask<Costs>('/api/costs', failures), failedSince) },
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
