import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client, ClientOptions, FinishedCall } from '../../src/dataforseo/client.ts';
import { createClient } from '../../src/dataforseo/client.ts';
import { createServerClock } from '../../src/dataforseo/server-clock.ts';
import type { CallEnd, CallStart, Journal, PageAnswer } from '../../src/domain/call.ts';
import { DataForSeoError } from '../../src/domain/errors.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { createFakeClock, settle } from '../support/fake-clock.ts';
import type { ScriptedServer } from '../support/scripted-server.ts';
import { cut, hang, hangInBody, huge, json, reset, startScriptedServer, text } from '../support/scripted-server.ts';
import { page, question, refusedCall, refusedTask, row } from './answers.ts';

const credentials = { login: 'ärger@example.com', password: 'p@ss wörd/42' };
const PERIOD_MS = 60_000;

let server: ScriptedServer;
let clock: FakeClock;
let clients: Client[];

beforeEach(async () => {
  server = await startScriptedServer();
  clock = createFakeClock();
  clients = [];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.stop()));
  await server.stop();
});

function memoryJournal() {
  const starts: CallStart[] = [];
  const ends = new Map<number, CallEnd>();
  const journal: Journal = {
    begin: (start) => starts.push(start),
    end: (callId, end) => void ends.set(callId, end),
    newestCall: () => starts.length,
  };
  return { ...journal, starts, ends };
}

function setUp(over: Partial<ClientOptions> = {}) {
  const journal = memoryJournal();
  const serverClock = createServerClock(clock);
  const calls: FinishedCall[] = [];
  const client = createClient({
    baseUrl: server.url,
    credentials,
    fetch,
    clock,
    serverClock,
    journal,
    budget: { calls: 10, periodMs: PERIOD_MS, history: [] },
    timeoutMs: 60_000,
    userAgent: 'dataforseo-ledger/test',
    onCall: (call) => calls.push(call),
    ...over,
  });
  clients.push(client);
  return { client, journal, serverClock, calls };
}

type SetUp = ReturnType<typeof setUp>;

/** Reads one page. Whenever no call is on its way, or the server lets one hang, the clock moves to its next sleeper. */
async function read({ client, journal, calls }: SetUp): Promise<PageAnswer> {
  const ended = new Set<string>();
  const reading = client.readPage(question, new AbortController().signal).finally(() => ended.add('reading'));
  reading.catch(() => undefined);
  for (;;) {
    // Bottleneck hops through several timers of 0 ms before it lets a call go.
    await settle(12);
    if (ended.size > 0) return await reading;
    const isUnderWay = journal.starts.length > calls.length;
    if (!isUnderWay) await clock.advanceToNext();
    else if (server.hanging() > 0) await pause(20).then(() => clock.advanceToNext());
  }
}

async function failureOf(parts: SetUp): Promise<DataForSeoError> {
  const error: unknown = await read(parts).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof DataForSeoError) return error;
  throw new Error('the call did not fail as it should', { cause: error });
}

/** Lets loopback I/O go on. */
async function pause(ms = 1): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

