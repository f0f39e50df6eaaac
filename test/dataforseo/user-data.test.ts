import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readUserData, type UserData } from '../../src/dataforseo/user-data.ts';
import { DataForSeoError } from '../../src/domain/errors.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { systemClock } from '../../src/time.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';
import type { Reply, ScriptedServer } from '../support/scripted-server.ts';
import { cut, hang, huge, json, reset, startScriptedServer, text } from '../support/scripted-server.ts';
import { page, refusedCall } from './answers.ts';

const credentials = { login: 'ärger@example.com', password: 'p@ss wörd/42' };

let server: ScriptedServer;
let clock: FakeClock;

beforeEach(async () => {
  server = await startScriptedServer();
  clock = createFakeClock();
});

afterEach(() => server.stop());

function read(signal = new AbortController().signal): Promise<UserData> {
  const userAgent = 'dataforseo-ledger/test';
  return readUserData({ baseUrl: server.url, credentials, fetch, clock, timeoutMs: 60_000, userAgent }, signal);
}

async function failureOf(reply: Reply): Promise<DataForSeoError> {
  server.script(reply);
  const error: unknown = await read().catch((reason: unknown) => reason);
  if (!(error instanceof DataForSeoError)) throw new Error(`no such failure: ${String(error)}`);
  return error;
}

/** What the documentation shows, cut to what matters, with what a test wants to be different. */
function account(over: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    login: credentials.login,
    timezone: 'Europe/Kyiv',
    rates: { limits: {}, statistics: { day: { value: '2024-05-15' } } },
    money: {
      total: 100,
      balance: 12.340000000000002,
      limits: {},
      statistics: {
        day: {
          backlinks: { summary: { live: 0.5 } },
          total_backlinks: 1.2500000000000002,
          total_dataforseo_labs: 0,
          total: 1.25,
          value: '2024-05-15',
        },
        minute: { value: '2024-05-15 12:00' },
      },
    },
    price: {},
    backlinks_subscription_expiry_date: '2024-06-01 00:00:00 +00:00',
    ...over,
  };
}

const NOTHING: UserData = {
  balanceMicros: null,
  spentToday: { day: null, timezone: null, totalMicros: null, byApi: new Map() },
  backlinksUntil: null,
  skewMs: null,
};

/** An answer whose clock says nothing. */
const dateless = (body: unknown): Reply => json(body, { headers: { date: '' } });

describe('the question for the account', () => {
  it('is one GET with the credentials in UTF-8 and without a body', async () => {
    server.script(json(page([account()])));
    await read();
    const [request, ...more] = server.requests;
    expect(more).toEqual([]);
    expect(request).toMatchObject({ method: 'GET', path: '/v3/appendix/user_data', body: '' });
    expect(request?.headers.authorization).toBe(
      `Basic ${Buffer.from(`${credentials.login}:${credentials.password}`, 'utf8').toString('base64')}`,
    );
    expect(request?.headers['content-type']).toBeUndefined();
  });

  it('is not followed to another address', async () => {
    const error = await failureOf(text('', { status: 302, headers: { location: `${server.url}/elsewhere` } }));
    expect(error.code).toBe('account_refused');
    expect(error.details.hint).toContain('DATAFORSEO_URL');
    expect(server.requests).toHaveLength(1);
  });

  it('ends when it is told to, with the reason it was told', async () => {
    server.script(hang());
    const controller = new AbortController();
    const reading = read(controller.signal);
    while (server.hanging() === 0) await clock.advance(0);
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });

  it('ends after its time when nobody answers', async () => {
    server.script(hang());
    const reading = read().catch((reason: unknown) => reason);
    while (server.hanging() === 0) await clock.advance(0);
    await clock.advance(60_000);
    const error = await reading;
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(String(error)).toContain('timeout');
  });
});

