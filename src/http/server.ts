import helmet from '@fastify/helmet';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import type { Vitals } from '../domain/vitals.ts';
import type { Logger } from '../log.ts';
import type { Clock } from '../time.ts';
import { complaint, guard } from './guard.ts';
import { healthOf, readinessOf, type Verdict } from './health.ts';

export type ServerDeps = {
  /** Null: on loopback only. */
  readonly token: string | null;
  readonly log: Logger;
  readonly clock: Clock;
  readonly vitals: () => Vitals;
  /** Told by `/healthz`, so that `doctor` can tell the daemon of one ledger from that of another. */
  readonly pid: number;
  /** What else is served. */
  readonly rooms: readonly Room[];
};

/** Adds its routes. */
export type Room = (app: FastifyInstance) => void;

/** Whoever sends a request that slowly does not mean well. */
const REQUEST_MS = 15_000;

/** Everything comes from here, nothing is inline, nobody frames it, and no text becomes code. */
const CONTENT_POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    manifestSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    requireTrustedTypesFor: ["'script'"],
  },
};

/** The HTTP server, not listening yet. */
export async function createServer(deps: ServerDeps): Promise<FastifyInstance> {
  const { token, log, clock } = deps;
  const loggerInstance: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance,
    // One line for each question that a dashboard asks would bury the others.
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
    requestTimeout: REQUEST_MS,
    // The largest question is a filter; a token is a header.
    bodyLimit: 1,
    // Longer than any address: whatever stands for an id is looked up, and not refused with words of the framework.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 100_000 },
    frameworkErrors: refuseAddress,
  });
  await app.register(helmet, {
    contentSecurityPolicy: CONTENT_POLICY,
    referrerPolicy: { policy: 'no-referrer' },
    // Whether there is TLS in front of it, and for how long, is for whoever puts it there to say.
    strictTransportSecurity: false,
  });
  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
    return Promise.resolve();
  });
  guard(app, { token, log, monotonic: clock.monotonic });
  app.setNotFoundHandler(async (request, reply) => {
    return await reply.code(404).send(complaint(`There is no ${request.url.split('?')[0] ?? ''} here.`));
  });
  app.setErrorHandler(async (error: FastifyError, _request, reply) => {
    const code = error.statusCode ?? 500;
    if (code < 500) return await reply.code(code).send(complaint(error.message));
    log.error({ err: error }, 'a request failed');
    return await reply.code(code).send(complaint('The request failed; the log says why.'));
  });
  serveVerdict(app, '/healthz', () => ({ ...healthOf(deps.vitals(), clock.monotonic()), pid: deps.pid }));
  serveVerdict(app, '/readyz', () => readinessOf(deps.vitals(), clock.monotonic()));
  for (const room of deps.rooms) room(app);
  return app;
}

/** Before any route is known, so no hook has run: nobody has been let in, and nothing of the address is repeated. */
function refuseAddress(_error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  void reply
    .code(400)
    .headers({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    })
    .send(complaint('The address is not well formed.', 'Behind a % there must be two hexadecimal digits.'));
}

function serveVerdict(app: FastifyInstance, path: string, judge: () => Verdict): void {
  app.get(path, async (_request, reply) => {
    const verdict = judge();
    return await reply.code(verdict.ok ? 200 : 503).send(verdict);
  });
}
