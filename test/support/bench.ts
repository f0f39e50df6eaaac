import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished } from 'vitest';
import { createOpenApp } from '../../src/app.ts';
import type { App } from '../../src/cli/app-port.ts';
import { loadConfig, secretsOf } from '../../src/config.ts';
import type { BackfillResult } from '../../src/domain/progress.ts';
import { createLogger } from '../../src/log.ts';
import type { SimulatorPatch } from '../../src/simulator/options.ts';
import { startSimulator, type Simulator } from '../../src/simulator/simulator.ts';
import { systemClock, type Clock } from '../../src/time.ts';

/** Credentials that a search of all output finds, in any form. */
const LOGIN = 'agency@example.com';
const PASSWORD = 'p4ss:wörd/Zq9+';

export type Bench = {
  readonly simulator: Simulator;
  readonly folder: string;
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** What was logged, one JSON line each. */
  readonly logged: string[];
  readonly app: (settings?: Readonly<Record<string, string>>, clock?: Clock, answerBytes?: number) => App;
  readonly backfill: (settings?: Readonly<Record<string, string>>, signal?: AbortSignal) => Promise<BackfillResult>;
  /** Hears of each call of any process that the budget let through, before it is answered. */
  readonly onCall: (listener: () => void) => void;
  readonly expectNoSecretIn: (text: string) => void;
  /** Looks through the ledger and everything beside it. */
  readonly expectNoSecretInFiles: () => void;
  /** Reads with SQL, the way a person would. */
  readonly rows: (sql: string, ...values: unknown[]) => Record<string, unknown>[];
};

/** A simulator on a free port and an empty folder for a ledger; both are gone when the test is. A call costs milliseconds. */
export async function openBench(
  patch: SimulatorPatch = {},
  settings: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock(),
): Promise<Bench> {
  const rate = { calls: 10, periodMs: 100, ...patch.rate };
  let listener: () => void = () => undefined;
  const onCall = () => listener();
  const simulator = await startSimulator({ clock, onCall, login: LOGIN, password: PASSWORD, ...patch, rate });
  const folder = mkdtempSync(join(tmpdir(), 'ledger-test-'));
  const path = join(folder, 'ledger.db');
  const env = {
    DATAFORSEO_LOGIN: LOGIN,
    DATAFORSEO_PASSWORD: PASSWORD,
    DATAFORSEO_URL: simulator.url,
    LEDGER_DATABASE: path,
    LEDGER_RATE_CALLS: String(rate.calls),
    LEDGER_RATE_PERIOD: `${rate.periodMs}ms`,
    LEDGER_TIMEOUT: '5s',
    LEDGER_LAG: '2s',
    LEDGER_HTTP_PORT: '0',
    ...settings,
  };
  const logged: string[] = [];
  onTestFinished(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const app = (
    more: Readonly<Record<string, string>> = {},
    ownClock: Clock = clock,
    answerBytes = 256 * 1024 * 1024,
  ) => {
    const config = loadConfig({ env: { ...env, ...more }, flags: {} }, { credentials: true });
    const destination = { write: (line: string) => void logged.push(line) };
    const log = createLogger({ level: 'debug', secrets: secretsOf(config), destination });
    return createOpenApp({ clock: ownClock, fetch, pid: process.pid, version: '0.0.0-test', answerBytes })(config, log);
  };
  return {
    simulator,
    folder,
    path,
    env,
    logged,
    app,
    backfill: (more, signal = new AbortController().signal) => app(more).backfill(() => undefined, signal),
    onCall: (next) => {
      listener = next;
    },
    expectNoSecretIn,
    expectNoSecretInFiles: () => {
      for (const file of readdirSync(folder)) expectNoSecretIn(readFileSync(join(folder, file), 'latin1'));
    },
    rows: (sql, ...values) => readRows(path, sql, values),
  };
}

function expectNoSecretIn(text: string): void {
  const pair = `${LOGIN}:${PASSWORD}`;
  const forms = [
    PASSWORD,
    encodeURIComponent(PASSWORD),
    Buffer.from(pair).toString('base64'),
    Buffer.from(PASSWORD).toString('base64'),
  ];
  // Files are read byte by byte: a password in UTF-8 looks like this there.
  const bytes = Buffer.from(PASSWORD).toString('latin1');
  for (const form of [...forms, bytes]) expect(text.includes(form)).toBe(false);
}

function readRows(path: string, sql: string, values: readonly unknown[]): Record<string, unknown>[] {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare<unknown[], Record<string, unknown>>(sql).all(...values);
  } finally {
    database.close();
  }
}
