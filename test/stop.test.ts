import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { takeLock } from '../src/ledger/lock.ts';
import type { SimulatorPatch } from '../src/simulator/options.ts';
import { openBench, type Bench } from './support/bench.ts';
import { inTurns } from './support/sample.ts';
import { ended, lastWords, startProcess, type Ended } from './support/process.ts';

const HOUR_MS = 3_600_000;
const HANGS: SimulatorPatch = { faults: [{ when: {}, fault: 'hang' }] };

type Stopped = Ended & { readonly tookMs: number };

/** Sends the signals, and waits for the end. @param pauseMs - Between two signals. */
async function stop(child: ChildProcess, done: Promise<Ended>, signals = 1, pauseMs = 600): Promise<Stopped> {
  const began = performance.now();
  for (let n = 1; n <= signals; n += 1) {
    if (n > 1) await delay(pauseMs);
    child.kill(pauseMs < 100 ? 'SIGINT' : 'SIGTERM');
  }
  return { ...(await done), tookMs: performance.now() - began };
}

/** Resolves once the server has seen so many calls. */
function calls(bench: Bench, wanted: number): Promise<void> {
  return new Promise((resolve) => bench.onCall(() => bench.simulator.stats().calls >= wanted && resolve()));
}

/** Whatever ended it, the file is whole, and nobody holds it. */
async function expectSoundLedger(bench: Bench, butFor = /^$/): Promise<void> {
  const wish = { reread: 0, onProgress: () => undefined };
  const { problems } = await bench.app().verify(wish, new AbortController().signal);
  expect(problems.filter(({ text }) => !butFor.test(text))).toEqual([]);
  expect(bench.app().status().state).toBe('stopped');
}

const COMMANDS = [
  { command: 'run', code: 0 },
  { command: 'backfill', code: 130 },
] as const;

const WAITING: readonly (readonly [state: string, SimulatorPatch])[] = [
  ['parked', { refusals: { account: 40100 } }],
  ['waiting', { faults: [{ when: {}, fault: 'http503' }] }],
  ['harvesting', { tasks: 300_000, rate: { calls: 2, periodMs: 600_000 } }],
];

function isIn(bench: Bench, state: string): boolean {
  if (!existsSync(bench.path)) return false;
  try {
    const snapshot = bench.app().status();
    return snapshot.state === state && (state !== 'harvesting' || snapshot.budget.inUse === 2);
  } catch {
    // It is only being made.
    return false;
  }
}

/** By it a thread is known to be in the middle of something. */
function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function alter({ path }: Bench, ...statements: readonly string[]): void {
  const database = new Database(path);
  // Views of the ledger name what is renamed for a moment.
  database.pragma('legacy_alter_table = on');
  for (const statement of statements) database.exec(statement);
  database.close();
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += 50) {
    if (waitedMs > 20_000) throw new Error('it never came to that');
    await delay(50);
  }
}

/** Nothing is left in the log: the file alone is the ledger. */
const walBytes = ({ path }: Bench) => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;

