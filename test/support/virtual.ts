import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { createService } from '../../bench/service.ts';
import { createVirtualClock, type VirtualClock } from '../../bench/virtual-clock.ts';
import { createOpenApp } from '../../src/app.ts';
import { withHarvest } from '../../src/app/with-harvest.ts';
import type { App } from '../../src/cli/app-port.ts';
import { loadConfig, secretsOf } from '../../src/config.ts';
import type { Vitals } from '../../src/domain/vitals.ts';
import { runDaemon } from '../../src/harvest/daemon.ts';
import { createPulse } from '../../src/harvest/pulse.ts';
import { longestPauseMs } from '../../src/harvest/schedule.ts';
import { createLogger } from '../../src/log.ts';
import type { SimulatorPatch } from '../../src/simulator/options.ts';
import type { SimulatorStats } from '../../src/simulator/stats.ts';

/** A day in the middle of a month, so that a run tells the same story whenever it is made. */
export const STARTED_AT = Date.UTC(2024, 4, 15, 12);

/**
 * The program itself on a ledger of its own, at DataForSEO's own terms, by a clock that waits for nobody: hours pass in seconds.
 */
export type VirtualBench = {
  readonly clock: VirtualClock;
  /** Holds the ledger. */
  readonly folder: string;
  readonly app: (settings?: Readonly<Record<string, string>>) => App;
  /** Runs the daemon for so long and stops it in good order. */
  readonly run: (ms: number, settings?: Readonly<Record<string, string>>, watch?: Watch) => Promise<void>;
  /** Nobody runs for so long. */
  readonly pass: (ms: number) => Promise<void>;
  readonly set: (patch: SimulatorPatch) => void;
  /** Steps the wall clock of the program; the server's goes on. */
  readonly stepWall: (ms: number) => void;
  readonly stats: () => SimulatorStats;
  readonly vitals: () => Vitals;
  readonly logged: Record<string, unknown>[];
  readonly rows: (sql: string, ...values: unknown[]) => Record<string, unknown>[];
  readonly number: (sql: string, ...values: unknown[]) => number;
};

/** Looks at a running daemon every so often. */
type Watch = { readonly everyMs: number; readonly look: () => void };

export function openVirtualBench(patch: SimulatorPatch, settings: Readonly<Record<string, string>> = {}): VirtualBench {
  const clock = createVirtualClock(STARTED_AT);
  const service = createService({ metadata: { bytes: 100 }, ...patch, login: 'login', password: 'password' }, clock);
  // In memory where the machine has such a place: what is durable is proven elsewhere.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ledger-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'ledger.db');
  let skewMs = 0;
  const logged: Record<string, unknown>[] = [];
  const partsOf = (more: Readonly<Record<string, string>> = {}) => {
    const env = {
      DATAFORSEO_LOGIN: 'login',
      DATAFORSEO_PASSWORD: 'password',
      DATAFORSEO_URL: 'http://127.0.0.1:9',
      LEDGER_DATABASE: path,
      LEDGER_HTTP_PORT: '0',
      ...settings,
      ...more,
    };
    const config = loadConfig({ env, flags: {} }, { credentials: true });
    const destination = { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) };
    const log = createLogger({ level: 'info', secrets: secretsOf(config), destination });
    return { config, log, seams: { clock, fetch: service.fetch, pid: process.pid, version: 'test' } };
  };
  const app = (more?: Readonly<Record<string, string>>) => {
    const { config, log, seams } = partsOf(more);
    return createOpenApp(seams)(config, log);
  };
  let vitals: () => Vitals = () => ({ turnedAt: null, tails: {} });
  /** The daemon without its page: a server would let real time pass. */
  const daemon = (more: Readonly<Record<string, string>> | undefined, signal: AbortSignal) => {
    const parts = partsOf(more);
    const { tailCron, apis } = parts.config;
    const pulse = createPulse(clock.monotonic, apis, longestPauseMs(tailCron));
    vitals = pulse.vitals;
    return withHarvest(parts, (deps) => runDaemon(deps, { tailCron, pulse }, signal), signal);
  };
  const rows = (sql: string, ...values: unknown[]) => {
    const database = new Database(path, { readonly: true });
    try {
      return database.prepare<unknown[], Record<string, unknown>>(sql).all(...values);
    } finally {
      database.close();
    }
  };
  return {
    clock,
    folder,
    app,
    run: (ms, more, watch) =>
      clock.drive(async () => {
        const stop = new AbortController();
        const running = daemon(more, stop.signal);
        const watching = watch === undefined ? null : watchUntil(clock, watch, stop.signal);
        await Promise.race([clock.sleep(ms), running]);
        stop.abort(new Error('the test has seen enough'));
        await running;
        await watching;
      }),
    pass: (ms) => clock.drive(() => clock.sleep(ms)),
    set: (change) => service.set(change),
    stepWall: (ms) => {
      clock.stepWall(ms);
      skewMs -= ms;
      service.set({ skewMs });
    },
    stats: service.stats,
    vitals: () => vitals(),
    logged,
    rows,
    number: (sql, ...values) => Number(Object.values(rows(sql, ...values)[0] ?? {})[0] ?? 0),
  };
}

async function watchUntil(clock: VirtualClock, { everyMs, look }: Watch, signal: AbortSignal): Promise<void> {
  for (;;) {
    const isOver = await clock.sleep(everyMs, signal).then(
      () => false,
      () => true,
    );
    if (isOver) return;
    look();
  }
}
