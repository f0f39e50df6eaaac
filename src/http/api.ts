import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Logger } from '../log.ts';
import { sendFailure } from './failure.ts';
import { complaint } from './guard.ts';
import { createQuestions, PAGE_REPORTS, problemsOf, type LedgerQuestion } from './question.ts';
import type { Reader } from './reader/reader.ts';
import type { AskedVendorDay } from './vendor-day.ts';
import { sendTasksCsv } from './tasks-csv.ts';

export type Sources = {
  /** For what takes milliseconds or ends in time, so that a page is there at once. */
  readonly quick: Reader;
  /** For what takes as long as the ledger is large: sums, reports and lists to be kept. */
  readonly patient: Reader;
  /** What today has cost by DataForSEO's own count. */
  readonly vendorDay: () => Promise<AskedVendorDay>;
  /** Epoch ms. */
  readonly now: () => number;
};

/** What programs and the page ask of the ledger, as JSON. */
export function serveApi(app: FastifyInstance, sources: Sources, log: Logger): void {
  const { quick, patient, vendorDay, now } = sources;
  const questions = createQuestions(now);
  const plain = (path: string, question: LedgerQuestion) => {
    app.get(path, async (request, reply) => {
      if (Object.keys(queryOf(request)).length > 0) return await refuse(reply, ['There are no parameters here.']);
      return await send(reply, log, () => quick.ask(question));
    });
  };
  const asked = (path: string, reader: Reader, schema: z.ZodType<LedgerQuestion>) => {
    app.get(path, async (request, reply) => {
      const question = parsed(request, schema);
      if ('problems' in question) return await refuse(reply, question.problems);
      return await send(reply, log, () => reader.ask(question.asked));
    });
  };
  plain('/api/status', { kind: 'status' });
  plain('/api/strips', { kind: 'strips' });
  plain('/api/calls', { kind: 'calls' });
  asked('/api/explain', quick, questions.explain);
  // A search ends in time by itself, and must not wait for a report that does not.
  asked('/api/tasks', quick, questions.tasks);
  asked('/api/costs', patient, questions.costs);
  app.get<{ Params: { id: string } }>('/api/tasks/:id', async (request, reply) => {
    return await send(reply, log, () => quick.ask({ kind: 'task', id: request.params.id }));
  });
  for (const report of PAGE_REPORTS) {
    const wished = report === 'coverage' || report === 'doubts' ? questions[report] : questions.report;
    const schema = wished.transform((wish): LedgerQuestion => ({ kind: 'report', report, ...wish }));
    asked(`/api/reports/${report}`, patient, schema);
  }
  app.get('/api/reports/reconcile', async (request, reply) => {
    const question = parsed(request, questions.reconcile);
    if ('problems' in question) return await refuse(reply, question.problems);
    const { api } = question.asked;
    return await send(reply, log, async () => quick.ask({ kind: 'reconcile', api, ...(await vendorDay()) }));
  });
  app.get('/tasks.csv', async (request, reply) => {
    const question = parsed(request, questions.tasksCsv);
    if ('problems' in question) return await refuse(reply, question.problems);
    return await sendTasksCsv({ request, reply }, { reader: patient, log, search: question.asked });
  });
}

function queryOf({ query }: FastifyRequest): Readonly<Record<string, unknown>> {
  return typeof query === 'object' && query !== null ? { ...query } : {};
}

function parsed<Asked>(request: FastifyRequest, schema: z.ZodType<Asked>): { asked: Asked } | { problems: string[] } {
  const query = queryOf(request);
  const result = schema.safeParse(query);
  return result.success ? { asked: result.data } : { problems: problemsOf(result.error, query) };
}

async function refuse(reply: FastifyReply, problems: readonly string[]): Promise<FastifyReply> {
  return await reply.code(400).send({ error: problems.join(' '), problems });
}

async function send(reply: FastifyReply, log: Logger, ask: () => Promise<string | null>): Promise<FastifyReply> {
  try {
    const body = await ask();
    if (body === null) return await reply.code(404).send(complaint('The ledger knows no such task.'));
    return await reply.type('application/json; charset=utf-8').send(body);
  } catch (error) {
    return await sendFailure(reply, log, error);
  }
}
