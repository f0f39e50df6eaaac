import { expect, it, onTestFinished } from 'vitest';
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
