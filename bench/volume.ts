import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { timeAnswers } from './answers.ts';
import { median, type BenchPlan, type Figure } from './figure.ts';
import { timePages, upsertsPerSecond } from './pages.ts';

const DAY_MS = 86_400_000;
const MAIN = join(import.meta.dirname, '../dist/main.js');
/** So high that nobody waits for it; the program refuses less than real terms for any address but loopback. */
const RATE = { calls: 1_000, periodMs: 1_000 };
const MILLION = 1_000_000;
const METADATA_BYTES = 250;
/** As the container starts it. */
const NODE = ['--max-semi-space-size=4'];

type Account = {
  readonly url: string;
  readonly env: NodeJS.ProcessEnv;
  readonly path: string;
  readonly stop: () => void;
};

/** What a ledger of millions costs: real processes, HTTP over loopback, a ledger on disk. */
export async function* benchVolume({ isQuick, wants }: BenchPlan): AsyncIterable<Figure> {
  if (!existsSync(MAIN)) throw new Error('There is no build to measure: npm run build');
  const folder = mkdtempSync(join(tmpdir(), 'ledger-bench-'));
  try {
    yield* pageTimes(join(folder, 'empty.db'), 'an empty ledger');
    const sizes = isQuick ? [MILLION / 5] : [MILLION, 5 * MILLION];
    for (const tasks of sizes.filter((size) => wants(heldBy(size)))) yield* fill(join(folder, `${tasks}.db`), tasks);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function heldBy(tasks: number): string {
  return `${tasks / MILLION} million rows`;
}

async function* fill(path: string, tasks: number): AsyncIterable<Figure> {
  const held = heldBy(tasks);
  // All of them within the month, so that each row has its metadata.
  const account = await serve(path, { tasks, spanDays: 28 });
  try {
    const began = performance.now();
    const memory = await backfill(account, tasks);
    const perSecond = tasks / ((performance.now() - began) / 1_000);
    const bare = upsertsPerSecond(`${path}.bare`);
    yield { what: `backfill of ${held}, end to end`, value: perSecond, unit: 'rows/s' };
    yield { what: 'bare loop of upserts of such rows', value: bare, unit: 'rows/s' };
    yield {
      what: `… backfill of ${held} over the bare loop`,
      value: perSecond / bare,
      unit: '',
      target: { atLeast: 0.5 },
    };
    yield* memoryFigures(memory, held);
    yield {
      what: `bytes a row at ${held}, 250 of them metadata`,
      // The simulator writes metadata of about 250 bytes.
      value: statSync(path).size / tasks - meanMetadataBytes(path) + METADATA_BYTES,
      unit: 'bytes',
      target: { atMost: 480 },
    };
    yield* timeAnswers(path, held);
    yield* starts(account, held);
    yield* pageTimes(path, held);
  } finally {
    account.stop();
  }
}

type Sample = { readonly rows: number; readonly mebibytes: number };

function* memoryFigures(samples: readonly Sample[], held: string): Iterable<Figure> {
  const most = Math.max(...samples.map(({ mebibytes }) => mebibytes));
  yield {
    what: `resident memory of the backfill, most, up to ${held}`,
    value: most,
    unit: 'MiB',
    target: { atMost: 250 },
  };
  const last = samples.at(-1)?.rows ?? 0;
  const half = (from: number, to: number) =>
    median(samples.filter(({ rows }) => rows >= from * last && rows < to * last).map(({ mebibytes }) => mebibytes));
  yield {
    what: '… second half over first half, medians',
    value: half(0.5, 1) / half(0.1, 0.5),
    unit: '',
    target: { atMost: 1.1 },
  };
}

/** Runs the real command. @returns Its memory beside the rows it had saved by then. */
async function backfill({ env, path }: Account, tasks: number): Promise<Sample[]> {
  const child = spawn(process.execPath, [...NODE, MAIN, 'backfill'], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const samples: Sample[] = [];
  const timer = setInterval(() => samples.push({ rows: rowsIn(path), mebibytes: residentMebibytes(child) }), 500);
  try {
    await ended(child);
  } finally {
    clearInterval(timer);
  }
  if (rowsIn(path) !== tasks) throw new Error(`The backfill found ${rowsIn(path)} of ${tasks} tasks.`);
  return samples.filter(({ rows, mebibytes }) => rows > 0 && mebibytes > 0);
}

function rowsIn(path: string): number {
  if (!existsSync(path)) return 0;
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare<[], number>('select ifnull(sum(tasks), 0) from tally').pluck().get() ?? 0;
  } catch {
    return 0; // its tables are not there yet
  } finally {
    database.close();
  }
}

function meanMetadataBytes(path: string): number {
  const database = new Database(path, { readonly: true });
  try {
    const mean = database.prepare<[], number>('select avg(octet_length(metadata)) from tasks');
    return mean.pluck().get() ?? 0;
  } finally {
    database.close();
  }
}

function residentMebibytes({ pid }: ChildProcess): number {
  const status = `/proc/${String(pid)}/status`;
  if (!existsSync(status)) return 0;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0) / 1024;
}

/** From the start of a process to its answer, and to its first call. */
async function* starts(account: Account, held: string): AsyncIterable<Figure> {
  const answers: number[] = [];
  const calls: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const began = performance.now();
    await ended(spawn(process.execPath, [...NODE, MAIN, 'status', '--json'], { env: account.env, stdio: 'ignore' }));
    answers.push(performance.now() - began);
    calls.push(await firstCallMs(account));
  }
  yield { what: `start to the answer of status, ${held}`, value: median(answers), unit: 'ms' };
  yield { what: `start to the first call of run, ${held}`, value: median(calls), unit: 'ms' };
}

