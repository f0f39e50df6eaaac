import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Bench } from './bench.ts';

/** The command as it ships; made anew before the first test. */
export const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;
/** Node keeps what it compiled there: a start takes half the time. */
const COMPILE_CACHE = join(tmpdir(), 'dataforseo-ledger-compile-cache');

/** Debian's strace, which can kill a process at its n-th write and make a write fail; null where it is missing or may not trace. */
export const STRACE = found('strace', ['-f', '-o', '/dev/null', 'true']);
/** The library of Debian's faketime, which steps the wall clock of a real process; null where it is missing. */
export const FAKETIME = found('faketime', ['-f', '+1h', 'true']) === null ? null : preloaded();

function preloaded(): string | null {
  const { stdout } = spawnSync('faketime', ['-f', '+0', 'sh', '-c', 'printf %s "$LD_PRELOAD"'], { encoding: 'utf8' });
  return stdout === '' ? null : stdout;
}

function found(program: string, trial: readonly string[]): string | null {
  if (spawnSync(program, trial, { stdio: 'ignore' }).status === 0) return program;
  console.warn(`SKIPPED: tests that need ${program}, which does not work here (apt-get install ${program}).`);
  return null;
}

export type StartOptions = {
  /** On top of the bench's settings. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What node is told, e.g. `--import file`. */
  readonly node?: readonly string[];
  /** Another version of the program: the path of its main.js. */
  readonly main?: string;
  /** What node runs under, e.g. `['strace', '-f']`. */
  readonly under?: readonly string[];
};

/** A real process of the product on the bench's ledger. It is gone when the test is. */
export function startProcess(bench: Bench, args: readonly string[], options: StartOptions = {}): ChildProcess {
  const { settings = {}, node = [], under = [], main = MAIN } = options;
  const line = [...under, process.execPath, ...node, main, ...args];
  const child = spawn(line[0] ?? '', line.slice(1), {
    env: { ...bench.env, NODE_COMPILE_CACHE: COMPILE_CACHE, PATH: process.env['PATH'] ?? '', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  onTestFinished(() => killGroup(child));
  return child;
}

/** The process and whatever runs it. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

export type Ended = {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
};

export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode, stdout, stderr };
}

/** The last line of what a failed command said for people, its log lines aside. */
export function lastWords(stderr: string): string {
  return (
    stderr
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('{'))
      .at(-1) ?? ''
  );
}