describe('a page', () => {
  it('is read, and its end is handed back to be saved with it', async () => {
    const parts = setUp();
    const { client, journal, calls } = parts;
    server.script(json(page([row(), row({ id: 'b' })])));
    const answer = await read(parts);
    expect(answer).toMatchObject({ callId: 1, resultCount: 2, echoMatches: true });
    expect(answer.rows).toHaveLength(2);
    expect(answer.end).toMatchObject({ httpStatus: 200, code: 20000, rows: 2, throttled: false });
    expect(answer.end.tokenBackMono).toBe(journal.starts[0]!.sentMono + PERIOD_MS * 1.005);
    expect(journal.ends.size).toBe(0);
    expect(calls).toMatchObject([{ callId: 1, end: answer.end }]);
    expect(client.inUse()).toBe(1);
  });

  it('is asked for with the credentials in UTF-8, one object in an array, and one second more on each side', async () => {
    const parts = setUp();
    server.script(json(page([])));
    await read(parts);
    const asked = server.requests[0]!;
    expect(asked.method).toBe('POST');
    expect(asked.path).toBe('/v3/backlinks/id_list');
    expect(asked.headers.authorization).toBe(
      `Basic ${Buffer.from('ärger@example.com:p@ss wörd/42').toString('base64')}`,
    );
    expect(asked.headers['user-agent']).toBe('dataforseo-ledger/test');
    expect(JSON.parse(asked.body)).toEqual([
      {
        datetime_from: '2024-04-30 23:59:59 +00:00',
        datetime_to: '2024-05-02 00:00:01 +00:00',
        limit: 1000,
        offset: 0,
        sort: 'asc',
        include_metadata: true,
      },
    ]);
  });

  it('may come compressed and in pieces', async () => {
    const parts = setUp();
    const body = gzipSync(JSON.stringify(page([row({ url: 'v3/ünï/cødé' })])));
    server.script((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      for (let at = 0; at < body.length; at += 7) response.write(body.subarray(at, at + 7));
      response.end();
    });
    const answer = await read(parts);
    expect(answer.rows).toMatchObject([{ kind: 'task', task: { url: 'v3/ünï/cødé' } }]);
  });

  it('tells the server clock its Date', async () => {
    const parts = setUp();
    const { serverClock } = parts;
    server.script(json(page([]), { headers: { date: 'Wed, 15 May 2024 12:00:40 GMT' } }));
    expect(serverClock.known()).toBe(false);
    const answer = await read(parts);
    expect(answer.serverDate).toBe(Date.UTC(2024, 4, 15, 12, 0, 40));
    expect(serverClock.skewMs()).toBe(40_000);
    expect(answer.end.skewMs).toBe(40_000);
  });
});

describe('the server clock', () => {
  it('learns nothing from a proxy, which has a clock of its own, and everything from a refusal of the API', async () => {
    const parts = setUp();
    const { serverClock } = parts;
    const headers = { date: 'Wed, 15 May 2024 13:00:00 GMT' };
    server.script(text('<html>', { status: 403, headers }));
    await failureOf(parts);
    expect(serverClock.known()).toBe(false);
    server.script(json(refusedTask(40501, 'Invalid Field: datetime_to'), { headers }));
    await failureOf(parts);
    expect(serverClock.known()).toBe(true);
  });
});

