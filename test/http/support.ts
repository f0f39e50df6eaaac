import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import type { Vitals, Word } from '../../src/domain/vitals.ts';
import { createServer, type ServerDeps } from '../../src/http/server.ts';
import { createLogger } from '../../src/log.ts';
import { createFakeClock, type FakeClock } from '../support/fake-clock.ts';

export type TestServer = {
  readonly app: FastifyInstance;
  readonly clock: FakeClock;
  readonly logged: string[];
  readonly turned: () => void;
  readonly said: (word: Word) => void;
  readonly tailRead: (api?: string) => void;
};

/** A server that listens nowhere; `inject` asks it. */
export async function testServer(over: Partial<ServerDeps> = {}): Promise<TestServer> {
  const clock = createFakeClock();
  const logged: string[] = [];
  const log = createLogger({ level: 'trace', secrets: [], destination: { write: (line) => void logged.push(line) } });
  const unread = { readAt: null, everyMs: 60_000 };
  let vitals: Vitals = { turnedAt: null, tails: { backlinks: unread, serp: unread } };
  const app = await createServer({
    token: null,
    log,
    clock,
    vitals: () => vitals,
    pid: 4711,
    rooms: [(server) => server.get('/private', () => ({ private: true }))],
    ...over,
  });
  onTestFinished(() => app.close());
  return {
    app,
    clock,
    logged,
    turned: () => (vitals = { ...vitals, turnedAt: clock.monotonic() }),
    said: (word) => (vitals = { ...vitals, said: word }),
    tailRead: (api = 'backlinks') => {
      const tail = { readAt: clock.monotonic(), everyMs: 60_000 };
      vitals = { ...vitals, tails: { ...vitals.tails, [api]: tail } };
    },
  };
}

export const basic = (password: string, user = 'anyone') =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
