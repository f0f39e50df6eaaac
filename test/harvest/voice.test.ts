import { existsSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import type { Word } from '../../src/domain/vitals.ts';
import type { Harvest } from '../../src/harvest/harvester.ts';
import { createStanding } from '../../src/harvest/standing.ts';
import { createVoice, READS_BACKLOG } from '../../src/harvest/voice.ts';
import type { DaemonState } from '../../src/ledger/daemon-state.ts';
import { openLedger } from '../../src/ledger/ledger.ts';
import { NOW, tempLedger } from '../support/ledger.ts';
import { openBench, type Bench } from '../support/bench.ts';

const HOUR_MS = 3_600_000;

/** Looks beside the process that works until what is seen is what is awaited. */
async function seen(bench: Bench, settings: Record<string, string>, isIt: (snapshot: Snapshot) => boolean) {
  for (let looks = 0; looks < 400; looks += 1) {
    const snapshot = existsSync(bench.path) ? bench.app(settings).status() : null;
    if (snapshot !== null && isIt(snapshot)) return snapshot;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`not seen; the last was ${JSON.stringify(bench.app(settings).status())}`);
}

function runDaemon(bench: Bench, settings: Record<string, string> = {}) {
  const stop = new AbortController();
  const running = bench.app({ LEDGER_TAIL_CRON: '* * * * * *', ...settings }).run(stop.signal);
  running.catch(() => undefined);
  onTestFinished(async () => {
    stop.abort(new Error('the test is over'));
    await running;
  });
}

describe('beside a backfill', () => {
  it('status says that it harvests, whatever a killed daemon said last, and that it stopped when it has', async () => {
    const bench = await openBench({ tasks: 4_000, newestAgoMs: HOUR_MS });
    // As a kill leaves it: its last word stands, its lock is gone.
    const killed = openLedger({
      path: bench.path,
      login: bench.env['DATAFORSEO_LOGIN'] ?? '',
      pid: 1,
      now: Date.now(),
    });
    killed.setDaemonState({ state: 'parked', reason: 'long ago', until: null, at: 0, pid: process.pid, version: '0' });
    killed.close();
    const states = new Set<string>();
    await bench.app().backfill(() => states.add(bench.app().status().state), new AbortController().signal);
    expect([...states].filter((state) => state !== 'waiting')).toEqual(['harvesting']);
    expect(bench.app().status()).toMatchObject({ state: 'stopped', until: null });
  });

  it('status says that it waits for a server that fails, and until when', async () => {
    const bench = await openBench({ tasks: 3_000, newestAgoMs: HOUR_MS, rate: { calls: 10, periodMs: 2_000 } });
    bench.simulator.set({ faults: [{ fault: 'http500' }] });
    const stop = new AbortController();
    const running = bench.backfill({}, stop.signal).catch((error: unknown) => error);
    const { reason, until, at } = await seen(
      bench,
      {},
      (snapshot) => snapshot.state === 'waiting' && snapshot.until !== null,
    );
    expect(reason).toContain('the server cannot be reached or fails');
    expect(Date.parse(until ?? '')).toBeGreaterThanOrEqual(Date.parse(at) - 5_000);
    stop.abort(new Error('enough'));
    await running;
  });
});

describe('on a disk that takes nothing', () => {
  it('each word is heard in the process itself, and written down again and again until it is', () => {
    const { open } = tempLedger();
    const ledger = open();
    let isFull = true;
    let now = NOW;
    const heard: string[] = [];
    const written: string[] = [];
    const deps = {
      ledger: {
        ...ledger,
        setDaemonState: ({ state }: DaemonState) => {
          if (isFull) throw new Error('database or disk is full');
          written.push(state);
        },
      },
      log: { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined },
      serverClock: { now: () => now },
      policy: { apis: ['backlinks'] },
      worker: { pid: 1, version: '1' },
      hear: ({ state }: Word) => void heard.push(state),
    };
    const voice = createVoice({ deps, standing: createStanding(60_000) } as unknown as Harvest);
    voice.say(READS_BACKLOG);
    voice.say({ state: 'waiting', reason: 'the disk is full', until: null });
    expect([heard, written]).toEqual([['harvesting', 'waiting'], []]);
    isFull = false;
    now += 20_000;
    voice.say({ state: 'waiting', reason: 'the disk is full', until: null });
    expect([heard.at(-1), written]).toEqual(['waiting', ['waiting']]);
    isFull = true;
    voice.stop();
    expect([heard.at(-1), written]).toEqual(['stopped', ['waiting']]);
  });
});

describe('beside a daemon', () => {
  it('status says that it is parked, why, and what to do, when the one API is refused, and harvests when it no longer is', async () => {
    const bench = await openBench({ tasks: 2_000, newestAgoMs: HOUR_MS, refusals: { apis: { backlinks: 40204 } } });
    runDaemon(bench);
    const { reason } = await seen(bench, {}, ({ state }) => state === 'parked');
    expect(reason).toMatch(/^backlinks is refused: .*40204.*\. Activate the subscription of this API/);
    const warnings = bench.logged.filter((line) => line.includes('a page could not be had'));
    expect(JSON.parse(warnings[0] ?? '{}')).toMatchObject({
      hint: expect.stringContaining('Activate the subscription') as string,
    });
    bench.simulator.set({ refusals: { apis: { backlinks: null } } });
    expect((await seen(bench, {}, ({ state }) => state === 'idle')).reason).not.toContain('refused');
  }, 30_000);

  it('status says which API is refused while the others are read', async () => {
    const bench = await openBench({
      tasks: 2_000,
      newestAgoMs: HOUR_MS,
      apis: ['backlinks', 'serp'],
      refusals: { apis: { serp: 40204 } },
    });
    const both = { LEDGER_APIS: 'backlinks,serp' };
    runDaemon(bench, both);
    const { state } = await seen(bench, both, ({ reason }) => /; serp is refused: .*Activate/.test(reason));
    expect(['harvesting', 'idle']).toContain(state);
    const { refused } = bench.app(both).status();
    expect(Object.keys(refused)).toEqual(['serp']);
    expect(refused['serp']).toMatchObject({ code: '40204', reason: expect.stringMatching(/Activate/) as string });
    const since = Date.parse(refused['serp']?.since ?? '');
    expect(Math.abs(since - Date.now())).toBeLessThan(30_000);
    // It is asked again, refused again, and since when stays; until it answers.
    await seen(bench, both, (later) => later.refused['serp']?.until !== refused['serp']?.until);
    expect(bench.app(both).status().refused['serp']?.since).toBe(refused['serp']?.since);
    bench.simulator.set({ refusals: { apis: { serp: null } } });
    await seen(bench, both, (later) => Object.keys(later.refused).length === 0);
  }, 30_000);

  it('status says what to do when the account is refused', async () => {
    const bench = await openBench({ tasks: 2_000, refusals: { account: 40200 } });
    runDaemon(bench);
    const { reason } = await seen(bench, {}, ({ state }) => state === 'parked');
    expect(reason).toContain('Add funds at https://app.dataforseo.com');
  }, 30_000);
});