describe('a failure that may pass', () => {
  const faults = {
    'HTTP 500': [text('oops', { status: 500 }), { code: 'not_json', httpStatus: 500 }],
    'HTTP 502 with HTML': [text('<html>Bad gateway</html>', { status: 502 }), { code: 'not_json', httpStatus: 502 }],
    'HTTP 503 with a fine page': [json(page([row()]), { status: 503 }), { code: 'http_status', httpStatus: 503 }],
    'HTTP 503 with a fine envelope': [
      json(refusedCall(20000, 'Ok.'), { status: 503 }),
      { code: 'wrong_shape', httpStatus: 503 },
    ],
    'a reset socket': [reset(), { code: 'network', httpStatus: null }],
    'a body that is cut': [cut(JSON.stringify(page([row()]))), { code: 'cut', httpStatus: 200 }],
    'HTML with 200': [text('<html>Please wait</html>'), { code: 'not_json', httpStatus: 200 }],
    'JSON of another shape': [json({ hello: 'world' }), { code: 'wrong_shape', httpStatus: 200 }],
    'a page without a list': [json(page('none')), { code: 'wrong_shape', httpStatus: 200 }],
    'more rows than were asked for': [
      json(page(Array.from({ length: 1001 }, () => row()))),
      { code: 'wrong_shape', httpStatus: 200 },
    ],
    'envelope 50000': [json(refusedCall(50000, 'Internal Error.')), { code: 50000, httpStatus: 200 }],
    'task 50401': [json(refusedTask(50401, 'Timeout.')), { code: 50401, httpStatus: 200 }],
    'a hung call': [hang(), { code: 'timeout', httpStatus: null }],
    'an unknown 5xxxx': [json(refusedTask(51234, 'New.')), { code: 51234, httpStatus: 200 }],
  } as const;

  it.each(Object.entries(faults))(
    '%s is tried again, each attempt with its own token and row',
    async (_name, fault) => {
      const parts = setUp();
      const { client, journal } = parts;
      server.script(fault[0], json(page([row()])));
      const answer = await read(parts);
      expect(answer.callId).toBe(2);
      expect(journal.ends.get(1)).toMatchObject({ ...fault[1], throttled: false, rows: null });
      expect(client.inUse()).toBe(2);
    },
  );

  it.each(Object.entries(faults))('%s is unavailable once three attempts are spent', async (_name, fault) => {
    const parts = setUp();
    const { journal } = parts;
    server.otherwise(fault[0]);
    const error = await failureOf(parts);
    expect(error.code).toBe('unavailable');
    expect(error.details.callId).toBe(3);
    expect(error.details.httpStatus).toBe(fault[1].httpStatus);
    expect(journal.ends.size).toBe(3);
  });

  it('waits a tenth of the period, then a fifth', async () => {
    const parts = setUp();
    const { journal } = parts;
    server.otherwise(text('', { status: 503 }));
    await failureOf(parts);
    const sent = journal.starts.map((start) => start.sentMono);
    expect([sent[1]! - sent[0]!, sent[2]! - sent[1]!]).toEqual([6_000, 12_000]);
  });

  it('waits as long as Retry-After asks, at most a period', async () => {
    const parts = setUp();
    const { journal } = parts;
    server.script(
      text('', { status: 503, headers: { 'retry-after': '20' } }),
      text('', { status: 503, headers: { 'retry-after': '3600' } }),
      json(page([])),
    );
    await read(parts);
    const sent = journal.starts.map((start) => start.sentMono);
    expect([sent[1]! - sent[0]!, sent[2]! - sent[1]!]).toEqual([20_000, PERIOD_MS]);
  });

  it('covers a body that never ends with the same timeout, and asks for no more of it', async () => {
    const parts = setUp({ timeoutMs: 5_000 });
    const { journal } = parts;
    server.otherwise(hangInBody('{"status_code":'));
    const error = await failureOf(parts);
    expect(error).toMatchObject({ code: 'unavailable', details: { tooLarge: true, httpStatus: 200, callId: 1 } });
    expect(journal.ends.get(1)).toMatchObject({ code: 'timeout' });
    expect(clock.monotonic() - journal.starts[0]!.sentMono).toBe(5_000);
  });

  it('stops a hostile body where it exceeds what we take', async () => {
    const parts = setUp({ maxBodyBytes: 1_000_000 });
    const { journal } = parts;
    server.otherwise(huge(500_000_000));
    const error = await failureOf(parts);
    expect(error).toMatchObject({ code: 'unavailable', details: { tooLarge: true, overlong: true, callId: 1 } });
    expect(journal.ends.get(1)).toMatchObject({ code: 'cut' });
  });

  it('counts a compressed bomb by what it unpacks to', async () => {
    const parts = setUp({ maxBodyBytes: 1_000_000 });
    server.otherwise(text(gzipSync(Buffer.alloc(20_000_000)), { headers: { 'content-encoding': 'gzip' } }));
    expect((await failureOf(parts)).details.tooLarge).toBe(true);
  });
});

describe('a refusal', () => {
  it.each([
    [
      '401 with tasks null',
      json(refusedCall(40100, 'Not authorized.', null), { status: 401 }),
      'account_refused',
      40100,
    ],
    ['401 with tasks []', json(refusedCall(40100, 'Not authorized.', []), { status: 401 }), 'account_refused', 40100],
    ['401 without tasks', json(refusedCall(40100, 'Not authorized.'), { status: 401 }), 'account_refused', 40100],
    ['401 with a cut body', cut('{"status_code":40100}', { status: 401 }), 'account_refused', null],
    ['402', json(refusedCall(40200, 'Payment Required.'), { status: 402 }), 'account_refused', 40200],
    ['402 in HTML', text('<html>', { status: 402 }), 'account_refused', null],
    ['404', text('', { status: 404 }), 'api_refused', null],
    ['40204', json(refusedTask(40204, 'Access denied.')), 'api_refused', 40204],
    ['40501 on datetime_from', json(refusedTask(40501, 'Invalid Field: datetime_from.')), 'too_old', 40501],
    ['40501 on datetime_to', json(refusedTask(40501, "Invalid Field: 'datetime_to'.")), 'not_past', 40501],
    ['40501 otherwise', json(refusedTask(40501, 'Invalid Field: limit.')), 'rejected', 40501],
    ['40506', json(refusedTask(40506, 'Unknown Fields.')), 'rejected', 40506],
    ['an unknown code', json(refusedTask(41999, 'New.')), 'rejected', 41999],
  ] as const)('by %s is passed on at once', async (_name, reply, code, statusCode) => {
    const parts = setUp();
    const { journal } = parts;
    server.otherwise(reply);
    const error = await failureOf(parts);
    expect(error).toMatchObject({ code, details: { statusCode, callId: 1 } });
    expect(server.requests).toHaveLength(1);
    expect(journal.ends.get(1)).toMatchObject({ ...(statusCode === null ? {} : { code: statusCode }) });
    if (code !== 'too_old' && code !== 'not_past') expect(error.details.hint).toMatch(/\w/);
  });

  it('by a redirect leads nowhere: the credentials stay here', async () => {
    const other = await startScriptedServer();
    const parts = setUp();
    server.otherwise(text('moved', { status: 307, headers: { location: `${other.url}/v3/backlinks/id_list` } }));
    const error = await failureOf(parts);
    await other.stop();
    expect(error).toMatchObject({ code: 'account_refused', details: { httpStatus: 307 } });
    expect(error.details.hint).toContain('DATAFORSEO_URL');
    expect(other.requests).toHaveLength(0);
  });
});

