import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';

/** What the server does with one request; the request's body has been read. */
export type Reply = (request: SeenRequest, response: ServerResponse) => void;

type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
};

export type ScriptedServer = {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** All requests so far, in the order of their arrival. */
  readonly requests: readonly SeenRequest[];
  /** Adds replies; each serves one request. */
  readonly script: (...replies: readonly Reply[]) => void;
  /** For requests beyond the script; by default HTTP 500. */
  readonly otherwise: (reply: Reply) => void;
  /** How many requests are left without the end of an answer on purpose, and still open. */
  readonly hanging: () => number;
  readonly stop: () => Promise<void>;
};

const hung = new WeakSet<ServerResponse>();

/** A real HTTP server on loopback that does what it is told, request by request. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  const requests: SeenRequest[] = [];
  const replies: Reply[] = [];
  const responses: ServerResponse[] = [];
  let fallback: Reply = text('nothing is scripted for this request', { status: 500 });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const seen = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(seen);
      responses.push(response);
      (replies.shift() ?? fallback)(seen, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    requests,
    script: (...more) => void replies.push(...more),
    otherwise: (reply) => {
      fallback = reply;
    },
    hanging: () => responses.filter((response) => hung.has(response) && !response.destroyed).length,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

type Head = { readonly status?: number; readonly headers?: Readonly<Record<string, string>> };

export function text(body: string | Buffer, { status = 200, headers = {} }: Head = {}): Reply {
  return (_request, response) => void response.writeHead(status, headers).end(body);
}

export function json(body: unknown, { status = 200, headers = {} }: Head = {}): Reply {
  return text(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
}

/** Closes the socket without a word. */
export function reset(): Reply {
  return (_request, response) => void response.socket?.resetAndDestroy();
}

/** Promises a body and closes the socket within it. */
export function cut(body: string, { status = 200, headers = {} }: Head = {}): Reply {
  return (_request, response) => {
    response.writeHead(status, { 'content-length': String(body.length), ...headers });
    response.write(body.slice(0, Math.floor(body.length / 2)), () => response.socket?.destroy());
  };
}

/** Never answers. */
export function hang(): Reply {
  return (_request, response) => void hung.add(response);
}

/** Begins an answer and never ends it. */
export function hangInBody(begin: string): Reply {
  return (_request, response) => {
    hung.add(response);
    response.writeHead(200).write(begin);
  };
}

/** Sends `bytes` bytes, as fast as they are taken. */
export function huge(bytes: number): Reply {
  return (_request, response) => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    let sent = 0;
    const more = () => {
      while (sent < bytes && !response.destroyed) {
        sent += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', more);
      }
      response.end();
    };
    response.writeHead(200);
    more();
  };
}
