import type { FastifyInstance } from 'fastify';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Logger } from '../log.ts';
import { sendFailure } from './failure.ts';
import type { Metrics } from './metrics.ts';
import type { Reader } from './reader/reader.ts';

type MetricsDeps = { readonly reader: Reader; readonly metrics: Metrics; readonly log: Logger };

/** `/metrics`, for Prometheus: the same snapshot that the page shows. */
export function serveMetrics(app: FastifyInstance, { reader, metrics, log }: MetricsDeps): void {
  app.get('/metrics', async (_request, reply) => {
    try {
      const snapshot: unknown = JSON.parse((await reader.ask({ kind: 'status' })) ?? 'null');
      if (!isSnapshot(snapshot))
        throw new Error('The thread that reads has answered with something else than a snapshot.');
      return await reply.type(metrics.contentType).send(await metrics.text(snapshot));
    } catch (error) {
      return await sendFailure(reply, log, error);
    }
  });
}

/** It has been put into words by our own thread a moment ago; one look tells it from an error. */
function isSnapshot(value: unknown): value is Snapshot {
  return typeof value === 'object' && value !== null && 'state' in value && 'budget' in value;
}
