import { spawn, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

/** A life that is lived in a process of its own. */
export type Lived = { readonly name: string; readonly command: readonly string[] };

/**
 * A process for each, as many at a time as the machine has cores; the first that fails ends the others. What they say is passed on
 * line by line, with their name before it.
 * @returns Whether all have ended well.
 */
export async function liveMany(lives: readonly Lived[]): Promise<boolean> {
  const running = new Set<ChildProcess>();
  const waiting = [...lives];
  const run = { hasFailed: false };
  const endAll = () => {
    for (const child of running) child.kill();
  };
  const onSignal = () => {
    run.hasFailed = true;
    endAll();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined && !run.hasFailed; next = waiting.shift()) {
      if (await liveOne(next, running)) continue;
      run.hasFailed = true;
      endAll();
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), lives.length) }, lane));
  return !run.hasFailed;
}

async function liveOne({ name, command }: Lived, running: Set<ChildProcess>): Promise<boolean> {
  const child = spawn(process.execPath, [...process.execArgv, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const)
    // prettier-ignore
    createInterface({ input: from }).on('line', (line) => to.write(`${name} ${line}\n`));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  running.delete(child);
  return code === 0;
}
