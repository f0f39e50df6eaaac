import { describe, expect, it } from 'vitest';
import { basic, testServer } from './support.ts';

const TOKEN = 'correct-horse-battery-staple';
const get = (url: string, headers: Record<string, string> = {}, remoteAddress = '192.0.2.7') => ({
  url,
  headers: { host: '127.0.0.1:8080', ...headers },
  remoteAddress,
});

async function server(over: Parameters<typeof testServer>[0] = {}) {
  const made = await testServer(over);
  const verdict = async (path: string) => {
    const answer = await made.app.inject(get(path));
    return [answer.statusCode, answer.json<{ status: string }>().status];
  };
  return { ...made, verdict };
}

describe('/healthz', () => {
  it('answers well while the ledger is being opened, while the loop turns, and no longer once it is stuck', async () => {
    const { clock, turned, verdict } = await server();
    await clock.advance(3_600_000);
    expect(await verdict('/healthz')).toEqual([200, 'the ledger is being opened']);
    turned();
    await clock.advance(59_000);
    expect(await verdict('/healthz')).toEqual([200, 'the loop turns']);
    await clock.advance(1_000);
    expect(await verdict('/healthz')).toEqual([503, 'the loop has not turned for 60 seconds']);
    turned();
    expect(await verdict('/healthz')).toEqual([200, 'the loop turns']);
  });

  it('tells its process id and nothing else beside its verdict, as whoever asks needs no token', async () => {
    const { app } = await server({ token: TOKEN, pid: 17 });
    const told = async (path: string) => (await app.inject(get(path))).json<unknown>();
    expect(await told('/healthz')).toEqual({ ok: true, status: 'the ledger is being opened', pid: 17 });
    expect(await told('/readyz')).toEqual({ ok: false, status: 'the ledger is being opened' });
  });

  it('says that the daemon waits or is parked, and none of the words of others why', async () => {
    const { turned, said, verdict } = await server();
    turned();
    const texts: unknown[] = [];
    for (const state of ['idle', 'waiting', 'parked', 'harvesting'] as const) {
      said({ state, reason: 'Payment Required', until: null });
      texts.push((await verdict('/healthz'))[1]);
    }
    expect(texts).toEqual([
      'the loop turns',
      'the loop turns, and the daemon is waiting',
      'the loop turns, and the daemon is parked',
      'the loop turns',
    ]);
  });

  it('does not mind a wall clock that is put back or forward by years', async () => {
    const { clock, turned, verdict } = await server();
    turned();
    for (const years of [-10, 20]) {
      clock.stepWall(years * 365 * 86_400_000);
      expect(await verdict('/healthz')).toEqual([200, 'the loop turns']);
    }
  });

  it('and /readyz need no token and any host name will do, as a container and a load balancer ask', async () => {
    const { app, turned, tailRead } = await server({ token: TOKEN });
    turned();
    tailRead();
    for (const path of ['/healthz', '/readyz']) {
      expect((await app.inject(get(path, { host: 'ledger.internal' }))).statusCode, path).toBe(200);
    }
  });
});

describe('/readyz', () => {
  it('answers well while new tasks were read within three periods, of one API at least', async () => {
    const { clock, turned, tailRead, verdict } = await server();
    expect(await verdict('/readyz')).toEqual([503, 'the ledger is being opened']);
    turned();
    const late = 'new tasks were not read for three periods or more';
    expect(await verdict('/readyz')).toEqual([503, `${late}: backlinks, serp`]);
    tailRead('backlinks');
    expect(await verdict('/readyz')).toEqual([200, `${late}: serp`]);
    await clock.advance(100_000);
    tailRead('serp');
    expect(await verdict('/readyz')).toEqual([200, 'new tasks are read']);
    await clock.advance(80_000);
    expect(await verdict('/readyz')).toEqual([200, `${late}: backlinks`]);
    await clock.advance(100_000);
    expect(await verdict('/readyz')).toEqual([503, `${late}: backlinks, serp`]);
  });
});

describe('every answer', () => {
  it('carries a content policy without anything inline or from elsewhere, and what else protects', async () => {
    const { app } = await server();
    for (const path of ['/healthz', '/private', '/nowhere']) {
      const { headers } = await app.inject(get(path));
      expect(headers['content-security-policy'], path).toBe(
        "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';manifest-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none';require-trusted-types-for 'script'",
      );
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'SAMEORIGIN',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'cache-control': 'no-store',
      });
    }
  });

  it('is 405 for whatever would change something, and 404 with the path for what is not there', async () => {
    const { app } = await server();
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const) {
      const answer = await app.inject({ ...get('/private'), method });
      expect([answer.statusCode, answer.headers.allow], method).toEqual([405, 'GET, HEAD']);
    }
    const missing = await app.inject(get('/nowhere?token=abc'));
    expect([missing.statusCode, missing.json()]).toEqual([404, { error: 'There is no /nowhere here.' }]);
  });

  it('to a fault of ours is 500 without its words, which are in the log', async () => {
    const { app, logged } = await server({
      rooms: [
        (server) =>
          server.get('/private', () => {
            throw new Error('disk I/O error at /data/ledger.db');
          }),
      ],
    });
    const answer = await app.inject(get('/private'));
    expect([answer.statusCode, answer.json()]).toEqual([500, { error: 'The request failed; the log says why.' }]);
    expect(logged.join('')).toContain('disk I/O error at /data/ledger.db');
  });
});

