import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { equal, until } from './expect.ts';
import { checkLargeAnswers } from './large-answers.ts';
import { textsInImage } from './layers.ts';
import { checkPage } from './page.ts';
import { answers, callsSeen, statusOf, type Status, type Trial } from './trial.ts';
import { checkUpgrade } from './upgrade.ts';

export type Figures = {
  readonly healthyMs: number;
  readonly readyMs: number;
  readonly readyAgainMs: number;
  readonly stopMs: number;
  readonly idleBytes: number;
  readonly peakBytes: number;
};

/** Names what was found to hold. */
export type Say = (what: string) => void;

/** A kill comes after so many calls of the backfill's sixty. */
const CALLS_BEFORE_KILL = 20;
const BACKFILL_MS = 3 * 60_000;
/** docker stop's own; the compose file and the manifest give more. */
const GRACE_S = 10;
const IDLE_MS = 10_000;

/** The life of a container: started, killed, started again, idle, stopped. @throws At the first thing that does not hold. */
export async function checkLife(trial: Trial, say: Say): Promise<Figures> {
  const { engine, ledger, httpUrl } = trial;
  const healthyMs = await timed(() => {
    engine.run('start', ledger);
    return answers(`${httpUrl}/healthz`);
  });
  const readyMs = healthyMs + (await answers(`${httpUrl}/readyz`));
  say('starts, is healthy, and is ready after its first reading');
  checkConfinement(trial, say);
  await until(async () => (await callsSeen(trial)) >= CALLS_BEFORE_KILL, BACKFILL_MS);
  const before = statusOf(trial).tasks.total;
  engine.run('kill', '--signal', 'KILL', ledger);
  equal(engine.run('wait', ledger), '137', 'the exit code after SIGKILL');
  const readyAgainMs = await timed(() => {
    engine.run('start', ledger);
    return answers(`${httpUrl}/readyz`);
  });
  await until(() => statusOf(trial).coverage['backlinks']?.complete === true, BACKFILL_MS);
  const after = statusOf(trial).tasks.total;
  if (before >= after)
    throw new Error(`It was killed too late: ${String(before)} tasks before, ${String(after)} after.`);
  say(`killed with SIGKILL in its backfill, it goes on where it was (${String(before)} tasks, then ${String(after)})`);
  engine.run('exec', ledger, 'dataforseo-ledger', 'verify');
  say('what it has read stands up to verify');
  checkCommands(trial, say);
  await checkPage(trial, say);
  await checkHealth(trial, say);
  await sleep(IDLE_MS);
  const memory = memoryOf(trial);
  checkSecrets(trial, say);
  const stopMs = checkStop(trial, say);
  await checkUpgrade(trial, say);
  await checkLargeAnswers(trial, say);
  return { healthyMs, readyMs, readyAgainMs, ...memory, stopMs };
}

/** Who it runs as, and what it may write. */
function checkConfinement({ engine, ledger }: Trial, say: Say): void {
  equal(engine.run('exec', ledger, 'id', '-u'), '1000', 'the user');
  const status = engine.run('exec', ledger, 'cat', '/proc/1/status');
  for (const line of [/^Uid:\s+1000\s+1000\s/m, /^CapEff:\s+0+$/m, /^NoNewPrivs:\s+1$/m]) {
    if (!line.test(status)) throw new Error(`/proc/1/status has no line ${line.source}:\n${status}`);
  }
  for (const folder of ['/app', '/usr/local/bin', '/var/tmp', '/home/node']) {
    const { code } = engine.attempt('exec', ledger, 'touch', `${folder}/new`);
    if (code === 0) throw new Error(`${folder} can be written.`);
  }
  const tools = engine.attempt('exec', ledger, 'sh', '-c', 'command -v npm || command -v npx || command -v corepack');
  if (tools.code === 0) throw new Error(`The image has ${tools.stdout.trim()}.`);
  say('runs as user 1000 without capabilities, on a root that it cannot write, without a package manager');
}

