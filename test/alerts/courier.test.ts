import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCourier, type Courier } from '../../src/alerts/courier.ts';
import type { AlertLetter } from '../../src/domain/alert-decision.ts';
import { createFakeClock, settle, type FakeClock } from '../support/fake-clock.ts';
import {
  hang,
  hangInBody,
  json,
  reset,
  startScriptedServer,
  text,
  type ScriptedServer,
} from '../support/scripted-server.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let server: ScriptedServer;
let clock: FakeClock;
let logged: string[];
let dropped: string[];
let couriers: Courier[];
let underWay: number;

beforeEach(async () => {
  server = await startScriptedServer();
  server.otherwise(text('ok'));
  clock = createFakeClock();
  logged = [];
  dropped = [];
  couriers = [];
  underWay = 0;
});

afterEach(async () => {
  for (const courier of couriers) await courier.stop();
  await server.stop();
});

function start(over: { waiting?: AlertLetter[]; drop?: (id: string) => void } = {}): Courier {
  const note = (level: string) => (facts: object, message: string) =>
    void logged.push(`${level} ${message} ${JSON.stringify(facts)}`);
  const courier = createCourier({
    url: `${server.url}/services/T0/s3cret`,
    waiting: [],
    drop: (id) => void dropped.push(id),
    fetch: countedFetch,
    clock,
    log: { info: note('info'), warn: note('warn'), error: note('error') },
    ...over,
  });
  couriers.push(courier);
  return courier;
}

const countedFetch: typeof fetch = async (...args) => {
  underWay += 1;
  try {
    return await fetch(...args);
  } finally {
    underWay -= 1;
  }
};

function letter(id: string, ageMs = 0): AlertLetter {
  return { id, body: JSON.stringify({ text: id }), madeAt: clock.now() - ageMs };
}

const received = () => server.requests.map(({ body }) => (JSON.parse(body) as { text: string }).text);

/** Lets real HTTP happen; while no call is on its way, the clock moves from pause to pause. */
async function until(done: () => boolean, mayMove = true): Promise<void> {
  for (let step = 0; step < 2_000 && !done(); step += 1) {
    await settle(2);
    if (mayMove && underWay === 0 && !done()) await clock.advanceToNext();
  }
  expect(done()).toBe(true);
}

it('posts each letter once as JSON, in their order, and crosses it out', async () => {
  const courier = start();
  courier.send([letter('a'), letter('b')]);
  courier.send([letter('c')]);
  await until(() => dropped.length === 3);
  expect(received()).toEqual(['a', 'b', 'c']);
  expect(dropped).toEqual(['a', 'b', 'c']);
  expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/services/T0/s3cret' });
  expect(server.requests[0]?.headers['content-type']).toBe('application/json');
  courier.send([letter('d')]);
  await until(() => dropped.length === 4);
  expect(logged).toEqual([]);
});

it('first brings what an earlier process has left', async () => {
  start({ waiting: [letter('old', HOUR)] }).send([letter('new')]);
  await until(() => dropped.length === 2);
  expect(received()).toEqual(['old', 'new']);
});

it('tries again with growing pauses until the receiver takes it, and logs once that it does not and once that it does', async () => {
  server.script(
    text('no', { status: 500 }),
    reset(),
    text('slow down', { status: 429 }),
    text('gone', { status: 404 }),
  );
  start().send([letter('a')]);
  const pauses: number[] = [];
  for (let tries = 1; tries <= 4; tries += 1) {
    await until(() => server.requests.length === tries, false);
    // The timer of the request itself is gone once it has failed; what is left is the pause.
    await settle(12);
    pauses.push(Math.round((clock.sleepers()[0] ?? 0) - clock.monotonic()));
    await clock.advanceToNext();
  }
  await until(() => dropped.length === 1, false);
  expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000]);
  expect(received()).toEqual(['a', 'a', 'a', 'a', 'a']);
  expect(logged).toEqual([
    'warn an alert is not received; LEDGER_ALERT_URL says where it goes {"why":"answered","status":500}',
    'info alerts are received again {}',
  ]);
});

it('gives up a receiver that hangs after ten seconds, and one that never ends its answer has taken it', async () => {
  server.script(hang(), hangInBody('o'));
  start().send([letter('a')]);
  await until(() => server.hanging() === 1, false);
  await clock.advance(9_999);
  expect(logged).toEqual([]);
  await clock.advance(1);
  await until(() => logged.length === 1, false);
  expect(logged[0]).toContain('"why":"timeout"');
  await clock.advance(5_000);
  await until(() => dropped.length === 1, false);
  expect(received()).toEqual(['a', 'a']);
});

it('follows no redirect, so that no letter goes to another address', async () => {
  server.script(text('', { status: 307, headers: { location: `${server.url}/elsewhere` } }));
  start().send([letter('a')]);
  await until(() => dropped.length === 1);
  expect(server.requests.map(({ path }) => path)).toEqual(['/services/T0/s3cret', '/services/T0/s3cret']);
});

