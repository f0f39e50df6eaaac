import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createDraw, type Draw } from './draw.ts';
import { claim, iso, SoakFailure } from './failure.ts';

const MAIN = join(import.meta.dirname, '../dist/main.js');
const USAGE = 'npm run soak:live -- [--minutes MINUTES] [--faketime TIMES_AS_FAST] [--seed SEED]';
/** DataForSEO's own, for accelerated time; in real time the period is short. */
const TERMS = { calls: 10, periodMs: 60_000 };
const SHORT_TERMS = { calls: 10, periodMs: 2_000 };
/** What goes wrong for some seconds, one after the other. */
const FAULTS = [
  'http500',
  'http503',
  'reset',
  'html',
  'cut',
  'truncated',
  'hang',
  'envelope50000',
  'task50401',
  'slow',
] as const;

/** As long as Node may take to load a program, on a machine that does much else, by accelerated time. */
const STARTING_MS = 60_000;

type Wish = { readonly minutes: number; readonly seed: number; readonly isReal: boolean };

const NAMES = ['--minutes', '--faketime', '--seed'];
/** Tells the one that is run by faketime that it is. */
const ACCELERATED = 'accelerated';

function readWish(args: readonly string[]): (Wish & { readonly times: number }) | null {
  const numbers = new Map<string, number>();
  const isReal = args.at(-1) === ACCELERATED;
  const given = isReal ? args.slice(0, -1) : args;
  for (let at = 0; at < given.length; at += 2) {
    const value = Number(given[at + 1]);
    if (!NAMES.includes(given[at] ?? '') || !(value >= 1)) return null;
    numbers.set(given[at] ?? '', value);
  }
  const [minutes = 10, times = 1, seed = 1] = NAMES.map((name) => numbers.get(name));
  return { minutes, times, seed, isReal };
}

type Scene = {
  readonly wish: Wish;
  readonly url: string;
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  readonly children: Set<ChildProcess>;
};

/**
 * Real processes: `simulate` with tasks that arrive all the time, and `run`, which is killed and put to the test by faults. At its
 * end the ledger is held against what the simulator says of itself. By `faketime` both live faster, by DataForSEO's own terms.
 */
async function main(args: readonly string[]): Promise<number> {
  const wish = readWish(args);
  if (wish === null) {
    console.error(USAGE);
    return 2;
  }
  if (!existsSync(MAIN)) throw new Error('There is no build: npm run build');
  if (wish.times > 1 && !wish.isReal) return accelerated(args, wish.times);
  const folder = mkdtempSync(join(tmpdir(), 'ledger-live-'));
  const children = new Set<ChildProcess>();
  try {
    const scene = await open(wish, { folder, children });
    await live(scene);
    await compare(scene);
    return 0;
  } catch (error) {
    console.error(`FAILED: ${error instanceof SoakFailure ? error.message : String(error)}`);
    console.error(
      `once more: npm run soak:live -- --minutes ${wish.minutes} --faketime ${wish.times} --seed ${wish.seed}`,
    );
    return 1;
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All of it, so that every process starts with the same clock: the monotonic one and the timers run so many times as fast too. */
function accelerated(args: readonly string[], times: number): number {
  const own = [process.execPath, import.meta.filename, ...args, ACCELERATED];
  const { status, error } = spawnSync('faketime', ['-m', '-f', `+0 x${times}`, ...own], { stdio: 'inherit' });
  if (error !== undefined)
    throw new Error("There is no faketime here; Debian's package of that name has it.", { cause: error });
  return status ?? 1;
}

async function open(wish: Wish, { folder, children }: { folder: string; children: Set<ChildProcess> }): Promise<Scene> {
  const options = {
    seed: wish.seed,
    tasks: 20_000,
    tasksPerMinute: 120,
    login: 'login',
    password: 'password',
    rate: wish.isReal ? TERMS : SHORT_TERMS,
    late: { share: 0.02, maxMs: 20_000 },
    finishing: { share: 0.05, minMs: 1_000, maxMs: 40_000 },
    latency: { meanMs: 100 },
  };
  const child = start(['simulate', '--options', JSON.stringify(options)], { env: process.env, children });
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.once('exit', () => reject(new Error('The simulator has ended.')));
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
      if (found !== undefined) resolve(found);
    });
  });
  const env = {
    ...process.env,
    DATAFORSEO_LOGIN: 'login',
    DATAFORSEO_PASSWORD: 'password',
    DATAFORSEO_URL: url,
    LEDGER_DATABASE: join(folder, 'ledger.db'),
    LEDGER_RATE_PERIOD: `${options.rate.periodMs}ms`,
    LEDGER_HTTP_PORT: '0',
    LEDGER_TIMEOUT: '10s',
    LEDGER_LAG: '5s',
    LEDGER_SETTLE: wish.isReal ? '10m' : '1m',
    LEDGER_TAIL_CRON: wish.isReal ? '* * * * *' : '*/5 * * * * *',
    LOG_LEVEL: 'error',
  };
  return { wish, url, path: join(folder, 'ledger.db'), env, children };
}

function start(args: readonly string[], by: { env: NodeJS.ProcessEnv; children: Set<ChildProcess> }): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { env: by.env, stdio: ['ignore', 'pipe', 'inherit'] });
  by.children.add(child);
  child.once('exit', () => by.children.delete(child));
  return child;
}

