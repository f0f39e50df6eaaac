import { expect, it, onTestFinished } from 'vitest';
import Database from 'better-sqlite3';
import { systemClock, type Clock } from '../../src/time.ts';
import { openBench } from '../support/bench.ts';
import { settle } from '../support/fake-clock.ts';
import { hang, startScriptedServer, text, type ScriptedServer } from '../support/scripted-server.ts';

/** A daemon that is told to stop once `done` holds. @returns How long it then took, ms. */
async function runUntil(run: (signal: AbortSignal) => Promise<void>, done: () => boolean): Promise<number> {
  const controller = new AbortController();
  const running = run(controller.signal);
  while (!done()) await settle();
  const askedAt = performance.now();
  controller.abort(new Error('the test is done'));
  await running;
  return performance.now() - askedAt;
}

async function receiver(): Promise<ScriptedServer> {
  const server = await startScriptedServer();
  onTestFinished(() => server.stop());
  server.otherwise(text('OK'));
  return server;
}

it('a heartbeat follows a good reading of the tail, and only such a one', async () => {
  const monitor = await receiver();
  const bench = await openBench(
    { tasks: 100 },
    { LEDGER_HEARTBEAT_URL: `${monitor.url}/ping`, LEDGER_TAIL_CRON: '* * * * * *' },
  );
  bench.simulator.set({ refusals: { account: 40100 } });
  const isParked = () => bench.logged.some((line) => line.includes('"state":"parked"'));
  await runUntil(bench.app().run, isParked);
  expect(monitor.requests).toEqual([]);
  bench.simulator.set({ refusals: { account: null } });
  await runUntil(bench.app().run, () => monitor.requests.length > 1);
  expect(monitor.requests[0]).toMatchObject({ method: 'GET', path: '/ping' });
  expect(
    bench.rows("select count(*) as walks from walk where purpose = 'tail' and outcome = 'covered'")[0]?.['walks'],
  ).toBeGreaterThan(1);
});

it('a heartbeat that hangs holds up neither the harvest nor its end', async () => {
  const monitor = await receiver();
  monitor.otherwise(hang());
  const bench = await openBench({ tasks: 3_000 }, { LEDGER_HEARTBEAT_URL: `${monitor.url}/ping/t0p-secret` });
  const isRead = () => monitor.hanging() > 0 && bench.logged.some((line) => line.includes('"state":"idle"'));
  const tookMs = await runUntil(bench.app().run, isRead);
  expect(tookMs).toBeLessThan(1_000);
  expect(bench.rows('select count(*) as tasks from tasks')).toEqual([{ tasks: 3_000 }]);
  expect(bench.logged.join('')).not.toContain('t0p-secret');
});

/** The real clock for a process that never sleeps for long. */
function impatientClock(): Clock {
  const clock = systemClock();
  return { ...clock, sleep: (ms, signal) => clock.sleep(ms >= 15_000 ? 100 : ms, signal) };
}

it('an alert that nobody takes holds up no end of the daemon, is brought by the next one, and never again', async () => {
  const chat = await receiver();
  chat.otherwise(hang());
  const settings = { LEDGER_ALERT_URL: `${chat.url}/services/t0p-secret` };
  const bench = await openBench({ tasks: 100 });
  await bench.backfill();
  const database = new Database(bench.path);
  database.exec(
    `insert into doubt (api, kind, seen_at, detail, fingerprint) values (1, 'moved', 1700000000, 'x', 'x')`,
  );
  database.close();
  const run = (signal: AbortSignal) => bench.app(settings, impatientClock()).run(signal);
  expect(await runUntil(run, () => chat.hanging() > 0)).toBeLessThan(1_000);
  // A call that was left open would keep the process alive until its time is over.
  for (let turn = 0; turn < 50 && chat.hanging() > 0; turn += 1) await settle();
  expect(chat.hanging()).toBe(0);
  expect(bench.rows('select count(*) as letters from alert_letter')).toEqual([{ letters: 1 }]);

  chat.otherwise(text('ok'));
  const before = chat.requests.length;
  await runUntil(run, () => bench.rows('select * from alert_letter').length === 0);
  expect(chat.requests).toHaveLength(before + 1);
  expect(chat.requests.at(-1)).toMatchObject({ method: 'POST', path: '/services/t0p-secret' });
  const message = JSON.parse(chat.requests.at(-1)?.body ?? '') as Record<string, unknown>;
  expect(message).toMatchObject({ alert: 'doubt', status: 'raised', ledger: bench.path, version: '0.0.0-test' });
  expect(message['text']).toContain('1 new doubt (1 moved), 1 in all.');
  bench.expectNoSecretIn(JSON.stringify(message));

  const startedAt = performance.now();
  await runUntil(run, () => performance.now() - startedAt > 700);
  expect(chat.requests).toHaveLength(before + 1);
  expect(bench.logged.join('')).not.toContain('t0p-secret');
});
