import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cli } from './fakes.ts';

async function answering(status: number, body: string): Promise<string> {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/healthz' ? status : 404).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return String(typeof address === 'object' && address !== null ? address.port : 0);
}

const check = (port: string, env: Record<string, string> = {}) => cli(['healthcheck', '--http-port', port], { env });

describe('healthcheck', () => {
  it('ends with 0 when the daemon says that it is well, without credentials', async () => {
    const port = await answering(200, '{"ok":true,"status":"the loop turns"}');
    const { code, stdout } = await check(port);
    expect([code, stdout]).toEqual([0, `http://127.0.0.1:${port}/healthz answers: the loop turns\n`]);
  });

  it('ends with 1 when it says that it is not, and passes on what it says', async () => {
    const port = await answering(503, '{"ok":false,"status":"the loop has not turned for 120 seconds"}');
    const { code, stdout, stderr } = await check(port);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `http://127.0.0.1:${port}/healthz answers with 503: the loop has not turned for 120 seconds.\n`,
    );
  });

  it('ends with 1 when nothing answers', async () => {
    const { code, stderr } = await check('1');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Nothing answers at http:\/\/127\.0\.0\.1:1\/healthz\./);
  });

  it('ends with 1 when another program answers there', async () => {
    const { code, stderr } = await check(await answering(404, '<h1>Hello</h1>'));
    expect(code).toBe(1);
    expect(stderr).toContain('nothing that this program says');
  });

  it.each(['0.0.0.0', '127.0.0.1', 'localhost'])(
    'asks on this machine where the daemon listens on %s',
    async (host) => {
      const port = await answering(200, '{"status":"the loop turns"}');
      expect((await check(port, { LEDGER_HTTP_HOST: host })).code).toBe(0);
    },
  );

  it('asks :: by the loopback address of IPv6', async () => {
    const asked: string[] = [];
    const fetchIt: typeof fetch = (url) => {
      asked.push(typeof url === 'string' ? url : '');
      return Promise.resolve(new Response('{"status":"the loop turns"}'));
    };
    expect((await cli(['healthcheck'], { env: { LEDGER_HTTP_HOST: '::' }, fetch: fetchIt })).code).toBe(0);
    expect(asked).toEqual(['http://[::1]:8080/healthz']);
  });

  it('ends with 2 when the port is any free one', async () => {
    const { code, stderr } = await check('0');
    expect(code).toBe(2);
    expect(stderr).toContain('LEDGER_HTTP_PORT is 0');
  });
});