describe('a signal to stop', { timeout: 180_000 }, () => {
  it('ends a daemon with 0 and a backfill with 130 within eight seconds, although the server hangs', () =>
    inTurns(2, COMMANDS, async ({ command, code }) => {
      const bench = await openBench({ tasks: 3_000, newestAgoMs: HOUR_MS, ...HANGS }, { LEDGER_TIMEOUT: '60s' });
      const seen = calls(bench, 1);
      const child = startProcess(bench, [command]);
      const done = ended(child);
      await seen;
      const stopped = await stop(child, done);
      expect(stopped).toMatchObject({ code, signal: null });
      expect(stopped.tookMs).toBeLessThan(8_000);
      expect(bench.rows('select distinct code from calls')).toEqual([{ code: 'aborted' }]);
      expect(bench.rows('select id from call where token_back_mono_ms is null')).toEqual([]);
      expect(walBytes(bench)).toBe(0);
      await expectSoundLedger(bench);
    }));

  it('waits for the answers that are nearly there, and keeps them', () =>
    inTurns(2, COMMANDS, async ({ command, code }) => {
      const bench = await openBench({
        tasks: 30_000,
        newestAgoMs: HOUR_MS,
        rate: { periodMs: 60_000 },
        latency: { meanMs: 0, tailShare: 1, tailMs: 1_500 },
      });
      const seen = calls(bench, 2);
      const child = startProcess(bench, [command]);
      const done = ended(child);
      await seen;
      const before = bench.simulator.stats().calls;
      const stopped = await stop(child, done);
      expect(stopped).toMatchObject({ code, signal: null });
      expect(stopped.tookMs).toBeLessThan(5_000);
      // Two lanes more may have sent theirs before the signal is there; without it they would go on to ten.
      expect(bench.simulator.stats().calls).toBeLessThanOrEqual(before + 2);
      // Each has its answer, also the refusals by which the window's edge is found.
      expect(bench.rows(`select id from calls where code is null or typeof(code) = 'text'`)).toEqual([]);
      await expectSoundLedger(bench);
    }));

  it('a second time ends it at once, and harms nothing', () =>
    inTurns(2, COMMANDS, async ({ command }) => {
      const bench = await openBench({ tasks: 3_000, newestAgoMs: HOUR_MS, ...HANGS }, { LEDGER_TIMEOUT: '60s' });
      const seen = calls(bench, 1);
      const child = startProcess(bench, [command]);
      const done = ended(child);
      await seen;
      const stopped = await stop(child, done, 2);
      expect(stopped).toMatchObject({ code: 130, signal: null });
      expect(stopped.tookMs).toBeLessThan(3_000);
      await expectSoundLedger(bench);
    }));

  it('twice within milliseconds is one Ctrl-C: the daemon ends in good order with 0, and leaves no log', async () => {
    const bench = await openBench({ tasks: 3_000, newestAgoMs: HOUR_MS, ...HANGS }, { LEDGER_TIMEOUT: '60s' });
    const seen = calls(bench, 1);
    const child = startProcess(bench, ['run']);
    const done = ended(child);
    await seen;
    const stopped = await stop(child, done, 2, 20);
    expect(stopped, stopped.stderr).toMatchObject({ code: 0, signal: null });
    expect(walBytes(bench)).toBe(0);
    await expectSoundLedger(bench);
  });

  it('ends a daemon at once that is parked, that waits for a server which fails, or for a token', () =>
    inTurns(3, WAITING, async ([state, patch]) => {
      const bench = await openBench({ tasks: 3_000, newestAgoMs: HOUR_MS, ...patch });
      const child = startProcess(bench, ['run']);
      const done = ended(child);
      await until(() => isIn(bench, state));
      const stopped = await stop(child, done);
      expect(stopped).toMatchObject({ code: 0, signal: null });
      expect(stopped.tookMs).toBeLessThan(3_000);
      await expectSoundLedger(bench);
    }));

  it.skipIf(!existsSync('/proc/self/stat')).each([
    ['once ends the daemon with 0 within eight seconds', 1, { code: 0, withinMs: 8_000 }],
    ['twice ends it at once', 2, { code: 130, withinMs: 3_000 }],
  ] as const)(
    '%s, although the server hangs and the page is in the middle of a report',
    async (_what, signals, expected) => {
      const bench = await openBench({ tasks: 300, newestAgoMs: HOUR_MS }, { LEDGER_TIMEOUT: '60s' });
      const child = startProcess(bench, ['run'], { settings: { LEDGER_TAIL_CRON: '* * * * * *' } });
      const done = ended(child);
      let logged = '';
      child.stderr?.on('data', (chunk: Buffer) => (logged += chunk.toString()));
      await until(() => logged.includes('everything is read'));
      // Nothing of it changes any more, so nobody else asks for it.
      const rename = (from: string, to: string) => `alter table ${from} rename to ${to}`;
      const endless = `create view task_change as with recursive n (i) as (select 1 union all select i + 1 from n)
      select i as id, 1 as task, 1 as seen_at, 1 as call, 'cost' as field, i as old, i as new from n`;
      alter(bench, rename('task_change', 'task_change_away'), endless);
      const url = /"url":"(http[^"]*)"/.exec(logged)?.[1] ?? '';
      const report = fetch(`${url}/api/reports/changes`).catch(() => null);
      bench.simulator.set(HANGS);
      const busy = cpuSeconds(child) + 1;
      const seen = calls(bench, bench.simulator.stats().calls + 1);
      await Promise.all([seen, until(() => cpuSeconds(child) > busy)]);
      const stopped = await stop(child, done, signals);
      expect(stopped, stopped.stderr).toMatchObject({ code: expected.code, signal: null });
      expect(stopped.tookMs).toBeLessThan(expected.withinMs);
      expect((await report)?.status ?? 0).not.toBe(200);
      alter(bench, 'drop view task_change', rename('task_change_away', 'task_change'));
      // The names have quotes now.
      await expectSoundLedger(bench, /task_change.* is not what the migrations make/);
    },
  );

  it('at any moment of the start ends it in good order or before it began', async () => {
    const bench = await openBench({ tasks: 3_000, newestAgoMs: HOUR_MS, rate: { periodMs: 20_000 } });
    for (const ms of [150, 350, 600, 900]) {
      const child = startProcess(bench, ['run']);
      const done = ended(child);
      await delay(ms);
      const { code, signal, tookMs, stderr } = await stop(child, done);
      // Before the first line of the program nobody has asked for the signal yet.
      expect([0, 'SIGTERM'], stderr).toContain(code ?? signal);
      expect(tookMs).toBeLessThan(8_000);
    }
    if (existsSync(bench.path)) await expectSoundLedger(bench);
  });

  it('while another process holds the ledger does not hide who holds it', async () => {
    const bench = await openBench({ tasks: 10 });
    const lock = takeLock(bench.path, 'process 17 on vessel');
    onTestFinished(lock.release);
    const child = startProcess(bench, ['run']);
    const done = ended(child);
    await delay(900);
    const { code, signal, stderr, tookMs } = await stop(child, done);
    expect([4, 'SIGTERM']).toContain(code ?? signal);
    if (code === 4) expect(lastWords(stderr)).toContain('process 17 on vessel');
    expect(tookMs).toBeLessThan(5_000);
    expect(bench.simulator.stats().calls).toBe(0);
  });
});
