import { createClient } from '../dataforseo/client.ts';
import { createServerClock } from '../dataforseo/server-clock.ts';
import { ConfigError } from '../domain/errors.ts';
import type { HarvestDeps } from '../harvest/harvester.ts';
import { openLedger } from '../ledger/ledger.ts';
import { upgradeLedger } from '../ledger/upgrade.ts';
import { policyOf, type Parts } from './parts.ts';
import { adoptPastCalls } from './past-calls.ts';
import { createThrottleNote } from './throttle-note.ts';

/** Brings the ledger up to date, opens it and the client, and closes both in the reverse order, however the work ends. */
export async function withHarvest<T>(
  parts: Parts,
  work: (deps: HarvestDeps) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const { config, seams, log } = parts;
  if (config.credentials === null) throw new ConfigError(['DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD must be set.']);
  const { login, password } = config.credentials;
  const policy = policyOf(config);
  await upgradeLedger({ path: config.databasePath, log }, signal);
  const ledger = openLedger({ path: config.databasePath, login, pid: seams.pid, now: seams.clock.now() });
  try {
    const serverClock = createServerClock(seams.clock, ledger.clockMemory());
    const client = createClient({
      baseUrl: config.url,
      credentials: { login, password: password.reveal() },
      fetch: seams.fetch,
      clock: seams.clock,
      serverClock,
      journal: ledger.journal,
      budget: { calls: policy.tokens, periodMs: policy.periodMs, history: adoptPastCalls(ledger, policy, seams.clock) },
      timeoutMs: config.timeoutMs,
      userAgent: `dataforseo-ledger/${seams.version}`,
      onCall: createThrottleNote(log, seams.clock),
      ...(seams.answerBytes === undefined ? {} : { maxBodyBytes: seams.answerBytes }),
    });
    try {
      const { clock, pid, version } = seams;
      return await work({ ledger, client, serverClock, clock, policy, log, worker: { pid, version } });
    } finally {
      await client.stop();
    }
  } finally {
    if (!ledger.close()) {
      const path = config.databasePath;
      log.warn(
        { path, log: `${path}-wal` },
        'somebody still reads the ledger: its newest part stays in the log, so the file alone is no copy',
      );
    }
  }
}
