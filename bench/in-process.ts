import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOpenApp } from '../src/app.ts';
import { loadConfig, secretsOf } from '../src/config.ts';
import type { BackfillResult, Progress } from '../src/domain/progress.ts';
import { createLogger } from '../src/log.ts';
import type { SimulatorPatch } from '../src/simulator/options.ts';
import type { SimulatorStats } from '../src/simulator/stats.ts';
import { createService } from './service.ts';
import { createVirtualClock } from './virtual-clock.ts';

/** A day in the middle of a month, so that a run tells the same story whenever it is made. */
export const STARTED_AT = Date.UTC(2024, 4, 15, 12);

export type Terms = { readonly calls: number; readonly periodMs: number };

/** What DataForSEO allows. */
export const REAL_TERMS: Terms = { calls: 10, periodMs: 60_000 };

export type Run = { readonly result: BackfillResult; readonly stats: SimulatorStats; readonly elapsedMs: number };

/** One whole backfill of a simulated account, the program itself on a ledger of its own, by a clock that waits for nobody. */
export async function backfillInProcess(
  patch: SimulatorPatch,
  terms: Terms = REAL_TERMS,
  settings: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const clock = createVirtualClock(STARTED_AT);
  const service = createService({ ...patch, rate: terms, login: 'login', password: 'password' }, clock);
  const folder = temporaryFolder();
  try {
    const env = {
      DATAFORSEO_LOGIN: 'login',
      DATAFORSEO_PASSWORD: 'password',
      DATAFORSEO_URL: 'http://127.0.0.1:9',
      LEDGER_DATABASE: join(folder, 'ledger.db'),
      LEDGER_RATE_CALLS: String(terms.calls),
      LEDGER_RATE_PERIOD: `${terms.periodMs}ms`,
      ...settings,
    };
    const config = loadConfig({ env, flags: {} }, { credentials: true });
    const log = createLogger({ level: 'error', secrets: secretsOf(config), destination: process.stderr });
    const app = createOpenApp({ clock, fetch: service.fetch, pid: process.pid, version: 'bench' })(config, log);
    const began = clock.monotonic();
    const giveUp = new AbortController();
    const most = 1_000 + (patch.tasks ?? 0) / 100;
    const watch = ({ calls }: Progress) => {
      if (calls > most) giveUp.abort(new Error(`A backfill of the bench has made ${calls} calls and goes on.`));
    };
    const result = await clock.drive(() => app.backfill(watch, giveUp.signal));
    if (!result.complete) throw new Error(`A backfill of the bench is not complete: ${result.left.join('; ')}`);
    return { result, stats: service.stats(), elapsedMs: clock.monotonic() - began };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In memory where the machine has such a place: here only calls and simulated time count. */
function temporaryFolder(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ledger-bench-'));
}