describe('a throttle', () => {
  it.each([
    ['40202 of the call', json(refusedCall(40202, 'Rate limit.')), 60_300],
    ['40202 of the task', json(refusedTask(40202, 'Rate limit.')), 60_300],
    ['429', text('slow down', { status: 429 }), 60_300],
    ['429 with Retry-After in seconds', text('', { status: 429, headers: { 'retry-after': '120' } }), 120_600],
    ['429 with a short Retry-After', text('', { status: 429, headers: { 'retry-after': '1' } }), 60_300],
    [
      '429 with Retry-After as a date',
      text('', {
        status: 429,
        headers: { date: 'Wed, 15 May 2024 12:00:00 GMT', 'retry-after': 'Wed, 15 May 2024 12:03:00 GMT' },
      }),
      180_900,
    ],
    ['429 with a body that is cut', cut('{"status_code":40202}', { status: 429 }), 60_300],
  ] as const)('by %s holds all calls and is waited out', async (_name, reply, pauseMs) => {
    const parts = setUp();
    const { client, journal } = parts;
    server.script(reply, json(page([row()])));
    const reading = client.readPage(question, new AbortController().signal);
    await clock.untilSleeping(1);
    while (journal.ends.size === 0) await pause();
    await clock.advance(0);
    expect(client.inUse()).toBe(10);
    expect(client.waiting()).toEqual({ untilMono: journal.starts[0]!.sentMono + pauseMs, why: 'throttled' });
    await clock.advance(pauseMs - 1);
    expect(journal.starts).toHaveLength(1);
    await clock.advance(1);
    const answer = await reading;
    expect(answer.callId).toBe(2);
    expect(journal.ends.get(1)).toMatchObject({
      throttled: true,
      tokenBackMono: journal.starts[0]!.sentMono + pauseMs,
    });
    expect(client.inUse()).toBe(2);
  });

  it('is given up after ten answers, one a period', async () => {
    const parts = setUp();
    server.otherwise(json(refusedTask(40202, 'Rate limit.')));
    const began = clock.monotonic();
    const error = await failureOf(parts);
    expect(error.code).toBe('throttled');
    expect(server.requests).toHaveLength(10);
    expect(clock.monotonic() - began).toBeGreaterThanOrEqual(9 * PERIOD_MS);
  });
});

describe('the journal', () => {
  it('holds a call before its request leaves', async () => {
    const parts = setUp();
    const { journal } = parts;
    let known = 0;
    server.script((seen, response) => {
      known = journal.starts.length;
      json(page([]))(seen, response);
    });
    await read(parts);
    expect(known).toBe(1);
    expect(journal.starts[0]).toMatchObject({ ...question, boot: 'boot-1', skewMs: 0 });
  });

  it('that cannot begin a call lets no request leave, and the token is not spent', async () => {
    const journal = memoryJournal();
    const full = new Error('disk full');
    const parts = setUp({
      journal: {
        ...journal,
        begin: () => {
          throw full;
        },
      },
    });
    await expect(read(parts)).rejects.toBe(full);
    expect(server.requests).toHaveLength(0);
    expect(parts.client.inUse()).toBe(0);
  });

  it('that cannot end a failed call does not hide why it failed', async () => {
    const full = new Error('disk full');
    const parts = setUp({
      journal: {
        ...memoryJournal(),
        end: () => {
          throw full;
        },
      },
    });
    server.otherwise(json(refusedTask(40506, 'Unknown Fields.')));
    const error = await failureOf(parts);
    expect(error).toMatchObject({ code: 'rejected', details: { statusCode: 40506, cause: full } });
    expect(error.cause).toBe(full);
  });
});

