import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

/**
 * A proxy before the simulator whose clock may be wrong: it writes a `Date` of its own.
 *
 * @param offMs - By how much that of the n-th answer, from 1, is off.
 * @returns Its address, `http://127.0.0.1:PORT`. It is gone when the test is.
 */
export async function startProxy(target: string, offMs: (answer: number) => number): Promise<string> {
  let answers = 0;
  return await start(target, (answer, outgoing) => {
    answers += 1;
    const date = new Date(Date.parse(answer.headers.date ?? '') + offMs(answers)).toUTCString();
    outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, date });
    answer.pipe(outgoing);
  });
}

/**
 * A proxy before the simulator that writes each body anew.
 *
 * @returns Its address; as of the other.
 */
export async function startRewriter(target: string, rewrite: (body: string) => string): Promise<string> {
  return await start(target, (answer, outgoing) => {
    const chunks: Buffer[] = [];
    answer.on('data', (chunk: Buffer) => chunks.push(chunk));
    answer.on('end', () => {
      outgoing.writeHead(answer.statusCode ?? 502, { ...without(answer.headers, 'content-length') });
      outgoing.end(rewrite(Buffer.concat(chunks).toString('utf8')));
    });
  });
}

type HandOn = (answer: IncomingMessage, outgoing: ServerResponse) => void;

async function start(target: string, handOn: HandOn): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const { method, url = '/' } = incoming;
    // Unpacked, so that what comes can be read.
    const headers = without(incoming.headers, 'accept-encoding');
    const onward = request(new URL(url, target), { method, headers }, (answer) => handOn(answer, outgoing));
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

function without(headers: IncomingHttpHeaders, name: string): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([each]) => each !== name && each !== 'transfer-encoding'));
}
