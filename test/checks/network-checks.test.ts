import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkPage, checkReceiver } from '../../src/checks/network-checks.ts';
import { checkVersions } from '../../src/checks/versions.ts';

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const stopped = { isRunning: false, pid: null, fetch: () => Promise.reject(new Error('nobody answers')) };

describe('the port of the page', () => {
  it('that another program has is warned of, unless it is the daemon that answers', async () => {
    const port = await takenPort();
    expect(await checkPage({ host: '127.0.0.1', port }, stopped)).toMatchObject({ verdict: 'warn' });
    const answering = (text: string) => ({
      isRunning: true,
      pid: 17,
      fetch: () => Promise.resolve(new Response(text)),
    });
    expect(await checkPage({ host: '127.0.0.1', port }, answering('{"status":"well","pid":17}'))).toMatchObject({
      verdict: 'ok',
      found: `The daemon of this ledger runs and answers at 127.0.0.1, port ${port}.`,
    });
    const { fetch } = answering('{"status":"well"}');
    const other = await checkPage({ host: '127.0.0.1', port }, { ...stopped, fetch });
    expect(other).toMatchObject({
      verdict: 'warn',
      found: `The daemon of another ledger answers at 127.0.0.1, port ${port}.`,
    });
    expect(other.todo).toMatch(/LEDGER_DATABASE.*LEDGER_HTTP_PORT/);
    for (const about of [answering('<h1>It works!</h1>'), { ...stopped, isRunning: true }])
      expect(await checkPage({ host: '127.0.0.1', port }, about)).toMatchObject({
        verdict: 'warn',
        found: `Another program listens at 127.0.0.1, port ${port}, so the page of the daemon is not there.`,
      });
  });

  it('where a daemon answers is told to be that of this ledger only where the process that holds the ledger says so', async () => {
    const port = await takenPort();
    const found = async (itsPid: string, pid: number | null) => {
      const answer = () => Promise.resolve(new Response(`{"ok":true,"status":"the loop turns"${itsPid}}`));
      const { verdict, found: said } = await checkPage(
        { host: '127.0.0.1', port },
        { isRunning: true, pid, fetch: answer },
      );
      return [verdict, said.replace(` at 127.0.0.1, port ${port}`, '')];
    };
    expect(await found(',"pid":17', 17)).toEqual(['ok', 'The daemon of this ledger runs and answers.']);
    expect(await found(',"pid":170', 17)).toEqual(['warn', 'The daemon of another ledger answers.']);
    const unknown = ['ok', 'A daemon answers; whether it is that of this ledger cannot be told from here.'];
    expect(await found('', 17), 'an older version').toEqual(unknown);
    expect(await found(',"pid":17', null), 'the holder is on another machine').toEqual(unknown);
  });

  it('that is free is free again after it was tried', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    server.close();
    await once(server, 'close');
    for (let time = 0; time < 2; time += 1)
      expect(await checkPage({ host: '127.0.0.1', port }, stopped)).toMatchObject({
        found: `127.0.0.1, port ${port} is free.`,
      });
  });

  it('at an address that this machine has not fails', async () => {
    expect(await checkPage({ host: '192.0.2.1', port: 8080 }, stopped)).toMatchObject({
      verdict: 'fail',
      found: 'Nobody can listen at 192.0.2.1, port 8080 (EADDRNOTAVAIL).',
    });
  });

  it('0 is always well', async () => {
    expect(await checkPage({ host: '127.0.0.1', port: 0 }, stopped)).toMatchObject({ verdict: 'ok' });
  });
});

describe('the address of a receiver', () => {
  const about = { setting: 'LEDGER_ALERT_URL', without: 'Nobody is told' };
  const check = (url: string | null) => checkReceiver('alerts', url, about);

  it('that is not set is a note of what that means, not well', () => {
    expect(check(null)).toEqual({
      check: 'alerts',
      verdict: 'note',
      found: 'Nobody is told: LEDGER_ALERT_URL is not set.',
      todo: null,
    });
  });

  it.each([
    ['https://hooks.example.com/s3cret', 'ok'],
    ['http://127.0.0.1:9000/s3cret', 'ok'],
    ['http://hooks.example.com/s3cret', 'warn'],
  ])('%s is %s, and is not shown', (url, verdict) => {
    expect(check(url).verdict).toBe(verdict);
    expect(JSON.stringify(check(url))).not.toMatch(/s3cret|hooks\.example/);
  });
});

describe('the version of SQLite', () => {
  it.each([
    ['3.51.3', 'ok'],
    ['3.52.0', 'ok'],
    ['4.0.0', 'ok'],
    ['3.51.2', 'fail'],
    ['3.40.1', 'fail'],
  ])('%s: %s', (version, verdict) => {
    expect(checkVersions('1.2.3', version).verdict).toBe(verdict);
  });
});
