import { runDaemon } from '../harvest/daemon.ts';
import type { HarvestDeps } from '../harvest/harvester.ts';
import { createPulse, type Pulse } from '../harvest/pulse.ts';
import { longestPauseMs } from '../harvest/schedule.ts';
import { ledgerRoom } from '../http/rooms.ts';
import { serve } from '../http/serve.ts';
import { refuseForeign } from '../ledger/database.ts';
import { refuseHeld } from '../ledger/lock.ts';
import type { Clock } from '../time.ts';
import { policyOf, type Parts } from './parts.ts';
import { startTelling } from './tell.ts';
import { askVendorDay } from './vendor-day.ts';
import { withHarvest } from './with-harvest.ts';
import { withRoom } from './with-room.ts';

/** Of the eight seconds that a stop may take; the rest is for the answers under way and for closing the ledger. */
const PAGE_ENDS_WITHIN_MS = 1_000;

/**
 * The daemon, its page, and who is told of it. The page is there before the ledger is opened, so that a health check is answered
 * during a migration and on a full disk too, and until nothing is read any more: then the ledger is closed. Where another process
 * has the ledger, nothing is begun. Resolves once `signal` has stopped it. @throws {LedgerError}
 */
export async function run(parts: Parts, signal: AbortSignal): Promise<void> {
  const { tailCron, apis, databasePath } = parts.config;
  const { pid, version } = parts.seams;
  refuseHeld(databasePath);
  refuseForeign(databasePath);
  parts.log.info({ version, pid, ledger: databasePath, apis }, 'the daemon starts');
  const pulse = createPulse(parts.seams.clock.monotonic, apis, longestPauseMs(tailCron));
  const page = await servePage(parts, pulse, signal);
  let pageEnds: Promise<void> | null = null;
  const endPage = () => (pageEnds ??= within(parts.seams.clock, page.stop()));
  try {
    const work = async (deps: HarvestDeps) => {
      const audience = startTelling(parts, deps, pulse);
      const tailRead = (api: string) => {
        pulse.tailRead(api);
        audience.tailRead();
      };
      try {
        await runDaemon({ ...deps, hear: pulse.said }, { tailCron, pulse: { ...pulse, tailRead } }, signal);
      } finally {
        await audience.stop();
        // Whoever reads for the page keeps the log from being merged.
        if (signal.aborted) await endPage();
      }
    };
    const start = () => withHarvest(parts, work, signal);
    await withRoom({ parts, pulse }, start, signal).catch(unlessStopped(signal));
  } finally {
    await endPage();
  }
  parts.log.info({ reason: String(signal.reason) }, 'the daemon has stopped in good order');
}

/** A statement in the middle of which the page's thread is may take a minute, and the ledger is closed all the same. */
async function within(clock: Clock, work: Promise<void>): Promise<void> {
  const done = new AbortController();
  const enough = clock.sleep(PAGE_ENDS_WITHIN_MS, done.signal).catch(() => undefined);
  await Promise.race([work, enough]).finally(() => done.abort());
}

async function servePage(parts: Parts, { vitals }: Pulse, signal: AbortSignal) {
  const { config, log, seams } = parts;
  const { host, port, token } = config.http;
  const options = { host, port, token: token?.reveal() ?? null, databasePath: config.databasePath, pid: seams.pid };
  const { clock, version } = seams;
  const terms = {
    path: config.databasePath,
    apis: config.apis,
    policy: policyOf(config),
    lagMs: config.lagMs,
    tailPeriodMs: longestPauseMs(config.tailCron),
    version,
  };
  const vendorDay = () => askVendorDay(parts, signal);
  const said = () => vitals().said ?? null;
  return await serve(options, { log, clock, vitals, rooms: [ledgerRoom(terms, { log, clock, said, vendorDay })] });
}

/** Stopped while the ledger was brought up to date: that is what a daemon does when it is asked to. */
function unlessStopped(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted || error !== signal.reason) throw error;
  };
}
