import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Snapshot } from '../domain/snapshot.ts';
import { GAUGES } from './gauges.ts';

const PREFIX = 'dataforseo_ledger_';

/** Named like counters, which they are not: `promtool check metrics` refuses them, and each has a twin by type that says more. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export type Metrics = {
  /** Of the content type `contentType`. */
  readonly text: (snapshot: Snapshot) => Promise<string>;
  readonly contentType: string;
  /** Stops watching the process. */
  readonly stop: () => void;
};

/**
 * What `/metrics` answers: figures of a snapshot, and those of this process (memory, CPU, event loop). Make it once, since the
 * process is watched from then on; a registry of its own, so that nothing else gets in.
 */
export function createMetrics(): Metrics {
  const ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  for (const name of MISNAMED) ofProcess.removeSingleMetric(name);
  return {
    text: async (snapshot) => (await textOf(snapshot)) + (await ofProcess.metrics()),
    contentType: ofProcess.contentType,
    stop: () => ofProcess.clear(),
  };
}

/** The figures of a snapshot, without those of the process. */
async function textOf(snapshot: Snapshot): Promise<string> {
  const registry = new Registry();
  for (const { name, help, labels = [], of } of GAUGES) {
    const samples = of(snapshot);
    // A gauge without labels would say 0 where nothing is known.
    if (samples.length === 0) continue;
    const gauge = new Gauge({ name: `${PREFIX}${name}`, help, labelNames: labels, registers: [registry] });
    for (const sample of samples) gauge.set(sample.labels ?? {}, sample.value);
  }
  return await registry.metrics();
}
