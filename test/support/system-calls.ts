import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { STRACE } from './process.ts';

/** What a file is made durable by. */
const NAMES = ['pwrite64', 'ftruncate', 'fsync', 'fdatasync', 'rename', 'unlink', 'chmod'];

/** The n-th call of its kind, in its thread. */
export type SystemCall = { readonly name: string; readonly n: number };

/** What `run` does to the files whose path holds `path`, in order. @param run - Ends once the process that is started under this has. */
export async function systemCallsOn(
  path: string,
  run: (under: readonly string[]) => Promise<unknown>,
): Promise<SystemCall[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-strace-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const log = join(folder, 'log');
  await run([STRACE ?? '', '-f', '-q', '-y', '-s', '0', '-o', log, '-e', `trace=${NAMES.join(',')}`]);
  const counts = new Map<string, number>();
  return readFileSync(log, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, thread = '', name = ''] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
      if (name === '') return [];
      const n = (counts.get(`${thread} ${name}`) ?? 0) + 1;
      counts.set(`${thread} ${name}`, n);
      return line.includes(path) ? [{ name, n }] : [];
    });
}

/** What a process runs under to be killed as it makes a call, before that has done anything. */
export function killedAt({ name, n }: SystemCall): string[] {
  const inject = `inject=${name}:signal=SIGKILL:when=${n}`;
  return [STRACE ?? '', '-f', '-q', '-o', '/dev/null', '-e', `trace=${name}`, '-e', inject];
}
