import type { VendorDay } from '../domain/reconciliation.ts';
import type { Word } from '../domain/vitals.ts';
import type { Logger } from '../log.ts';
import type { Clock } from '../time.ts';
import { serveApi } from './api.ts';
import { createMetrics } from './metrics.ts';
import { serveMetrics } from './serve-metrics.ts';
import { serveLive } from './live.ts';
import type { ReaderTerms } from './reader/answer.ts';
import { createReader } from './reader/reader.ts';
import type { Room } from './server.ts';
import { keepVendorDay } from './vendor-day.ts';
import { serveWebFiles } from './web-files.ts';

/** A snapshot takes milliseconds; a disk that is busy may make it seconds. */
const QUICK_PATIENCE_MS = 10_000;
/** What a report over everything takes on a large ledger and a slow disk. */
const LONG_PATIENCE_MS = 60_000;

export type RoomDeps = {
  readonly log: Logger;
  readonly clock: Clock;
  /** The last word of the process that reads the ledger from DataForSEO, where it is this one. */
  readonly said: () => Word | null;
  /** Asks DataForSEO what today has cost. */
  readonly vendorDay: () => Promise<VendorDay>;
};

/** All that is there to be seen. Threads begin with the first question and end with the server. */
export function ledgerRoom(terms: ReaderTerms, { log, clock, said, vendorDay }: RoomDeps): Room {
  return (app) => {
    const quick = createReader({ terms, said, log, patienceMs: QUICK_PATIENCE_MS });
    const patient = createReader({ terms, said, log, patienceMs: LONG_PATIENCE_MS });
    const metrics = createMetrics();
    app.addHook('onClose', async () => {
      metrics.stop();
      await Promise.all([quick.stop(), patient.stop()]);
    });
    serveApi(app, { quick, patient, vendorDay: keepVendorDay(vendorDay, clock), now: clock.now }, log);
    serveMetrics(app, { reader: quick, metrics, log });
    serveLive(app, { reader: quick, clock });
    serveWebFiles(app);
  };
}
