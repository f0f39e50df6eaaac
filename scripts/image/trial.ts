import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.ts';

/** One ledger in a container against one simulated account in another, both of the image that is tried. */
export type Trial = {
  readonly engine: Engine;
  readonly image: string;
  readonly ledger: string;
  readonly simulator: string;
  readonly volume: string;
  /** Of the host, for what it takes out of containers. */
  readonly folder: string;
  /** Of the ledger's HTTP server, on loopback of the host. */
  readonly httpUrl: string;
  readonly simulatorUrl: string;
  /** As the ledger itself runs. */
  readonly runFlags: readonly string[];
  /** Texts that may stand nowhere. */
  readonly secrets: readonly string[];
  readonly remove: () => void;
};

const TASKS = 60_000;
/** Ten calls in a second instead of a minute: a backfill of six months takes some ten seconds. */
const PERIOD = '1s';
/** As the compose file and the manifest run it. */
const HARDENED = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];

/** Starts the simulator; the ledger is created by the first `startLedger`. @param folder - For the files with the secrets. */
export async function createTrial(engine: Engine, image: string, folder: string): Promise<Trial> {
  const [httpPort, simulatorPort] = [await freePort(), await freePort()];
  const login = `login-${randomBytes(9).toString('hex')}`;
  const password = `password-${randomBytes(18).toString('base64url')}`;
  const basic = Buffer.from(`${login}:${password}`).toString('base64');
  const mount = `${secretFiles(folder, { login, password, basic })}:/run/secrets:ro`;
  const id = `ledger-test-${String(process.pid)}`;
  const [ledger, simulator, volume] = [id, `${id}-simulator`, `${id}-data`];
  const simulatorUrl = `http://127.0.0.1:${String(simulatorPort)}`;
  const runFlags = ['--network', 'host', ...HARDENED, ...engine.runFlags];
  const flags = ['--detach', ...runFlags];
  const account = ['--login', login, '--password', password, '--port', String(simulatorPort)];
  const remove = () => {
    engine.attempt('rm', '--force', '--volumes', ledger, simulator);
    engine.attempt('volume', 'rm', '--force', volume);
  };
  remove();
  engine.run('volume', 'create', volume);
  const scale = ['--tasks', String(TASKS), '--rate-period', PERIOD];
  engine.run('run', '--name', simulator, ...flags, image, 'simulate', ...account, ...scale);
  const settings = {
    DATAFORSEO_URL: simulatorUrl,
    DATAFORSEO_LOGIN_FILE: '/run/secrets/login',
    DATAFORSEO_PASSWORD_FILE: '/run/secrets/password',
    LEDGER_RATE_PERIOD: PERIOD,
    LEDGER_HTTP_PORT: String(httpPort),
  };
  const env = Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  await answers(`${simulatorUrl}/_simulator/stats`);
  engine.run(
    'create',
    '--name',
    ledger,
    ...flags.slice(1),
    '--volume',
    `${volume}:/data`,
    '--volume',
    mount,
    ...env,
    image,
  );
  const httpUrl = `http://127.0.0.1:${String(httpPort)}`;
  return {
    engine,
    image,
    ledger,
    simulator,
    volume,
    folder,
    httpUrl,
    simulatorUrl,
    runFlags,
    secrets: [password, login, basic],
    remove,
  };
}

/** Readable by the user of the image and by nobody else, as docs/operations.md asks for. */
function secretFiles(folder: string, files: Readonly<Record<string, string>>): string {
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets);
  for (const [name, text] of Object.entries(files)) {
    const path = join(secrets, name);
    writeFileSync(path, `${text}\n`);
    if (process.getuid?.() === 0) chownSync(path, 1000, 1000);
    chmodSync(path, process.getuid?.() === 0 ? 0o400 : 0o444);
  }
  return secrets;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No port is free.');
  return address.port;
}

/** Waits until an address answers with 200. @returns Milliseconds that it took. */
export async function answers(url: string, limitMs = 60_000): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < limitMs) {
    const status = await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      (response) => response.status,
      () => 0,
    );
    if (status === 200) return Math.round(performance.now() - start);
    await sleep(10);
  }
  throw new Error(`${new URL(url).pathname} has not answered with 200 within ${String(limitMs)} ms.`);
}

/** Calls that the simulated service has seen. */
export async function callsSeen({ simulatorUrl }: Trial): Promise<number> {
  const response = await fetch(`${simulatorUrl}/_simulator/stats`);
  return ((await response.json()) as { calls: number }).calls;
}

export type Status = {
  readonly state: string;
  readonly tasks: { readonly total: number; readonly withMetadata: number };
  readonly coverage: Readonly<Record<string, { readonly complete: boolean }>>;
};

/** What the ledger says of itself, by a command inside its container. */
export function statusOf({ engine, ledger }: Pick<Trial, 'engine' | 'ledger'>): Status {
  return JSON.parse(engine.run('exec', ledger, 'dataforseo-ledger', 'status', '--json')) as Status;
}