describe('the account', () => {
  it('is read in exact millionths, with the day by the vendor and each API', async () => {
    server.script(dateless(page([account()])));
    expect(await read()).toEqual({
      balanceMicros: 12_340_000,
      spentToday: {
        day: '2024-05-15',
        timezone: 'Europe/Kyiv',
        totalMicros: 1_250_000,
        byApi: new Map([
          ['backlinks', 1_250_000],
          ['dataforseo_labs', 0],
        ]),
      },
      backlinksUntil: Date.UTC(2024, 5, 1),
      skewMs: null,
    });
  });

  it.each([
    ['has nothing in it', {}],
    ['has only nulls', { timezone: null, money: null, backlinks_subscription_expiry_date: null }],
    ['has texts for numbers', { money: { balance: '12', statistics: { day: { total: '1', total_backlinks: '1' } } } }],
    ['has a list for its money', { money: [] }],
    ['has a list for its day', { money: { statistics: { day: [] } } }],
    ['has no statistics', { money: { balance: null, statistics: 'none' } }],
    ['has hostile texts', { timezone: '<script>', money: { statistics: { day: { value: '2024-05-15; drop' } } } }],
    ['has hostile names', { money: { statistics: { day: { 'total_<b>': 1, total_: 1, TOTAL_SERP: 1 } } } }],
    ['has a date that no calendar holds', { backlinks_subscription_expiry_date: '2024-02-30 00:00:00 +00:00' }],
  ])('that %s leaves out what cannot be read', async (_what, result) => {
    server.script(dateless(page([result])));
    expect(await read()).toEqual(NOTHING);
  });

  it('that names an API like a part of every object is a plain entry', async () => {
    const day = JSON.parse('{"total_constructor":2,"__proto__":{"total":9}}') as unknown;
    server.script(dateless(page([{ money: { balance: -0.5, statistics: { day } } }])));
    const { balanceMicros, spentToday } = await read();
    expect(balanceMicros).toBe(-500_000);
    expect(spentToday).toMatchObject({ totalMicros: null, byApi: new Map([['constructor', 2_000_000]]) });
  });

  it.each([
    ['no result', page(null, { result_count: 0 })],
    ['an empty result', page([])],
    ['a result that is no object', page(['all is well'])],
    ['no task', refusedCall(20_000, 'Ok.', [])],
  ])('is not made up where the answer has %s', async (_what, body) => {
    expect(await failureOf(json(body))).toMatchObject({ code: 'unavailable' });
  });

  it('is the one of the simulator, whose limit of six calls it does not hide', async () => {
    const simulator = await startSimulator({
      clock: systemClock(),
      ...{ ...credentials, tasks: 500, spanDays: 2, apis: ['backlinks', 'serp'] },
    });
    onTestFinished(() => simulator.close());
    const options = { credentials, fetch, clock: systemClock(), timeoutMs: 5_000, userAgent: 'test' };
    const ask = () => readUserData({ ...options, baseUrl: simulator.url }, new AbortController().signal);
    const { balanceMicros, spentToday, backlinksUntil, skewMs } = await ask();
    const byApi = [...spentToday.byApi.values()].reduce((sum, micros) => sum + micros, 0);
    expect([...spentToday.byApi.keys()].sort()).toEqual(['backlinks', 'serp']);
    expect(spentToday.totalMicros).toBe(byApi);
    expect(balanceMicros).toBe(10_000_000_000 - byApi);
    expect(backlinksUntil).toBeGreaterThan(Date.now());
    expect(Math.abs(skewMs ?? Infinity)).toBeLessThan(600);
    for (let call = 1; call < 6; call += 1) await ask();
    await expect(ask()).rejects.toMatchObject({ code: 'throttled' });
    expect(simulator.stats()).toMatchObject({ calls: 0, userDataCalls: 7 });
  });
});

describe("the server's clock", () => {
  it.each([-3_600_000, 0, 90_000])('that is off by %i ms is told to half a second', async (offMs) => {
    const date = new Date(Math.floor((clock.now() + offMs) / 1000) * 1000).toUTCString();
    server.script(json(page([account()]), { headers: { date } }));
    const { skewMs } = await read();
    expect(Math.abs((skewMs ?? Infinity) - offMs)).toBeLessThanOrEqual(500);
  });

  it('is unknown where something else than the API answers', async () => {
    expect(await failureOf(text('<h1>Log in</h1>'))).toMatchObject({ code: 'unavailable' });
  });
});

describe('a call for the account that fails', () => {
  it.each([
    ['wrong credentials', json(refusedCall(40_100, 'You are not Authorized.'), { status: 401 }), 'account_refused'],
    ['an unpaid account', json(refusedCall(40_200, 'Payment Required.'), { status: 402 }), 'account_refused'],
    ['a spent limit', json(refusedCall(40_202, 'Rate-limit exceeded.')), 'throttled'],
    ['HTTP 429 without a body', text('', { status: 429 }), 'throttled'],
    ['an error of the server', text('oops', { status: 500 }), 'unavailable'],
    ['a closed socket', reset(), 'unavailable'],
    ['half an answer', cut(JSON.stringify(page([account()]))), 'unavailable'],
    ['an endless answer', huge(17 * 1024 * 1024), 'unavailable'],
    ['what is no JSON', text('{"tasks":[{"'), 'unavailable'],
  ])('by %s says so', async (_what, reply, code) => {
    const error = await failureOf(reply);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^GET \/v3\/appendix\/user_data failed/);
  });

  it('never shows a credential that the server repeats', async () => {
    const pair = Buffer.from(`${credentials.login}:${credentials.password}`).toString('base64');
    const said = `no ${credentials.password} for ${credentials.login}, Basic ${pair}\u202e`;
    const { message, details } = await failureOf(json(refusedCall(40_100, said), { status: 401 }));
    for (const secret of [credentials.login, credentials.password, pair, '\u202e'])
      expect(`${message}${JSON.stringify(details)}`).not.toContain(secret);
    expect(message).toContain('no *** for ***');
  });
});
