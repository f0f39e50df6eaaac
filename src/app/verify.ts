import type { VerifyWish } from '../cli/app-port.ts';
import type { VerifyReport } from '../domain/verification.ts';
import { reread } from '../harvest/reread.ts';
import { openForReading } from '../ledger/database.ts';
import { createEvidenceReader } from '../ledger/evidence-reader.ts';
import { verifyLedger } from '../ledger/verify.ts';
import type { Parts } from './parts.ts';
import { withHarvest } from './with-harvest.ts';
import { withReader } from './with-reader.ts';

/** Holds the ledger against itself, and slices of it against the server when that is wished. @throws {LedgerError} @throws {DataForSeoError} */
export async function verify(parts: Parts, wish: VerifyWish, signal: AbortSignal): Promise<VerifyReport> {
  if (wish.reread === 0) return await verifyFile(parts, wish, signal);
  // A ledger that is not there has nothing to verify, and none is to be made.
  openForReading(parts.config.databasePath).close();
  return await withHarvest(
    parts,
    async (deps) => {
      const report = await verifyFile(parts, wish, signal);
      // Nothing is written into a damaged file: that could lose what is still whole.
      if (report.problems.some(({ check }) => check === 'file')) return report;
      return await withReader(parts, async (database) => {
        const sumsDiffer = report.problems.some(({ check }) => check === 'sums');
        const evidence = createEvidenceReader(database);
        const found = await reread(deps, { ...wish, evidence, slices: wish.reread, sumsDiffer }, signal);
        const same = found.slices.every(
          (slice) => slice.failure === null && slice.newTasks + slice.changedTasks + slice.unlistedTasks === 0,
        );
        return { ...report, ok: report.ok && same, reread: found };
      });
    },
    signal,
  );
}

async function verifyFile(parts: Parts, { onProgress }: VerifyWish, signal: AbortSignal): Promise<VerifyReport> {
  const terms = { apis: parts.config.apis, wallNow: parts.seams.clock.now(), onProgress };
  return await withReader(parts, (database) => verifyLedger(database, terms, signal));
}
