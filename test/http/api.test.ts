import { once } from 'node:events';
import { request } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { DataForSeoError } from '../../src/domain/errors.ts';
import type { Word } from '../../src/domain/vitals.ts';
import { ledgerRoom, type RoomDeps } from '../../src/http/rooms.ts';
import { createServer } from '../../src/http/server.ts';
import { openLedger, type Ledger } from '../../src/ledger/ledger.ts';
import { createLogger } from '../../src/log.ts';
import { systemClock } from '../../src/time.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  asRow,
  BARE,
  DAY,
  HOUR,
  listed,
  NOW,
  policy,
  readSlice,
  sliceOf,
  tempLedger,
  withDatabase,
} from '../support/ledger.ts';

const BIDI = '\u202egnp.exe';
const SCRIPT = '<img src=x onerror=alert(1)>';
const FORMULA = '=HYPERLINK("http://evil.example")';

const BY_ITSELF: Pick<RoomDeps, 'said' | 'vendorDay'> = {
  said: () => null,
  vendorDay: () => Promise.reject(new Error('Nobody asks the vendor.')),
};

/** A server on a ledger of three days, and what is asked of it. */
async function room(path: string, apis = ['backlinks'], over: Partial<RoomDeps> = {}) {
  const logged: string[] = [];
  const log = createLogger({ level: 'info', secrets: [], destination: { write: (line) => void logged.push(line) } });
  const clock = systemClock();
  const terms = { path, apis, policy, lagMs: 30_000, tailPeriodMs: 60_000, version: '9.9.9' };
  const app = await createServer({
    token: null,
    log,
    clock,
    vitals: () => ({ turnedAt: null, tails: {} }),
    pid: 1,
    rooms: [ledgerRoom(terms, { log, clock, ...BY_ITSELF, ...over })],
  });
  return { app, logged };
}

/** Each number below a key that names a moment, and each text there that is none. */
function notIso(value: unknown, key = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => notIso(each, key));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, each]) => notIso(each, name));
  const isMoment = /(At|^at|^since|^until|^made|^moment|readUpTo|newestTask|searchedBackTo)$/.test(key);
  const isIso = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value);
  const isFree = /^(sizeBytes|freeBytes|totalBytes)$/.test(key);
  const looksLikeOne = typeof value === 'number' && value > 1e9 && !isFree;
  return looksLikeOne || (isMoment && value !== null && !isIso) ? [`${key}: ${JSON.stringify(value)}`] : [];
}

describe('every answer of the API', () => {
  it('has its moments as ISO 8601 in UTC', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-api-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'ledger.db');
    // Results are still kept of what was posted of late.
    const since = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR;
    const kept = { url: '/v3/backlinks/summary/task_post', endpoint: 'backlinks/summary/task_post' };
    const ledger = openLedger({ path, login: 'me', pid: 1, now: since + HOUR });
    onTestFinished(() => void ledger.close());
    ledger.ensureFrontiers('backlinks', since, policy);
    const tasks = [listed('a', since, kept), listed('b', since + 1000, kept)];
    readSlice(ledger, sliceOf(since, since + HOUR), tasks.map(asRow));
    readSlice(
      ledger,
      sliceOf(since, since + HOUR),
      tasks.map((task) => asRow({ ...task, costMicros: 10_000 })),
    );
    const { app } = await room(path);
    onTestFinished(() => app.close());
    const ask = async (url: string) =>
      (await app.inject({ url: `/api/${url}`, headers: { host: 'localhost' } })).json<Record<string, unknown>>();
    const urls = ['status', 'strips', 'calls', `explain?at=${new Date(since).toISOString()}`, 'tasks', 'tasks/a', 'costs', 'reports/duplicates', 'reports/changes', 'reports/retrievable', 'reports/coverage']; // prettier-ignore
    for (const url of urls) expect([url, ...notIso(await ask(url))]).toEqual([url]);
    // What has no line has no moment that could be wrong.
    const first = new Date(since).toISOString().replace('.000Z', 'Z');
    expect(await ask('reports/duplicates')).toMatchObject({ groups: [{ firstId: 'a', firstPostedAt: first }] });
    expect(await ask('reports/changes')).toMatchObject({ lines: [{ field: 'cost' }, { field: 'cost' }] });
    expect(await ask('reports/retrievable')).toMatchObject({ lines: [{ id: 'a', postedAt: first }, { id: 'b' }] });
  });
});

