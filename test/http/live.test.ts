import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveLive } from '../../src/http/live.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { testServer } from './support.ts';

/** The events of a ledger whose answers come when they are let through. */
async function events() {
  const gate = Promise.withResolvers<string>();
  let asked = 0;
  const reader = {
    ask: () => {
      asked += 1;
      return gate.promise;
    },
    stop: () => Promise.resolve(),
  };
  const { app } = await testServer({ rooms: [(server) => serveLive(server, { reader, clock: createFakeClock() })] });
  const url = new URL('/api/live', await app.listen({ port: 0, host: '127.0.0.1' }));
  const visit = async () => {
    const call = request(url).end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    onTestFinished(() => void response.destroy());
    return response;
  };
  return { visit, answer: () => gate.resolve('{}'), asked: () => asked };
}

describe('the events', () => {
  it('forget who leaves before the first word, and ask nothing more for them', async () => {
    const { visit, answer, asked } = await events();
    // As many as may listen at a time.
    const visitors = await Promise.all(Array.from({ length: 50 }, visit));
    expect((await visit()).statusCode).toBe(503);
    for (const visitor of visitors) visitor.destroy();
    // Until the server has heard that they are gone.
    let late = await visit();
    while (late.statusCode === 503) late = await visit();
    answer();
    expect(String(await once(late, 'data'))).toBe('retry: 2000\n\n');
    expect(String(await once(late, 'data'))).toBe('event: status\ndata: {}\n\n');
    // One question for each that came, and of all that listen one for the one that stayed.
    expect(asked()).toBe(52);
  });
});
