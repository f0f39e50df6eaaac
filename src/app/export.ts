import type { ExportWish } from '../cli/app-port.ts';
import { longestPauseMs } from '../harvest/schedule.ts';
import { exportTasks } from '../ledger/export-tasks.ts';
import { certificate } from '../ledger/reports/certificate.ts';
import { serverNow } from '../ledger/server-now.ts';
import { policyOf, type Parts } from './parts.ts';
import { withReader } from './with-reader.ts';

/** Every task of a range, beside whoever works on the ledger. @throws {LedgerError} `missing` before the first start. */
export async function exported(parts: Parts, { range, use }: ExportWish): Promise<void> {
  const { config, seams } = parts;
  await withReader(parts, async (database) => {
    const now = serverNow(database, seams.clock.now());
    const { databasePath: path, apis } = config;
    const terms = {
      path,
      apis,
      policy: policyOf(config),
      now,
      version: seams.version,
      lagMs: config.lagMs,
      tailPeriodMs: longestPauseMs(config.tailCron),
      filter: { ...range, api: null },
    };
    const { complete } = certificate(database, terms);
    await use({ ...exportTasks(database, range), complete });
  });
}
