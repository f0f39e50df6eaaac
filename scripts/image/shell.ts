import { spawnSync } from 'node:child_process';

export type Outcome = {
  /** Null: a signal or the time limit ended it, or it could not be started. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** No single step takes longer, however slow the machine. */
const LIMIT_MS = 15 * 60_000;

/** Runs a program to its end, without a shell. */
export function attempt(program: string, args: readonly string[], limitMs = LIMIT_MS): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: limitMs,
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { code: error === undefined ? status : null, stdout, stderr: error === undefined ? stderr : error.message };
}

/** @returns What it printed. @throws When it fails, with its last words. */
export function sh(program: string, args: readonly string[]): string {
  const { code, stdout, stderr } = attempt(program, args);
  if (code === 0) return stdout.trim();
  const words = `${stdout}\n${stderr}`.trim().split('\n').slice(-30).join('\n');
  throw new Error(`${[program, ...args].join(' ')}\nended with ${code ?? 'a signal'}:\n${words}`);
}

export function has(program: string): boolean {
  return attempt('sh', ['-c', `command -v ${program}`]).code === 0;
}
