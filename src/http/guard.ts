import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isLoopbackHost } from '../config/address.ts';
import { counted } from '../domain/wording.ts';
import type { Logger } from '../log.ts';
import { createLogin, type Login } from './login.ts';

export type GuardDeps = {
  /** Null: nobody but this machine can reach the server. */
  readonly token: string | null;
  readonly log: Logger;
  readonly monotonic: () => number;
};

/** What answers without a token, also to whom the name of another machine has led here: a container's and a balancer's probes. */
const PUBLIC: readonly (string | undefined)[] = ['/healthz', '/readyz'];

/** Lets nothing through but reading, by those who may. */
export function guard(app: FastifyInstance, { token, log, monotonic }: GuardDeps): void {
  const login = token === null ? null : createLogin(token, monotonic);
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return await reply.code(405).header('allow', 'GET, HEAD').send(complaint('This server is for reading only.'));
    }
    if (PUBLIC.includes(request.routeOptions.url)) return;
    if (isFromElsewhere(request)) return await reply.code(403).send(complaint('Another web site asks for this.'));
    if (login !== null) return await judge(login, log, { request, reply });
    // Without a token it is the address alone that protects. A web site that lets its own name point to 127.0.0.1 would
    // have the visitor's browser read the ledger for it.
    if (isLoopbackHost(request.hostname)) return;
    return await reply
      .code(421)
      .send(
        complaint('Without a token this page is there for 127.0.0.1 and localhost only.', 'Set LEDGER_HTTP_TOKEN.'),
      );
  });
}

export function complaint(error: string, hint?: string): { error: string; hint?: string } {
  return hint === undefined ? { error } : { error, hint };
}

/** A browser says so; it sends the password along with whatever any page asks of this server. */
function isFromElsewhere({ headers }: FastifyRequest): boolean {
  return headers['sec-fetch-site'] === 'cross-site' && headers['sec-fetch-mode'] !== 'navigate';
}

async function judge(
  login: Login,
  log: Logger,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<unknown> {
  const verdict = login.judge(request.ip, request.headers.authorization);
  switch (verdict) {
    case 'granted':
      return undefined;
    case 'wrong':
      log.warn({ address: request.ip }, 'a wrong token was offered');
      return await unauthorized(reply, 'The token is wrong.');
    case 'missing':
      return await unauthorized(reply, 'A token is needed.');
  }
  const seconds = Math.ceil(verdict.waitMs / 1000);
  return await reply
    .code(429)
    .header('retry-after', seconds)
    .send(complaint(`Too many wrong tokens came from your address; try again in ${counted(seconds, 'second')}.`));
}

function unauthorized(reply: FastifyReply, error: string): FastifyReply {
  return reply
    .code(401)
    .header('www-authenticate', 'Basic realm="dataforseo-ledger", charset="UTF-8"')
    .send(complaint(error, 'Programs send it as Bearer, browsers as the password, with any user name.'));
}