it('drops a letter that the receiver refuses as wrong after three tries, and goes on with the next', async () => {
  server.script(...[1, 2, 3].map(() => json({ error: 'invalid_payload' }, { status: 400 })));
  start().send([letter('wrong'), letter('right')]);
  await until(() => dropped.length === 2);
  expect(received()).toEqual(['wrong', 'wrong', 'wrong', 'right']);
  expect(logged.at(-1)).toBe(
    'error an alert is dropped undelivered {"alert":"wrong","why":"the receiver does not accept it"}',
  );
});

it('counts only what a receiver says of this very letter against it', async () => {
  const wrong = text('invalid_payload', { status: 400 });
  server.script(reset(), text('no', { status: 503 }), wrong, reset(), wrong, text('slow down', { status: 429 }));
  start().send([letter('a')]);
  await until(() => dropped.length === 1);
  expect(received()).toHaveLength(7);
  expect(logged.at(-1)).toBe('info alerts are received again {}');
});

it('drops what nobody took for a day, with a line in the log, and tries at most every quarter of an hour', async () => {
  server.otherwise(text('no', { status: 503 }));
  start({ waiting: [letter('a', 20 * HOUR)] });
  await until(() => dropped.length === 1);
  expect(server.requests.length).toBeGreaterThan(20);
  expect(server.requests.length).toBeLessThan(27);
  expect(logged).toEqual([
    expect.stringContaining('warn an alert is not received') as string,
    'error an alert is dropped undelivered {"alert":"a","why":"the receiver was away for a day"}',
  ]);
});

it.each([
  ['made before', [], ['a']],
  ['inherited before', ['a'], []],
] as const)('a clock that is set makes no letter old that was %s', async (_when, inherited, made) => {
  clock = createFakeClock({ now: Date.UTC(1970, 0, 1) });
  server.script(reset(), reset(), reset(), reset());
  const courier = start({ waiting: inherited.map((id) => letter(id)) });
  courier.send(made.map((id) => letter(id)));
  await until(() => logged.length === 1, false);
  clock.stepWall(20_000 * 24 * HOUR);
  await until(() => dropped.length === 1);
  expect(received()).toEqual(['a', 'a', 'a', 'a', 'a']);
  expect(logged.at(-1)).toBe('info alerts are received again {}');
});

it('tries a letter thrice that an earlier process made by a clock that has been set since', async () => {
  server.script(reset(), reset());
  start({ waiting: [letter('a', 20_000 * 24 * HOUR)] });
  await until(() => dropped.length === 1);
  expect(received()).toEqual(['a', 'a', 'a']);
  server.script(reset(), reset(), reset());
  start({ waiting: [letter('b', 20_000 * 24 * HOUR)] });
  await until(() => dropped.length === 2);
  expect(logged.at(-1)).toContain('"alert":"b","why":"the receiver was away for a day"');
});

it('keeps fifty at the most, the newest', async () => {
  server.script(hang());
  const courier = start();
  courier.send([letter('first')]);
  await until(() => server.hanging() === 1, false);
  courier.send(Array.from({ length: 60 }, (_, index) => letter(String(index))));
  expect(dropped).toEqual(['first', ...Array.from({ length: 10 }, (_, index) => String(index))]);
  expect(logged.filter((line) => line.includes('too many'))).toHaveLength(11);
  await clock.advance(10_000);
  await until(() => dropped.length === 61);
  expect(received().slice(1)).toEqual(Array.from({ length: 50 }, (_, index) => String(index + 10)));
});

it('is stopped at once while the receiver hangs, and leaves the letter to the next process', async () => {
  server.script(hang());
  const courier = start();
  courier.send([letter('a')]);
  await until(() => server.hanging() === 1, false);
  await courier.stop();
  expect(dropped).toEqual([]);
  courier.send([letter('b')]);
  await settle(12);
  expect(received()).toEqual(['a']);
  expect(logged).toEqual([]);
});

it('is stopped at once during a pause', async () => {
  server.otherwise(text('no', { status: 500 }));
  const courier = start();
  courier.send([letter('a')]);
  await until(() => logged.length === 1, false);
  await courier.stop();
  expect(clock.sleepers()).toEqual([]);
});

it('goes on when a letter cannot be crossed out', async () => {
  const drop = () => {
    throw new Error('the disk is full');
  };
  start({ drop }).send([letter('a'), letter('b')]);
  await until(() => server.requests.length === 2);
  await settle(12);
  expect(received()).toEqual(['a', 'b']);
  expect(logged[0]).toContain('an alert could not be crossed out');
});

it('never logs its address', async () => {
  server.script(
    reset(),
    text('no', { status: 500 }),
    text('', { status: 302, headers: { location: '/services/T0/s3cret' } }),
  );
  start().send([letter('a')]);
  await until(() => dropped.length === 1);
  expect(logged.join()).not.toContain('s3cret');
});
