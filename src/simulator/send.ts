import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gzipSync } from 'node:zlib';
import type { Answer } from './answer.ts';

/** What the request and the options say about the way an answer goes out. */
export type Manner = { readonly gzip: boolean; readonly date: string | null };

/** Sends an answer as a stream, so that its size needs no memory; a spoilt one is spoilt here. */
export async function send(response: ServerResponse, answer: Answer, manner: Manner): Promise<void> {
  if (answer.ending === 'hang') return;
  if (answer.ending === 'reset') {
    response.destroy();
    return;
  }
  response.sendDate = false;
  if (manner.date !== null) response.setHeader('Date', manner.date);
  if (manner.gzip) response.setHeader('Content-Encoding', 'gzip');
  response.writeHead(answer.http, { ...answer.headers });
  if (answer.ending === 'whole') await sendWhole(response, answer.chunks, manner.gzip);
  else await sendHalf(response, answer, manner.gzip);
}

async function sendWhole(response: ServerResponse, chunks: Iterable<string>, gzip: boolean): Promise<void> {
  const body = Readable.from(chunks);
  try {
    if (gzip) await pipeline(body, createGzip({ level: 1 }), response);
    else await pipeline(body, response);
  } catch {
    // The caller has gone away in the middle of the answer; there is nobody left to tell.
    response.destroy();
  }
}

/** The first half of the body; then the socket dies, or the answer ends as if that were all. */
async function sendHalf(response: ServerResponse, answer: Answer, gzip: boolean): Promise<void> {
  const text = [...answer.chunks].join('');
  const half = Math.floor(text.length / 2);
  const cutBody = (body: Buffer) => body.subarray(0, Math.floor(body.length / 2));
  if (answer.ending === 'truncated') {
    const early = Buffer.from(text.slice(0, half));
    response.end(gzip ? gzipSync(early) : early);
    return;
  }
  const body = cutBody(gzip ? gzipSync(text) : Buffer.from(text));
  await new Promise<void>((resolve) => {
    response.write(body, () => resolve());
  });
  response.destroy();
}
