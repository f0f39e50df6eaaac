import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { SECOND_MS, type Clock } from '../time.ts';
import { complaint } from './guard.ts';
import type { Reader } from './reader/reader.ts';

export type LiveDeps = { readonly reader: Reader; readonly clock: Clock };

const TYPE = 'text/event-stream; charset=utf-8';
/** One question for all who listen. */
const EVERY_MS = 2 * SECOND_MS;
/** Each keeps a connection. */
const MOST_LISTENERS = 50;
/** A listener that takes nothing has gone to sleep; it comes back by itself when it wakes. */
const MOST_UNSENT_BYTES = 1_000_000;

/** The snapshot as server-sent events: at once, and every two seconds while somebody listens. */
export function serveLive(app: FastifyInstance, { reader, clock }: LiveDeps): void {
  const listeners = new Set<ServerResponse>();
  const stopping = new AbortController();
  let telling: Promise<void> | null = null;
  const tell = async () => {
    while (listeners.size > 0 && !stopping.signal.aborted) {
      const event = await nextEvent(reader);
      for (const listener of listeners) write(listener, event);
      await clock.sleep(EVERY_MS, stopping.signal).catch(() => undefined);
    }
    telling = null;
  };
  app.addHook('preClose', async () => {
    stopping.abort();
    for (const listener of listeners) listener.end();
    await telling;
  });
  app.get('/api/live', async (request, reply) => {
    // It would be asked for its headers alone, and wait for an answer that does not end.
    if (request.method === 'HEAD') return await reply.type(TYPE).send();
    if (listeners.size >= MOST_LISTENERS) {
      return await reply.code(503).header('retry-after', 30).send(complaint('Too many pages are open.'));
    }
    reply.hijack();
    const { raw } = reply;
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value);
    raw.writeHead(200, { 'content-type': TYPE, 'x-accel-buffering': 'no' });
    raw.write('retry: 2000\n\n');
    raw.on('close', () => listeners.delete(raw));
    // Whoever leaves is forgotten, also before the first word: what has closed tells nobody so again.
    if (raw.destroyed) return reply;
    listeners.add(raw);
    write(raw, await nextEvent(reader));
    if (listeners.size > 0) telling ??= tell();
    return reply;
  });
}

async function nextEvent(reader: Reader): Promise<string> {
  try {
    return `event: status\ndata: ${(await reader.ask({ kind: 'status' })) ?? 'null'}\n\n`;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return `event: trouble\ndata: ${JSON.stringify({ error: message })}\n\n`;
  }
}

function write(listener: ServerResponse, event: string): void {
  if (listener.writableEnded || listener.destroyed) return;
  if (listener.writableLength > MOST_UNSENT_BYTES) listener.destroy();
  else listener.write(event);
}
