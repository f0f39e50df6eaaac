import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { hostInUrl, isLoopbackHost } from '../config/address.ts';
import type { Logger } from '../log.ts';
import { MINUTE_MS } from '../time.ts';
import { createServer, type ServerDeps } from './server.ts';
import { keepToken } from './token-file.ts';

export type ServeOptions = {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** From the settings; beyond loopback one is made where they have none. */
  readonly token: string | null;
  /** The token that was made is kept beside it. */
  readonly databasePath: string;
  readonly pid: number;
};

export type Served = {
  /** Where it listens; null while it cannot. */
  readonly url: () => string | null;
  readonly stop: () => Promise<void>;
};

type Deps = Omit<ServerDeps, 'token' | 'pid'>;

/** A port is freed by another program sooner or later, for example by the process that this one replaces. */
const TRIED_AGAIN_MS = MINUTE_MS;

/**
 * Listens, and goes on trying where it cannot: a page that nobody sees is no reason to lose what can only be read now. Resolves
 * after the first attempt; what keeps it from listening is logged as an error, once for each cause.
 */
export async function serve(options: ServeOptions, deps: Deps): Promise<Served> {
  const stopping = new AbortController();
  const state: { server: Listening | null } = { server: null };
  let told = '';
  const attempt = async (): Promise<void> => {
    try {
      const server = await listen(options, deps);
      state.server = server;
      deps.log.info({ url: server.url, withToken: server.hasToken }, 'the status page is there');
    } catch (error) {
      const hint = hintOf(error, options);
      if (hint !== told)
        deps.log.error({ err: error, host: options.host, port: options.port, hint }, 'there is no status page');
      told = hint;
    }
  };
  const keepTrying = async (): Promise<void> => {
    while (state.server === null) {
      const isOver = await deps.clock.sleep(TRIED_AGAIN_MS, stopping.signal).then(
        () => false,
        () => true,
      );
      if (isOver) return;
      await attempt();
    }
  };
  await attempt();
  const trying = keepTrying();
  return {
    url: () => state.server?.url ?? null,
    stop: async () => {
      stopping.abort();
      await trying;
      await state.server?.app.close();
    },
  };
}

type Listening = { readonly app: FastifyInstance; readonly url: string; readonly hasToken: boolean };

async function listen(options: ServeOptions, deps: Deps): Promise<Listening> {
  const token = tokenOf(options, deps.log);
  const app = await createServer({ ...deps, token, pid: options.pid });
  try {
    const url = await app.listen({ host: options.host, port: options.port });
    // `localhost` is what the machine's own files make of it.
    const isSeen = addressesOf(app).some(({ address }) => !isLoopbackHost(address));
    if (isSeen && token === null) throw new Error(`${options.host} is not an address of loopback on this machine`);
    return { app, url: withName(url, options, app), hasToken: token !== null };
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Beyond loopback there always is one. Its value is never told, only where it is. */
function tokenOf({ host, token, databasePath, pid }: ServeOptions, log: Logger): string | null {
  if (token !== null || isLoopbackHost(host)) return token;
  const path = join(dirname(databasePath), 'http-token');
  const kept = keepToken(path, pid);
  log.info({ path }, kept.made ? 'a token was made for the status page' : 'the token for the status page is kept');
  if (kept.isOpen) log.warn({ path, hint: `chmod 600 ${path}` }, 'other users can read the token');
  return kept.token;
}

/** The name that was asked for: `localhost` listens on more than one address. */
function withName(url: string, { host }: ServeOptions, app: FastifyInstance): string {
  const port = addressesOf(app)[0]?.port;
  return port === undefined ? url : `http://${hostInUrl(host)}:${port}`;
}

/** A Unix socket would have a path instead; none is made here. */
function addressesOf(app: FastifyInstance) {
  return app.addresses().filter((address) => typeof address === 'object');
}

function hintOf(error: unknown, { host, port }: ServeOptions): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const again = 'The harvest goes on without it, and it is tried again every minute.';
  switch (code) {
    case 'EADDRINUSE':
      return `Another program uses port ${port}: end it, or set LEDGER_HTTP_PORT to another one (0: any free one). ${again}`;
    case 'EACCES':
      return `This user may not use port ${port}, or not write beside the ledger: ports above 1023 need no rights. ${again}`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `This machine has no address ${host}: set LEDGER_HTTP_HOST to 127.0.0.1, or to 0.0.0.0 for every one it has. ${again}`;
  }
  return `Look at the cause. ${again}`;
}