describe('an abort', () => {
  it('ends the call, its row and its token', async () => {
    const parts = setUp();
    const { client, journal } = parts;
    const caller = new AbortController();
    server.script(hang());
    const reading = client.readPage(question, caller.signal);
    while (server.requests.length === 0) await pause();
    const reason = new Error('shutting down');
    caller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(journal.ends.get(1)).toMatchObject({
      code: 'aborted',
      tokenBackMono: journal.starts[0]!.sentMono + 5_000 + PERIOD_MS * 1.005,
    });
  });

  it('before a token was free sends nothing', async () => {
    const parts = setUp({ budget: { calls: 1, periodMs: PERIOD_MS, history: [] } });
    const { client, journal } = parts;
    const caller = new AbortController();
    server.otherwise(json(page([])));
    await read(parts);
    const reading = client.readPage(question, caller.signal);
    caller.abort(new Error('no more'));
    await expect(reading).rejects.toThrow('no more');
    expect(journal.starts).toHaveLength(1);
    await expect(client.readPage(question, caller.signal)).rejects.toThrow('no more');
  });

  it('interrupts the pause between two attempts', async () => {
    const parts = setUp();
    const { client, journal } = parts;
    const caller = new AbortController();
    server.otherwise(text('', { status: 500 }));
    const reading = client.readPage(question, caller.signal);
    while (journal.ends.size === 0) await pause();
    await clock.advance(1);
    caller.abort(new Error('no more'));
    await expect(reading).rejects.toThrow('no more');
    expect(server.requests).toHaveLength(1);
  });

  it('of everything is what stop does, and it may be called twice', async () => {
    const parts = setUp();
    const { client, journal } = parts;
    server.script(hang());
    const reading = client.readPage(question, new AbortController().signal);
    reading.catch(() => undefined);
    while (server.requests.length === 0) await pause();
    await Promise.all([client.stop(), client.stop()]);
    await expect(reading).rejects.toThrow('the client has stopped');
    expect(journal.ends.get(1)).toMatchObject({ code: 'aborted' });
    expect(clock.sleepers()).toEqual([]);
    await expect(client.readPage(question, new AbortController().signal)).rejects.toThrow('the client has stopped');
  });
});

describe('a message', () => {
  const { login, password } = credentials;
  const pair = `${login}:${password}`;
  const echoes = [
    login,
    password,
    pair,
    encodeURIComponent(login),
    encodeURIComponent(password),
    encodeURIComponent(password).toLowerCase(),
    Buffer.from(pair).toString('base64'),
    Buffer.from(pair).toString('base64url'),
    Buffer.from(password).toString('base64'),
  ];

  it.each(echoes)('never holds the credentials, even where the server echoes them as %s', async (echo) => {
    const parts = setUp();
    const { journal } = parts;
    server.script(
      text(`<p>denied: ${echo} (${echo})</p>`, { status: 403 }),
      json(refusedTask(40506, `Unknown: ${echo}`)),
    );
    for (const attempt of [1, 2]) {
      const error = await failureOf(parts);
      const told = [
        error.message,
        error.stack,
        String(error.cause),
        JSON.stringify(error.details),
        journal.ends.get(attempt)!.message,
      ];
      for (const words of told) expect(words).not.toContain(echo);
      expect(error.message).toContain('***');
    }
  });

  it('holds no part of a credential that its end cuts through', async () => {
    const parts = setUp();
    server.otherwise(json(refusedTask(40506, `${'x'.repeat(295)}${password}`)));
    const error = await failureOf(parts);
    expect(error.message).not.toContain('xp@');
    expect(error.message).toContain('x***');
  });

  it('holds at most 300 printable characters of what the server sent', async () => {
    const parts = setUp();
    const { journal } = parts;
    server.otherwise(json(refusedTask(40506, `\u0000\u001b[31m${'x'.repeat(299)}\ud800 ${password.repeat(100)}`)));
    const error = await failureOf(parts);
    const told = journal.ends.get(1)!.message!;
    expect(told.length).toBeLessThanOrEqual(300);
    expect(told).toMatch(/^x{290}/);
    expect(error.message.length).toBeLessThan(400);
    expect(told.isWellFormed()).toBe(true);
  });
});