/** Kills, stops and faults at moments drawn from the seed; the last tenth is left in peace. */
async function live(scene: Scene): Promise<void> {
  const { wish } = scene;
  const draw = createDraw(wish.seed, 7);
  const began = performance.now();
  const wholeMs = wish.minutes * 60_000;
  const counts = { kills: 0, stops: 0, faults: 0 };
  let daemon = start(['run'], scene);
  let startedAt = performance.now();
  while (performance.now() - began < wholeMs * 0.9) {
    await pause(draw.spread(500, Math.max(wholeMs / 15, 1_000)));
    claim(daemon.exitCode === null, () => `The daemon has ended by itself with ${String(daemon.exitCode)}.`);
    const what = draw.of(['kill', 'kill', 'stop', 'fault', 'fault'] as const);
    if (what === 'fault') {
      counts.faults += 1;
      await brieflyFaulty(scene, draw);
      continue;
    }
    counts[what === 'kill' ? 'kills' : 'stops'] += 1;
    const ended = exited(daemon);
    daemon.kill(what === 'kill' ? 'SIGKILL' : 'SIGTERM');
    const code = await ended;
    // Before its first line runs, a signal ends it as it ends any program.
    const isNew = performance.now() - startedAt < STARTING_MS;
    if (what === 'stop')
      claim(code === 0 || (code === null && isNew), () => `SIGTERM ended the daemon with ${String(code)}.`);
    await pause(draw.spread(10, 3_000));
    daemon = start(['run'], scene);
    startedAt = performance.now();
    const spent = (performance.now() - began) / 60_000;
    console.log(
      `  ${spent.toFixed(1)} min: ${what}, ${counts.kills} kills, ${counts.stops} stops, ${counts.faults} faults`,
    );
  }
  await pause(wholeMs * 0.1);
  await setOptions(scene, { tasksPerMinute: 0 });
  // Whatever was posted by now is finished, listed and settled; then nothing may be missing.
  await pause(wish.isReal ? 45 * 60_000 : 4 * 60_000);
  const ended = exited(daemon);
  daemon.kill('SIGTERM');
  claim((await ended) === 0, () => 'The last SIGTERM did not end the daemon with 0.');
  console.log(`${wish.minutes} minutes: ${JSON.stringify(counts)}`);
}

async function brieflyFaulty(scene: Scene, draw: Draw): Promise<void> {
  const fault = draw.of(FAULTS);
  await setOptions(scene, { faults: [{ fault, when: { share: draw.of([0.3, 1]) }, ms: 3_000 }] });
  await pause(draw.spread(300, 4_000));
  await setOptions(scene, { faults: [] });
}

function exited(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

async function setOptions({ url }: Scene, patch: unknown): Promise<void> {
  const response = await fetch(`${url}/_simulator/options`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(patch),
  });
  if (!response.ok) throw new Error(`The simulator does not take ${JSON.stringify(patch)}: ${await response.text()}`);
}

type True = {
  readonly id: string;
  readonly postedAt: number;
  readonly doneAt: number;
  readonly code: number;
  readonly costMicros: number;
};

async function compare({ url, path }: Scene): Promise<void> {
  const text = await (await fetch(`${url}/_simulator/tasks?api=backlinks`)).text();
  const stats: unknown = await (await fetch(`${url}/_simulator/stats`)).json();
  const database = new Database(path, { readonly: true });
  try {
    const rows = database
      .prepare<[], { id: string; posted_at: number; status: string; cost_micros: number; done_at: number | null }>(
        'select * from tasks',
      )
      .all();
    const held = new Map(rows.map((row) => [row.id, row]));
    const origin = database.prepare<[], number>(`select origin from frontier where grade = 'ids'`).pluck().get() ?? 0;
    let compared = 0;
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const task = taskOf(line);
      if (task.postedAt / 1_000 < origin) continue;
      compared += 1;
      const row = held.get(task.id);
      const same =
        row !== undefined &&
        Number(row.status) === task.code &&
        row.cost_micros === task.costMicros &&
        row.done_at === task.doneAt / 1_000;
      claim(
        same,
        () => `The task posted ${iso(task.postedAt)} is ${line}; the ledger says ${JSON.stringify(row ?? null)}.`,
      );
    }
    claim(rows.length >= compared, () => `The ledger has ${rows.length} tasks, the simulator ${compared}.`);
    const most =
      typeof stats === 'object' && stats !== null && 'maxInAnyPeriod' in stats
        ? Number(stats.maxInAnyPeriod)
        : Infinity;
    const calls = typeof stats === 'object' && stats !== null && 'calls' in stats ? Number(stats.calls) : 0;
    claim(most <= TERMS.calls, () => `The simulator saw ${most} calls within one period.`);
    console.log(`equal: ${compared} tasks; ${calls} calls, at most ${most} in any period`);
  } finally {
    database.close();
  }
}

function taskOf(line: string): True {
  const value: unknown = JSON.parse(line);
  if (typeof value !== 'object' || value === null) throw new Error(`Not a task: ${line}`);
  const field = (name: string): unknown => Object.entries(value).find(([key]) => key === name)?.[1];
  return {
    id: String(field('id')),
    postedAt: instantOf(field('postedAt')),
    doneAt: instantOf(field('doneAt')),
    code: Number(field('code')),
    costMicros: Number(field('costMicros')),
  };
}

function instantOf(value: unknown): number {
  return typeof value === 'number' ? value : Date.parse(String(value));
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

process.exitCode = await main(process.argv.slice(2));
