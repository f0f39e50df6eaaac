import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { onTestFinished } from 'vitest';

/**
 * A proxy before the simulator whose clock may be wrong: it writes a `Date` of its own.
 *
 * @param offMs - By how much that of the n-th answer, from 1, is off.
 * @returns Its address, `http://127.0.0.1:PORT`. It is gone when the test is.
 */
export async function startProxy(target: string, offMs: (answer: number) => number): Promise<string> {
  let answers = 0;
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url = '/' } = incoming;
    const onward = request(new URL(url, target), { method, headers }, (answer) => {
      answers += 1;
      const date = new Date(Date.parse(answer.headers.date ?? '') + offMs(answers)).toUTCString();
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, date });
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  return `http://127.0.0.1:${address.port}`;
}
