import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { SearchPlace, TaskSearch } from '../domain/task-search.ts';
import type { Logger } from '../log.ts';
import { sendFailure } from './failure.ts';
import type { Reader } from './reader/reader.ts';

type Exchange = { readonly request: FastifyRequest; readonly reply: FastifyReply };
type CsvWish = { readonly reader: Reader; readonly log: Logger; readonly search: TaskSearch };

const PART = z.object({ csv: z.string(), next: z.object({ at: z.int(), n: z.int() }).nullable() });

/**
 * All that a search finds, as fast as it is taken: each part is a question of its own, so that memory stays flat, others have
 * their turn in between and no reader keeps the ledger's log from being cut.
 */
export async function sendTasksCsv({ reply }: Exchange, wish: CsvWish): Promise<FastifyReply> {
  try {
    const first = await part(wish, null);
    void reply.type('text/csv; charset=utf-8').header('content-disposition', 'attachment; filename="tasks.csv"');
    return await reply.send(Readable.from(parts(wish, first), { objectMode: false }));
  } catch (error) {
    return await sendFailure(reply, wish.log, error);
  }
}

async function* parts(wish: CsvWish, first: z.output<typeof PART>): AsyncGenerator<Buffer> {
  let { csv, next } = first;
  for (;;) {
    if (csv !== '') yield Buffer.from(csv, 'utf8');
    if (next === null) return;
    // What fails from here on cuts the answer short, and the browser says that the download has failed.
    ({ csv, next } = await part(wish, next));
  }
}

async function part({ reader, search }: CsvWish, from: SearchPlace | null): Promise<z.output<typeof PART>> {
  return PART.parse(JSON.parse((await reader.ask({ kind: 'tasks_csv', search, from })) ?? 'null'));
}