/** What docs/operations.md does beside a container, and what loads the packages that the daemon does without. */
function checkCommands({ engine, ledger, image, volume, folder }: Trial, say: Say): void {
  const inside = (...words: readonly string[]) => engine.run('exec', ledger, 'dataforseo-ledger', ...words);
  inside('report', 'costs', '--by', 'month');
  inside('export', '--format', 'parquet', '--out', '/data/tasks.parquet');
  inside('backup', '/data/backup.db', '--overwrite');
  engine.run('cp', `${ledger}:/data/backup.db`, join(folder, 'backup.db'));
  const header = readFileSync(join(folder, 'backup.db')).subarray(0, 15).toString('latin1');
  equal(header, 'SQLite format 3', 'the head of the copied backup');
  const flags = ['--rm', '--read-only', '--volume', `${volume}:/data:ro`, ...engine.runFlags];
  // New tasks come in meanwhile.
  const total = () => statusOf({ engine, ledger }).tasks.total;
  const before = total();
  const answer = JSON.parse(engine.run('run', ...flags, image, 'status', '--json')) as Status;
  if (answer.tasks.total < before || answer.tasks.total > total())
    throw new Error('A second container reads another ledger.');
  say('reports, exports and backs up beside the daemon; a second container reads the volume without writing it');
}

/** The check of the image itself passes, and does not while the process stands still. */
async function checkHealth({ engine, ledger, image }: Trial, say: Say): Promise<void> {
  if (!/"dataforseo-ledger",\s*"healthcheck"/.test(engine.run('image', 'inspect', image)))
    throw new Error('The image names no health check.');
  await until(() => engine.isHealthy(ledger), 60_000);
  engine.run('kill', '--signal', 'STOP', ledger);
  const { code } = engine.attempt('exec', ledger, 'dataforseo-ledger', 'healthcheck');
  engine.run('kill', '--signal', 'CONT', ledger);
  equal(String(code), '1', 'the exit code of the health check of a process that stands still');
  await until(() => engine.isHealthy(ledger), 60_000);
  say('its health check passes, fails while the process stands still, and passes again');
}

function checkSecrets({ engine, ledger, image, secrets }: Trial, say: Say): void {
  const log = engine.attempt('logs', ledger);
  const places = {
    'the log': `${log.stdout}${log.stderr}`,
    'the container': engine.run('inspect', ledger),
    'the image': engine.run('image', 'inspect', image),
    'its history': engine.run('history', '--no-trunc', image),
    'the environment': engine.run('exec', ledger, 'cat', '/proc/1/environ'),
  };
  if (!places['the log'].includes('"msg"')) throw new Error('The container has logged nothing.');
  for (const [place, text] of Object.entries(places))
    if (secrets.some((secret) => text.includes(secret))) throw new Error(`There is a secret in ${place}.`);
  const search = 'for file in login password basic; do grep -rlFf /run/secrets/$file /data && exit 9; done; exit 0';
  equal(String(engine.attempt('exec', ledger, 'sh', '-c', search).code), '0', 'the search for secrets in the volume');
  const control = engine.attempt('exec', ledger, 'grep', '-rlFf', '/run/secrets/password', '/run/secrets');
  equal(String(control.code), '0', 'the search for a secret where it is');
  say('no secret in its log, its inspection, its environment and its volume');
}

/** @returns Milliseconds from the signal to the end. */
function checkStop({ engine, ledger }: Trial, say: Say): number {
  const start = performance.now();
  engine.run('stop', '-t', String(GRACE_S), ledger);
  const stopMs = Math.round(performance.now() - start);
  equal(engine.run('inspect', '--format', '{{.State.ExitCode}}', ledger), '0', 'the exit code after SIGTERM');
  say('ends with 0 on SIGTERM');
  return stopMs;
}

/** @param canary - What was planted where people keep secrets in a clone. */
export function checkLayers({ engine, image, secrets, folder }: Trial, canary: string, say: Say): void {
  const found = textsInImage(engine, image, [...secrets, canary], folder);
  if (found.length > 0) throw new Error(`There is a secret in the image: ${found.join(', ')}`);
  say('no secret in any layer');
}

function memoryOf({ engine, ledger }: Trial): { idleBytes: number; peakBytes: number } {
  const status = engine.run('exec', ledger, 'cat', '/proc/1/status');
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? NaN) * 1024;
  return { idleBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') };
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return Math.round(performance.now() - start);
}