it('what this process says last goes before what it could write down, in every answer', async () => {
  const temp = tempLedger();
  const ledger = temp.open();
  const idle = { state: 'idle', reason: 'everything is read', until: null } as const;
  ledger.setDaemonState({ ...idle, at: Date.now(), pid: 1, version: '1' });
  let said: Word | null = null;
  const { app } = await room(temp.path, ['backlinks'], { said: () => said });
  onTestFinished(() => app.close());
  const ask = async (url: string) => (await app.inject({ url, headers: { host: 'localhost' } })).payload;
  expect(JSON.parse(await ask('/api/status'))).toMatchObject(idle);
  said = { state: 'waiting', reason: 'the disk is full', until: Date.UTC(2024, 0, 1) };
  expect(JSON.parse(await ask('/api/status'))).toMatchObject({ ...said, until: '2024-01-01T00:00:00Z' });
  expect(await ask('/metrics')).toContain('dataforseo_ledger_state{state="waiting"} 1');
});

describe('the API', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-api-'));
  const path = join(folder, 'ledger.db');
  let ledger: Ledger;
  let app: FastifyInstance;
  let logged: string[];
  const tasks = Array.from({ length: 25 }, (_, index) =>
    listed(`task-${String(index).padStart(2, '0')}`, NOW - 2 * DAY + index * 60_000, {
      tag: index % 5 === 0 ? null : `customer-${index % 5}`,
      costMicros: 20_000 + index,
    }),
  );
  const hostile = listed('hostile', NOW - 2 * DAY - 60_000, {
    tag: FORMULA,
    target: SCRIPT,
    metadata: JSON.stringify({ tag: FORMULA, target: SCRIPT, note: BIDI, long: 'x'.repeat(100_000) }),
  });

  beforeAll(async () => {
    ledger = openLedger({ path, login: 'me', pid: 1, now: NOW });
    ledger.ensureFrontiers('backlinks', NOW, policy);
    readSlice(ledger, sliceOf(NOW - 3 * DAY, NOW - HOUR), [hostile, ...tasks].map(asRow));
    ({ app, logged } = await room(path, ['backlinks'], { clock: { ...systemClock(), now: () => NOW } }));
  });
  afterAll(async () => {
    await app.close();
    ledger.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const get = async (url: string) => {
    const answer = await app.inject({ url, headers: { host: 'localhost' } });
    return {
      code: answer.statusCode,
      headers: answer.headers,
      text: answer.body,
      json: () => answer.json<unknown>(),
    };
  };

  it('answers /api/status with the snapshot of `status --json`', async () => {
    const { code, json } = await get('/api/status');
    expect([code, json()]).toMatchObject([
      200,
      { state: 'waiting', tasks: { total: 26, withMetadata: 26 }, version: '9.9.9' },
    ]);
  });

  it('pages through tasks by cursor, each once, newest first', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (await get(`/api/tasks?limit=10${cursor === '' ? '' : `&cursor=${cursor}`}`)).json() as {
        tasks: { id: string }[];
        next: string | null;
      };
      seen.push(...page.tasks.map(({ id }) => id));
      cursor = page.next ?? '';
    } while (cursor !== '');
    expect(seen).toEqual([...tasks.map(({ id }) => id).reverse(), 'hostile']);
  });

  it('narrows tasks and takes empty parameters for none', async () => {
    const { json } = await get('/api/tasks?tag=customer-2&since=2024-05-13T12:05Z&until=&id=');
    expect(json()).toMatchObject({
      tasks: [{ id: 'task-22' }, { id: 'task-17' }, { id: 'task-12' }, { id: 'task-07' }],
      next: null,
      searchedBackTo: null,
    });
  });

  it('takes a time as so long ago wherever it takes one, as the command line does', async () => {
    // The tasks of these three minutes, the oldest of which is the first of all but the hostile one.
    const range = 'since=48h&until=2877m';
    const three = ['task-02', 'task-01', 'task-00'].map((id) => ({ id }));
    expect((await get(`/api/tasks?${range}`)).json()).toMatchObject({ tasks: three, next: null });
    expect((await get(`/tasks.csv?${range}`)).text.trim().split('\n')).toHaveLength(4);
    expect((await get(`/api/costs?${range}`)).json()).toMatchObject({ totals: { tasks: 3 } });
    expect((await get(`/api/reports/duplicates?${range}`)).json()).toMatchObject({ totals: { compared: 3 } });
    expect((await get(`/api/reports/coverage?${range}`)).json()).toMatchObject({ apis: [{ tasks: 3 }] });
    expect((await get('/api/explain?at=2d')).json()).toMatchObject({ moment: '2024-05-13T12:00:00Z' });
    // Longer ago than any calendar reaches.
    expect((await get('/api/costs?since=999999999d')).json()).toMatchObject({ totals: { tasks: 26 } });
  });

  it('tells a task with its metadata, its changes and the call that saw it, and 404 for none', async () => {
    const { json } = await get('/api/tasks/task-03');
    expect(json()).toMatchObject({
      kind: 'task',
      task: { state: 'finished', changes: [], firstListed: { calls: [{ id: 1 }] } },
      metadata: '{"tag":"customer-7","target":"example.com"}',
    });
    expect(await get('/api/tasks/nobody')).toMatchObject({ code: 404 });
    expect((await get(`/api/tasks/${encodeURIComponent("x' or 1=1 --")}`)).code).toBe(404);
  });

  it('answers costs by any of their dimensions, page by page, exact to the micro-dollar', async () => {
    const day = (await get('/api/costs')).json();
    expect(day).toMatchObject({
      by: ['day'],
      rows: [{ day: '2024-05-13', tasks: 26, costMicros: 520_300 }],
      totals: { tasks: 26 },
      next: null,
    });
    const first = (await get('/api/costs?by=tag&limit=2')).json() as {
      next: unknown;
      rows: unknown[];
      groups: unknown;
    };
    expect([first.rows.length, first.groups]).toEqual([2, 6]);
    const second = (await get(`/api/costs?by=tag&limit=2&cursor=${String(first.next)}`)).json() as { rows: unknown[] };
    expect(second.rows).toHaveLength(2);
    expect(second.rows).not.toEqual(first.rows);
  });

  it('skips no group and tells none twice when tasks come between two pages: it says so', async () => {
    const own = join(folder, 'moving.db');
    const moving = openLedger({ path: own, login: 'me', pid: 1, now: NOW });
    onTestFinished(() => void moving.close());
    moving.ensureFrontiers('backlinks', NOW, policy);
    const of = (id: string, tag: string, costMicros: number) => listed(id, NOW - 2 * DAY, { tag, costMicros });
    const known = [of('a', 'dear', 30), of('b', 'middling', 20), of('c', 'cheap', 10)];
    readSlice(moving, sliceOf(NOW - 3 * DAY, NOW - HOUR), known.map(asRow));
    const { app: server } = await room(own);
    onTestFinished(() => server.close());
    const page = async (cursor: string) => {
      const url = `/api/costs?by=tag&limit=1&cursor=${cursor}`;
      const answer = await server.inject({ url, headers: { host: 'localhost' } });
      const { rows, next, error } = answer.json<{ rows?: { tag: string }[]; next: string; error?: string }>();
      return { code: answer.statusCode, told: rows?.[0]?.tag ?? error, next };
    };
    const first = await page('');
    // The sums grow, and the order stays.
    readSlice(
      moving,
      sliceOf(NOW - 3 * DAY, NOW - HOUR),
      [...known, of('d', 'dear', 5), of('e', 'middling', 5)].map(asRow),
    );
    const second = await page(first.next);
    expect([first, second]).toMatchObject([{ told: 'dear' }, { code: 200, told: 'middling' }]);
    // What would have come on the third page now belongs to the first.
    readSlice(moving, sliceOf(NOW - 3 * DAY, NOW - HOUR), [...known, of('f', 'cheap', 90)].map(asRow));
    expect(await page(second.next)).toMatchObject({
      code: 409,
      told: 'Tasks have come since the page before, and with them another order.',
    });
    expect(await page('')).toMatchObject({ code: 200, told: 'cheap' });
  });

  it('says of sums and reports whether the ledger has all of that time', async () => {
    const answers = ['costs', 'tasks', 'reports/duplicates', 'reports/changes', 'reports/retrievable'].map(
      async (path) => {
        const within = (await get(`/api/${path}?since=2024-05-13&until=2024-05-14`)).json();
        return [path, within, (await get(`/api/${path}`)).json()];
      },
    );
    for (const [path, within, all] of await Promise.all(answers))
      expect([path, within, all]).toMatchObject([path, { complete: true }, { complete: false }]);
  });

  it('says of how many tasks the tag is not known where one is asked for', async () => {
    const path = join(folder, 'lost.db');
    const own = openLedger({ path, login: 'me', pid: 1, now: NOW });
    onTestFinished(() => void own.close());
    own.ensureFrontiers('backlinks', NOW, policy);
    // Listed without metadata, and the month is over.
    const bare = asRow(listed('lost', NOW - 2 * HOUR, { ...BARE, url: 'v3/a/task_post', endpoint: 'a/task_post' }));
    readSlice(own, sliceOf(NOW - 3 * HOUR, NOW - HOUR, { grade: 'ids' }), [bare], { at: { metadataEdge: NOW } });
    const { app: other } = await room(path);
    onTestFinished(() => other.close());
    const ask = async (query: string) =>
      (await other.inject({ url: `/api/${query}`, headers: { host: 'localhost' } })).json<Record<string, unknown>>()[
        'unknownTag'
      ];
    const unknown = { tasks: 1, costMicros: 20_000 };
    expect(await ask('costs?tag=x')).toEqual(unknown);
    expect(await ask('costs?tag=x&state=finished&by=target')).toEqual(unknown);
    expect(await ask('costs?tag=x&state=failed')).toBeNull();
    expect(await ask('costs?by=tag')).toBeNull();
    expect(await ask('reports/duplicates?tag=x')).toEqual(unknown);
    expect(await ask('reports/changes?tag=x')).toBeNull();
    expect(await ask('reports/retrievable')).toBeNull();
    const search = async (query: string) =>
      (await other.inject({ url: `/api/tasks?${query}`, headers: { host: 'localhost' } })).json<object>();
    const since = new Date(NOW - 2.5 * HOUR).toISOString();
    for (const query of ['tag=x', 'target=x', 'target_prefix=x', `tag=x&since=${since}`])
      expect([query, await search(query)]).toMatchObject([query, { tasks: [], unknownMetadata: unknown }]);
    // By whole days, and of the first page alone.
    const day = new Date(NOW - 2 * HOUR).toISOString().slice(0, 10);
    expect(await search(`target=x&since=${day}T23:00`)).toMatchObject({ unknownMetadata: unknown });
    const place = Buffer.from(JSON.stringify([NOW / 1000, 1])).toString('base64url');
    for (const query of [
      '',
      'endpoint=a/task_post',
      'tag=x&state=failed',
      `target=x&until=${day}`,
      `tag=x&cursor=${place}`,
    ])
      expect([query, await search(query)]).toMatchObject([query, { unknownMetadata: null }]);
  });

  it('says where a report has more than it tells', async () => {
    const again = join(folder, 'again.db');
    const own = openLedger({ path: again, login: 'me', pid: 1, now: NOW });
    onTestFinished(() => void own.close());
    own.ensureFrontiers('backlinks', NOW, policy);
    const since = Math.floor(Date.now() / HOUR) * HOUR - 2 * HOUR;
    const kept = { url: '/v3/backlinks/summary/task_post', endpoint: 'backlinks/summary/task_post' };
    const twice = ['a', 'b', 'c', 'd'].map((id, at) =>
      listed(id, since + at * 1000, { ...kept, metadata: `{"n":${at >> 1}}` }),
    );
    const read = () => readSlice(own, sliceOf(since - DAY, since + HOUR), twice.map(asRow));
    read();
    twice.forEach((task, at) => (twice[at] = { ...task, costMicros: 1 }));
    read();
    const { app: server } = await room(again);
    onTestFinished(() => server.close());
    withDatabase(again, {}, (database) =>
      database.exec(`insert into doubt (api, kind, since, until, task_id, seen_at, detail, fingerprint) values
        (1, 'moved', 1, 2, null, 3, '', 'f'), (1, 'unlisted', null, null, 'b', 4, '', 'g')`),
    );
    const told = await server.inject({ url: '/api/reports/doubts?until=1970-01-02', headers: { host: 'localhost' } });
    expect(told.json()).toMatchObject({
      lines: [{ kind: 'moved', since: '1970-01-01T00:00:01Z', until: '1970-01-01T00:00:02Z', taskId: null }],
    });
    for (const kind of ['duplicates', 'changes', 'retrievable', 'doubts']) {
      const ask = (limit: number) =>
        server.inject({ url: `/api/reports/${kind}?limit=${limit}`, headers: { host: 'localhost' } });
      expect([kind, (await ask(1)).json(), (await ask(100)).json()]).toMatchObject([
        kind,
        { more: true },
        { more: false },
      ]);
    }
  });

  it("holds a day against the vendor's own count, which is asked for once however many look", async () => {
    let asked = 0;
    const vendorDay = () => {
      asked += 1;
      return Promise.resolve({ day: '2024-05-13', timezone: 'UTC', byApi: { backlinks: 520_500 } });
    };
    const { app: own } = await room(path, ['backlinks'], { vendorDay });
    onTestFinished(() => own.close());
    const look = async (query = '') =>
      (await own.inject({ url: `/api/reports/reconcile${query}`, headers: { host: 'localhost' } })).json<object>();
    expect(await look()).toMatchObject({
      day: '2024-05-13',
      agrees: false,
      rows: [{ api: 'backlinks', ledgerMicros: 520_300, vendorMicros: 520_500, difference: 200, ledgerTasks: 26 }],
      words: [
        'They do not agree.',
        expect.stringContaining('the ledger has read up to 2024-05-15 11:00:00 UTC'),
        expect.any(String),
      ],
    });
    expect(await look('?api=serp')).toMatchObject({ rows: [{ api: 'serp', vendorMicros: null, readUpTo: null }] });
    expect(await look('?since=2024-05-13')).toMatchObject({ problems: ['since: there is no such parameter.'] });
    expect(asked).toBe(1);
  });

  it('says what DataForSEO has said where it gives no count', async () => {
    const refused = new DataForSeoError('account_refused', 'DataForSEO refuses the account', {
      hint: 'Look at the password.',
    });
    const { app: own } = await room(path, ['backlinks'], { vendorDay: () => Promise.reject(refused) });
    onTestFinished(() => own.close());
    const answer = await own.inject({ url: '/api/reports/reconcile', headers: { host: 'localhost' } });
    expect([answer.statusCode, answer.json()]).toEqual([
      502,
      { error: 'DataForSEO refuses the account', hint: 'Look at the password.' },
    ]);
  });

  it('finds tasks while a report takes long', async () => {
    const order: string[] = [];
    // As many reports as it takes to keep the thread of the reports busy behind which no search may wait.
    const reports = Array.from({ length: 40 }, () => get('/api/costs?by=target').then(() => order.push('report')));
    await get('/api/tasks?limit=1');
    order.push('search');
    await Promise.all(reports);
    expect(order.indexOf('search')).toBeLessThan(40);
  });

  it('takes an endpoint in any form in which people know it', async () => {
    for (const endpoint of [
      'backlinks/summary/live',
      '/v3/backlinks/summary/live',
      'https://api.dataforseo.com/v3/backlinks/summary/live/',
    ])
      expect((await get(`/api/costs?${new URLSearchParams({ endpoint }).toString()}`)).json()).toMatchObject({
        totals: { tasks: 26 },
      });
  });

  it('looks an id up however long it is, and refuses an address that is none in its own words', async () => {
    expect(await get(`/api/tasks/${'x'.repeat(5_000)}`)).toMatchObject({
      code: 404,
      text: '{"error":"The ledger knows no such task."}',
    });
    const { code, headers, text } = await get('/api/tasks/%zz');
    expect([code, text]).toEqual([400, expect.stringContaining('{"error":"The address is not well formed."')]);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
  });

  it.each(['tasks', 'costs', 'reports/duplicates', 'reports/changes', 'reports/retrievable'])(
    '/api/%s names what of the filter no task has, with what comes near',
    async (path) => {
      const { json } = await get(`/api/${path}?tag=custmer-2&state=failed&endpoint=backlinks/summary/live`);
      expect(json()).toMatchObject({
        unknown: [
          { name: 'tag', value: 'custmer-2', near: ['customer-2', 'customer-1', 'customer-3'] },
          { name: 'state', value: 'failed', near: ['finished'] },
        ],
      });
      expect((await get(`/api/${path}?tag=customer-2&since=2024-05-14`)).json()).toMatchObject({ unknown: [] });
    },
  );

  it('answers strips, calls, a moment and each report', async () => {
    expect((await get('/api/strips')).json()).toMatchObject({ strips: [{ api: 'backlinks' }] });
    expect((await get('/api/calls')).json()).toMatchObject({ mostInAMinute: 10 });
    expect((await get('/api/explain?at=2024-05-13T12:00:00Z')).json()).toMatchObject({
      kind: 'moment',
      apis: [{ api: 'backlinks', covered: { calls: [{ id: 1 }] } }],
    });
    expect((await get('/api/reports/coverage')).json()).toMatchObject({ apis: [{ api: 'backlinks', tasks: 26 }] });
    expect((await get('/api/reports/duplicates')).json()).toMatchObject({ totals: { compared: 26 } });
    expect((await get('/api/reports/changes')).json()).toMatchObject({ lines: [] });
    expect((await get('/api/reports/retrievable')).json()).toMatchObject({ lines: [] });
  });

  it.each([
    ['/api/tasks?state=done', 'state is "done"; it must be one of finished, empty, partial, failed, pending.'],
    [
      '/api/tasks?since=yesterday',
      'since is "yesterday"; it must be a time like 2026-03-01, "2026-03-01 12:30:00" or 2026-03-01T12:30:00Z, UTC, or so long ago like 12h or 30d.',
    ],
    ['/api/costs?until=12x', 'until is "12x"; it must be a time like'],
    ['/api/reports/coverage?since=-1h', 'since is "-1h"; it must be a time like'],
    ['/tasks.csv?since=1h&until=2h', 'since is "1h"; it must lie before until.'],
    ['/api/costs?api=backlink', 'api is "backlink"; it must be one of serp, keywords_data, '],
    ['/api/tasks?since=2026-02-30', 'since is "2026-02-30"; it must be a time'],
    ['/api/tasks?since=2026-03-02&until=2026-03-01', 'since is "2026-03-02"; it must lie before until.'],
    ['/api/costs?since=2026-03-02&until=2026-03-01', 'since is "2026-03-02"; it must lie before until.'],
    ['/api/reports/changes?since=2026-03-02&until=2026-03-01', 'since is "2026-03-02"; it must lie before until.'],
    ['/api/reports/coverage?since=2026-03-02&until=2026-03-01', 'since is "2026-03-02"; it must lie before until.'],
    ['/tasks.csv?since=2026-03-01&until=2026-03-01', 'it must lie before until.'],
    ['/api/tasks?since=2024-02-31T25:00Z', 'since is "2024-02-31T25:00Z"; it must be a time'],
    ['/api/tasks?limit=1001', 'limit is "1001"; it must be a whole number from 1 to 1000.'],
    ['/api/tasks?limit=-1', 'it must be a whole number from 1 to 1000.'],
    ['/api/tasks?cursor=abc', 'cursor is "abc"; it must be the "next" of the page before.'],
    ['/api/tasks?cursor=WzEsMiwzXQ', 'it must be the "next" of the page before.'],
    ['/api/tasks?tag=a&tag=b', 'tag is ["a","b"]; it must be given once.'],
    ['/api/tasks?target=a&target_prefix=b', 'target_prefix is "b"; it must not be given together with target.'],
    ['/tasks.csv?target=a&target_prefix=b', 'target_prefix is "b"; it must not be given together with target.'],
    ['/api/tasks?colour=red&state=x', 'colour: there is no such parameter.'],
    [`/api/tasks?tag=${'x'.repeat(2_001)}`, 'it must have at most 2000 characters.'],
    [
      '/api/costs?by=day,colour',
      'it must be one or more of day, month, endpoint, tag, target, status, separated by commas.',
    ],
    ['/api/costs?cursor=Wy0xLDJd', 'it must be the "next" of the page before.'],
    ['/api/explain', 'at is missing; it must be a time like 2026-03-01'],
    ['/api/status?x=1', 'There are no parameters here.'],
    ['/tasks.csv?limit=5', 'limit: there is no such parameter.'],
    ['/api/reports/coverage?by=day', 'by: there is no such parameter.'],
    ['/api/reports/coverage?tag=a&endpoint=b&state=failed', 'tag, endpoint, state: there is no such parameter.'],
  ])('%s is answered with 400 and what is wrong', async (url, problem) => {
    const { code, json } = await get(url);
    expect(code).toBe(400);
    expect((json() as { problems: string[] }).problems.join(' ')).toContain(problem);
  });

  it('gives the list as CSV that no spreadsheet runs', async () => {
    const { code, headers, text } = await get('/tasks.csv');
    expect([code, headers['content-type'], headers['content-disposition']]).toEqual([
      200,
      'text/csv; charset=utf-8',
      'attachment; filename="tasks.csv"',
    ]);
    const lines = text.trim().split('\n');
    expect(lines).toHaveLength(27);
    expect(lines[0]).toBe('id,api,endpoint,posted_at,done_at,state,status_code,status,cost,tag,target,metadata_state');
    expect(lines.at(-1)).toBe(
      `hostile,backlinks,backlinks/summary/live,2024-05-13T11:59:00Z,2024-05-13T11:59:01Z,finished,20000,20000,0.020000,"'=HYPERLINK(""http://evil.example"")",${SCRIPT},held`,
    );
    expect((await get('/tasks.csv?tag=customer-2')).text.trim().split('\n')).toHaveLength(6);
  });

  it('answers /metrics from the same snapshot', async () => {
    const { code, headers, text } = await get('/metrics');
    expect([code, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(text).toMatch(/^dataforseo_ledger_tasks\S* 26$/m);
  });

  it('serves the pages and what they load, with the type of each, and nothing else of the disk', async () => {
    for (const [url, type] of [
      ['/', 'text/html; charset=utf-8'],
      ['/tasks', 'text/html; charset=utf-8'],
      ['/reports', 'text/html; charset=utf-8'],
      ['/web/status.js', 'text/javascript; charset=utf-8'],
      ['/web/vendor/uplot.js', 'text/javascript; charset=utf-8'],
      ['/web/page.css', 'text/css; charset=utf-8'],
    ]) {
      const { code, headers } = await get(url ?? '');
      expect([code, headers['content-type']], url).toEqual([200, type]);
    }
    for (const url of [
      '/web/../../package.json',
      '/web/%2e%2e/%2e%2e/package.json',
      '/web/',
      '/web/index.html',
      '/package.json',
    ])
      expect((await get(url)).code, url).toBe(404);
    const { headers } = await get('/web/page.css');
    const again = await app.inject({
      url: '/web/page.css',
      headers: { host: 'localhost', 'if-none-match': String(headers.etag) },
    });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });

  it('tells the snapshot as it changes to each who listens, and lets go of them at the end', async () => {
    const { app: own } = await room(path);
    const url = new URL('/api/live', await own.listen({ port: 0, host: '127.0.0.1' }));
    const call = request(url).end();
    const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
    expect([
      response.statusCode,
      response.headers['content-type'],
      response.headers['content-security-policy'],
    ]).toEqual([200, 'text/event-stream; charset=utf-8', expect.stringContaining("default-src 'none'")]);
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const ended = once(response, 'close');
    response.on('error', () => undefined);
    while (!text.includes('event: status\ndata: {"state":')) await once(response, 'data');
    await own.close();
    await ended;
  });

  it('tells who asks for the headers of the events these alone, and has done', async () => {
    const answer = await app.inject({ method: 'HEAD', url: '/api/live', headers: { host: 'localhost' } });
    expect([answer.statusCode, answer.headers['content-type'], answer.body]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      '',
    ]);
  });

  it('logs nothing of what is asked', () => {
    expect(logged).toEqual([]);
  });
});

describe('a ledger that is not there', () => {
  it('is 503 with what to do, and is found once it is made', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ledger-api-'));
    const path = join(folder, 'ledger.db');
    const { app } = await room(path);
    onTestFinished(async () => {
      await app.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const ask = (url: string) => app.inject({ url, headers: { host: 'localhost' } });
    const before = await ask('/api/status');
    expect([before.statusCode, before.headers['retry-after'], before.json()]).toEqual([
      503,
      '5',
      { error: `There is no ledger at ${path} yet.`, hint: expect.stringContaining('makes it') as string },
    ]);
    openLedger({ path, login: 'me', pid: 1, now: NOW }).close();
    expect((await ask('/api/status')).statusCode).toBe(200);
    expect((await ask('/')).statusCode).toBe(200);
  });
});