async function firstCallMs({ url, env }: Account): Promise<number> {
  const before = await callsSeen(url);
  const began = performance.now();
  const child = spawn(process.execPath, [...NODE, MAIN, 'run'], { env, stdio: 'ignore' });
  const end = ended(child);
  while ((await callsSeen(url)) === before) {
    if (performance.now() - began > 60_000) throw new Error('run made no call within a minute.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const ms = performance.now() - began;
  child.kill('SIGTERM');
  await end;
  return ms;
}

async function callsSeen(url: string): Promise<number> {
  const stats: unknown = await (await fetch(`${url}/_simulator/stats`)).json();
  return typeof stats === 'object' && stats !== null && 'calls' in stats ? Number(stats.calls) : 0;
}

/** Twenty pages of new rows, all over the month. */
function* pageTimes(path: string, held: string): Iterable<Figure> {
  const ms = timePages(path);
  yield { what: `transaction of one page, ${held}, median`, value: median(ms), unit: 'ms' };
  yield { what: `… worst of ${ms.length}`, value: Math.max(...ms), unit: 'ms' };
}

/** A simulator of its own process, so that its work is not counted as the ledger's. */
async function serve(path: string, options: { tasks: number; spanDays: number }): Promise<Account> {
  const all = {
    ...options,
    login: 'login',
    password: 'password',
    newestAgoMs: DAY_MS,
    rate: RATE,
    metadata: { bytes: METADATA_BYTES },
  };
  const args = [MAIN, 'simulate', '--options', JSON.stringify(all)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.once('exit', () => reject(new Error('The simulator has ended.')));
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
      if (found !== undefined) resolve(found);
    });
  });
  const env = {
    PATH: process.env['PATH'],
    DATAFORSEO_LOGIN: 'login',
    DATAFORSEO_PASSWORD: 'password',
    DATAFORSEO_URL: url,
    LEDGER_DATABASE: path,
    LEDGER_RATE_CALLS: String(RATE.calls),
    LEDGER_RATE_PERIOD: `${RATE.periodMs}ms`,
    LEDGER_HTTP_PORT: '0',
    LOG_LEVEL: 'error',
  };
  return { url, env, path, stop: () => void child.kill('SIGTERM') };
}

async function ended(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`A process of the bench ended with ${String(code)}.`));
    });
  });
}