describe('without a token', () => {
  it.each(['127.0.0.1:8080', 'localhost:8080', '[::1]:8080', 'ledger.localhost', '127.9.9.9', 'LOCALHOST'])(
    'the page is there for the host name %s',
    async (host) => {
      const { app } = await server();
      expect((await app.inject(get('/private', { host }))).statusCode).toBe(200);
    },
  );

  it.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', '192.168.1.5:8080', '0.0.0.0', 'a b'])(
    'a web site that points the name "%s" to this machine reads nothing',
    async (host) => {
      const { app } = await server();
      const answer = await app.inject(get('/private', { host }));
      expect([answer.statusCode, answer.body.includes('private')]).toEqual([421, false]);
    },
  );

  it('another web site that asks in the background reads nothing', async () => {
    const { app } = await server();
    const asked = (mode: string, site: string) =>
      app.inject(get('/private', { 'sec-fetch-site': site, 'sec-fetch-mode': mode }));
    expect((await asked('no-cors', 'cross-site')).statusCode).toBe(403);
    expect((await asked('navigate', 'cross-site')).statusCode).toBe(200);
    expect((await asked('cors', 'same-origin')).statusCode).toBe(200);
  });
});

describe('with a token', () => {
  const withToken = () => server({ token: TOKEN });

  it.each([`Bearer ${TOKEN}`, `bearer  ${TOKEN}`, basic(TOKEN), basic(TOKEN, ''), basic(TOKEN, 'me')])(
    '"%s" opens the door, whatever the host is called',
    async (authorization) => {
      const { app } = await withToken();
      expect((await app.inject(get('/private', { authorization, host: 'ledger.example' }))).statusCode).toBe(200);
    },
  );

  it.each([
    undefined,
    '',
    TOKEN,
    'Bearer',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN} `.toUpperCase(),
    `Digest ${TOKEN}`,
    basic(`x${TOKEN}`),
    basic('', TOKEN),
    `Basic ${TOKEN}`,
  ])('"%s" does not', async (authorization) => {
    const { app } = await withToken();
    const answer = await app.inject(get('/private', authorization === undefined ? {} : { authorization }));
    expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([
      401,
      'Basic realm="dataforseo-ledger", charset="UTF-8"',
    ]);
    expect(answer.body).not.toContain('private');
  });

  it('also a page that is not there asks for it first', async () => {
    const { app } = await withToken();
    expect((await app.inject(get('/nowhere'))).statusCode).toBe(401);
  });

  it('five wrong ones are free, then an address waits longer and longer, and the right one is not looked at meanwhile', async () => {
    const { app, clock } = await withToken();
    const offer = async (token: string, address?: string) => {
      const answer = await app.inject(get('/private', { authorization: `Bearer ${token}` }, address));
      return answer.headers['retry-after'] ?? answer.statusCode;
    };
    for (let tries = 0; tries < 5; tries += 1) expect(await offer('guess')).toBe(401);
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      expect(await offer(TOKEN)).toBe(String(seconds));
      expect(await offer(TOKEN, '192.0.2.8'), 'another address').toBe(200);
      await clock.advance(seconds * 1_000);
      expect(await offer('guess')).toBe(401);
    }
    await clock.advance(60_000);
    expect(await offer(TOKEN)).toBe(200);
    expect(await offer('guess'), 'all is forgiven').toBe(401);
    expect(await offer(TOKEN)).toBe(200);
  });

  it('the addresses of one IPv6 network are one, and an IPv4 address in IPv6 is itself', async () => {
    const { app } = await withToken();
    const offer = async (address: string) =>
      (await app.inject(get('/private', { authorization: 'Bearer guess' }, address))).statusCode;
    for (let host = 1; host <= 5; host += 1) expect(await offer(`2001:db8:1:2::${host}`)).toBe(401);
    expect(await offer('2001:db8:1:2:ffff:ffff:ffff:ffff')).toBe(429);
    expect(await offer('2001:db8:1:3::1')).toBe(401);
    for (let tries = 0; tries < 5; tries += 1) expect(await offer('::ffff:192.0.2.1')).toBe(401);
    expect(await offer('192.0.2.1')).toBe(429);
  });

  it('remembers no more than a thousand addresses', async () => {
    const { app } = await withToken();
    const offer = async (address: string) =>
      (await app.inject(get('/private', { authorization: 'Bearer guess' }, address))).statusCode;
    for (let tries = 0; tries < 5; tries += 1) await offer('192.0.2.1');
    expect(await offer('192.0.2.1')).toBe(429);
    for (let n = 0; n < 1_000; n += 1) await offer(`10.0.${n >> 8}.${n & 255}`);
    expect(await offer('192.0.2.1'), 'the oldest is forgotten').toBe(401);
  });

  it('logs who offered a wrong one, and never a token, right or wrong', async () => {
    const { app, logged } = await withToken();
    await app.inject(get('/private', { authorization: basic('hunter2') }));
    await app.inject(get('/private', { authorization: basic(TOKEN) }));
    const text = logged.join('');
    expect(text).toContain('"address":"192.0.2.7"');
    for (const secret of [TOKEN, 'hunter2', basic('hunter2').slice(6), basic(TOKEN).slice(6)]) {
      expect(text).not.toContain(secret);
    }
  });
});
