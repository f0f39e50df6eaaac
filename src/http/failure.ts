import type { FastifyReply } from 'fastify';
import { DataForSeoError, LedgerError } from '../domain/errors.ts';
import type { Logger } from '../log.ts';
import { complaint } from './guard.ts';
import { ReaderError } from './reader/reader.ts';

/** A ledger that is not there yet, or is being brought up to date, will be there soon: that is no fault. */
export async function sendFailure(reply: FastifyReply, log: Logger, error: unknown): Promise<FastifyReply> {
  if (error instanceof LedgerError) {
    return await reply.code(503).header('retry-after', 5).send(complaint(error.message, error.hint));
  }
  if (error instanceof DataForSeoError) return await reply.code(502).send(complaint(error.message, error.details.hint));
  if (error instanceof ReaderError && error.code === 'outdated') {
    const hint = 'Begin anew without a cursor, or with an until so far back that no task comes there any more.';
    return await reply.code(409).send(complaint(error.message, hint));
  }
  if (error instanceof ReaderError && error.code !== 'fault') {
    const hint = error.code === 'slow' ? 'Ask for a shorter time or with fewer groups.' : 'Try again.';
    return await reply.code(503).header('retry-after', 1).send(complaint(error.message, hint));
  }
  log.error({ err: error }, 'the ledger did not answer');
  return await reply.code(500).send(complaint('The ledger did not answer; the log says why.'));
}
