import { afterEach, beforeEach, expect, it } from 'vitest';
import { createHeartbeat, type Heartbeat } from '../../src/alerts/heartbeat.ts';
import { createFakeClock, settle, type FakeClock } from '../support/fake-clock.ts';
import {
  hang,
  hangInBody,
  huge,
  reset,
  startScriptedServer,
  text,
  type ScriptedServer,
} from '../support/scripted-server.ts';

let server: ScriptedServer;
let clock: FakeClock;
let logged: { level: string; facts: object; message: string }[];
let heartbeats: Heartbeat[];

beforeEach(async () => {
  server = await startScriptedServer();
  clock = createFakeClock();
  logged = [];
  heartbeats = [];
});

afterEach(async () => {
  for (const heartbeat of heartbeats) await heartbeat.stop();
  await server.stop();
});

function start(url = `${server.url}/ping/s3cret-t0ken`): Heartbeat {
  const note = (level: string) => (facts: object, message: string) => void logged.push({ level, facts, message });
  const heartbeat = createHeartbeat({ url, fetch, clock, log: { info: note('info'), warn: note('warn') } });
  heartbeats.push(heartbeat);
  return heartbeat;
}

/** Waits for so many requests, and for what their answers bring about. */
async function received(count: number): Promise<void> {
  while (server.requests.length < count) await settle();
  await settle(12);
}

it('is one GET without a body for each beat, and nothing is logged while all is well', async () => {
  server.otherwise(text('OK'));
  const heartbeat = start();
  heartbeat.beat();
  await received(1);
  heartbeat.beat();
  await received(2);
  expect(server.requests.map(({ method, path, body }) => ({ method, path, body }))).toEqual([
    { method: 'GET', path: '/ping/s3cret-t0ken', body: '' },
    { method: 'GET', path: '/ping/s3cret-t0ken', body: '' },
  ]);
  expect(logged).toEqual([]);
});

it('is at most one at a time while the receiver hangs, and is given up after ten seconds', async () => {
  server.script(hang());
  server.otherwise(text('OK'));
  const heartbeat = start();
  heartbeat.beat();
  await received(1);
  for (let time = 0; time < 5; time += 1) heartbeat.beat();
  await settle(12);
  expect(server.requests).toHaveLength(1);
  await clock.advance(10_000);
  await settle(12);
  expect(logged).toMatchObject([{ level: 'warn', facts: { why: 'timeout', status: null } }]);
  heartbeat.beat();
  await received(2);
  expect(logged.map(({ message }) => message)).toEqual([
    'the heartbeat is not received; LEDGER_HEARTBEAT_URL says where it goes',
    'the heartbeat is received again',
  ]);
});

it('that fails again and again is logged once, and never with its address', async () => {
  server.script(text('no', { status: 500 }), reset(), text('gone', { status: 404 }));
  const heartbeat = start();
  for (let time = 1; time <= 3; time += 1) {
    heartbeat.beat();
    await received(time);
  }
  expect(logged).toEqual([
    {
      level: 'warn',
      facts: { why: 'answered', status: 500 },
      message: expect.stringContaining('not received') as string,
    },
  ]);
  expect(JSON.stringify(logged)).not.toContain('s3cret');
});

it('that nobody could ever receive is no more than a line in the log', async () => {
  const heartbeat = start('http://127.0.0.1:1/ping/s3cret-t0ken');
  heartbeat.beat();
  while (logged.length === 0) await settle();
  expect(logged).toMatchObject([{ level: 'warn', facts: { why: 'network', status: null } }]);
  expect(JSON.stringify(logged)).not.toContain('s3cret');
});

it('follows no redirect', async () => {
  server.script(text('', { status: 307, headers: { location: `${server.url}/elsewhere` } }));
  start().beat();
  await received(1);
  expect(server.requests).toHaveLength(1);
  expect(logged).toMatchObject([{ facts: { why: 'answered', status: 307 } }]);
});

it.each([
  ['never ends', hangInBody('OK')],
  ['is huge', huge(512 * 1024 * 1024)],
])('is content with the head of an answer that %s', async (_what, reply) => {
  server.script(reply);
  server.otherwise(text('OK'));
  const heartbeat = start();
  heartbeat.beat();
  await received(1);
  heartbeat.beat();
  await received(2);
  expect(logged).toEqual([]);
});

it('is stopped at once while the receiver hangs, and beats no more', async () => {
  server.script(hang());
  const heartbeat = start();
  heartbeat.beat();
  await received(1);
  await heartbeat.stop();
  heartbeat.beat();
  await settle(12);
  expect(server.requests).toHaveLength(1);
  expect(logged).toEqual([]);
});
