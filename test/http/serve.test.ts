import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, type Server } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serve, type ServeOptions } from '../../src/http/serve.ts';
import { createLogger } from '../../src/log.ts';
import { createFakeClock, settle } from '../support/fake-clock.ts';

function bench() {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-serve-'));
  const clock = createFakeClock();
  const logged: string[] = [];
  const log = createLogger({ level: 'trace', secrets: [], destination: { write: (line) => void logged.push(line) } });
  const stops: (() => Promise<void>)[] = [];
  onTestFinished(async () => {
    for (const stop of stops) await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const start = async (over: Partial<ServeOptions> = {}) => {
    const options = { host: '127.0.0.1', port: 0, token: null, databasePath: join(folder, 'ledger.db'), pid: 1 };
    const served = await serve(
      { ...options, ...over },
      {
        log,
        clock,
        vitals: () => ({ turnedAt: null, tails: {} }),
        rooms: [(app) => app.get('/private', () => ({ private: true }))],
      },
    );
    stops.push(served.stop);
    return served;
  };
  return { folder, clock, logged, start, tokenPath: join(folder, 'http-token') };
}

async function occupied(): Promise<{ server: Server; port: number }> {
  const server = createHttp().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return { server, port: typeof address === 'object' && address !== null ? address.port : 0 };
}

describe('a status page', () => {
  it('on port 0 listens on any free one and logs which', async () => {
    const { start, logged } = bench();
    const served = await start();
    expect(served.url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(logged.join('')).toContain(`"url":"${served.url()}"`);
    expect((await fetch(`${served.url()}/private`)).status).toBe(200);
  });

  it('on localhost is reached by that name', async () => {
    const served = await bench().start({ host: 'localhost' });
    expect((await fetch(`${served.url()}/private`)).status).toBe(200);
  });

  it('whose port is taken says what to do, goes on without, and is there once the port is free', async () => {
    const { start, logged, clock } = bench();
    const { server, port } = await occupied();
    const served = await start({ port });
    expect(served.url()).toBe(null);
    expect(logged.join('')).toContain(`Another program uses port ${port}: end it, or set LEDGER_HTTP_PORT`);
    await clock.advance(60_000);
    await clock.untilSleeping(1);
    expect(logged.filter((line) => line.includes('there is no status page'))).toHaveLength(1);
    await new Promise((resolve) => server.close(resolve));
    await clock.advance(60_000);
    for (let looks = 0; served.url() === null && looks < 100; looks += 1) await settle();
    expect((await fetch(`${served.url()}/healthz`)).status).toBe(200);
  });

  it('whose address this machine does not have says so', async () => {
    const { start, logged } = bench();
    expect((await start({ host: '203.0.113.1', token: 'x' })).url()).toBe(null);
    expect(logged.join('')).toContain('This machine has no address 203.0.113.1: set LEDGER_HTTP_HOST');
  });

  it('stops at once, also while it tries again and while somebody listens to it', async () => {
    const { start } = bench();
    const { port } = await occupied();
    await (await start({ port })).stop();
    const served = await start();
    const idle = await fetch(`${served.url()}/private`, { headers: { connection: 'keep-alive' } });
    await served.stop();
    await idle.text();
    await expect(fetch(`${served.url()}/private`)).rejects.toThrow();
  });
});

describe('beyond loopback', () => {
  const everywhere = { host: '0.0.0.0' };
  const local = (url: string | null) => (url ?? '').replace('0.0.0.0', '127.0.0.1');

  it('a token is made at the first start, for its owner only, and kept', async () => {
    const { start, logged, tokenPath } = bench();
    const served = await start(everywhere);
    const token = readFileSync(tokenPath, 'utf8').trim();
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(statSync(tokenPath).mode & 0o777).toBe(0o600);
    expect(logged.join('')).toContain(`"path":"${tokenPath}"`);
    expect(logged.join('')).not.toContain(token);
    const url = `${local(served.url())}/private`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    await start(everywhere);
    expect(readFileSync(tokenPath, 'utf8').trim()).toBe(token);
  });

  it('the one of the settings counts, and none is made', async () => {
    const { start, tokenPath } = bench();
    const served = await start({ ...everywhere, token: 'mine' });
    expect(existsSync(tokenPath)).toBe(false);
    const headers = { authorization: 'Bearer mine' };
    expect((await fetch(`${local(served.url())}/private`, { headers })).status).toBe(200);
  });

  it('an empty file, as a full disk leaves it, is no token', async () => {
    const { start, tokenPath } = bench();
    writeFileSync(tokenPath, '\n');
    const served = await start(everywhere);
    expect(readFileSync(tokenPath, 'utf8').trim()).toMatch(/^[\w-]{43}$/);
    expect((await fetch(`${local(served.url())}/private`, { headers: { authorization: 'Bearer ' } })).status).toBe(401);
  });

  it('a token that others can read is used, and said', async () => {
    const { start, logged, tokenPath } = bench();
    writeFileSync(tokenPath, 'shared-with-the-world');
    chmodSync(tokenPath, 0o644);
    await start(everywhere);
    expect(logged.join('')).toContain('other users can read the token');
    expect(logged.join('')).not.toContain('shared-with-the-world');
  });

  it('where no token can be kept there is no page, and the log says why', async () => {
    const { start, logged, folder } = bench();
    const served = await start({ ...everywhere, databasePath: join(folder, 'nowhere', 'ledger.db') });
    expect(served.url()).toBe(null);
    expect(logged.join('')).toContain('there is no status page');
  });
});
