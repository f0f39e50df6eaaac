import { execFile, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EXIT } from '../src/cli/exit-code.ts';
import { openBench, type Bench } from './support/bench.ts';
import { ended, MAIN, startProcess } from './support/process.ts';

const PAGE = readFileSync('docs/operations.md', 'utf8');

/** What stands under a heading of the second level. */
function section(heading: string): string {
  const after = PAGE.split(`\n## ${heading}\n`)[1];
  if (after === undefined) throw new Error(`There is no heading "${heading}".`);
  return after.split(/\n## /)[0] ?? '';
}

type Step = 'stop' | 'start' | { readonly shell: string };

/** A procedure as the page tells it: its blocks of shell, and where it says "Stop the daemon" and "Start the daemon". */
function stepsOf(heading: string): Step[] {
  const parts = section(heading).matchAll(/^ *```sh\n([\s\S]*?)^ *```$|^\d\. (Stop|Start) the daemon/gm);
  return [...parts].map(([, shell, act]) => (shell === undefined ? (act === 'Stop' ? 'stop' : 'start') : { shell }));
}

type Host = Bench & { readonly env: Readonly<Record<string, string>>; readonly backups: string };

/** Where other tests have it too. */
const NODE_COMPILE_CACHE = join(tmpdir(), 'dataforseo-ledger-compile-cache');

/** A machine on which the command is in the PATH and the password in a file, as an installation has them. */
async function openHost(tasks: number): Promise<Host> {
  // The tail is read each second: what a procedure makes happen within a minute happens within one.
  const bench = await openBench({ tasks, newestAgoMs: 3_600_000 }, { LEDGER_TAIL_CRON: '* * * * * *' });
  const [bin, backups] = [join(bench.folder, 'bin'), join(bench.folder, 'backups')];
  for (const folder of [bin, backups]) mkdirSync(folder);
  const command = join(bin, 'dataforseo-ledger');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "$@"\n`);
  chmodSync(command, 0o755);
  const { DATAFORSEO_PASSWORD: password = '', ...others } = bench.env;
  const file = join(bench.folder, 'password');
  writeFileSync(file, password);
  const PATH = `${bin}:${process.env['PATH'] ?? ''}`;
  return {
    ...bench,
    backups,
    env: { ...others, DATAFORSEO_PASSWORD_FILE: file, BACKUPS: backups, PATH, NODE_COMPILE_CACHE },
  };
}

const run = promisify(execFile);

/** Runs what the page says, as a person would; the simulated service answers meanwhile. @throws Where it ends with another code than 0. */
async function shell(host: Host, script: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await run('bash', ['--norc', '-euo', 'pipefail', '-c', script], { env: { ...host.env, ...more } });
  return stdout;
}

async function start(host: Host): Promise<ChildProcess> {
  const daemon = startProcess(host, ['run'], { settings: { PATH: host.env['PATH'] ?? '' } });
  daemon.stdout?.resume();
  daemon.stderr?.resume();
  await until(daemon, () => existsSync(host.path) && stateOf(host) !== 'stopped');
  return daemon;
}

/** As `status` says it. */
function stateOf(host: Host): string {
  try {
    return host.app({ LEDGER_DATABASE: host.path }).status().state;
  } catch {
    return 'stopped'; // It is being made.
  }
}

/** Until the ledger holds all tasks that the account has. */
async function readAll(host: Host, daemon: ChildProcess): Promise<void> {
  const { tasks } = host.simulator.options;
  await until(daemon, () => host.app({ LEDGER_DATABASE: host.path }).status().tasks.total === tasks);
}

async function until(daemon: ChildProcess, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    if (daemon.exitCode !== null) throw new Error(`The daemon ended with ${daemon.exitCode}.`);
    await sleep(50);
  }
}

async function stop(daemon: ChildProcess): Promise<void> {
  daemon.kill('SIGTERM');
  expect((await ended(daemon)).code).toBe(0);
}

/** Follows a procedure step by step. @returns What each block of shell printed, and the daemon that it has started last. */
async function follow(host: Host, heading: string, running: ChildProcess | null) {
  const printed: string[] = [];
  let daemon = running;
  for (const step of stepsOf(heading)) {
    if (step === 'start') daemon = await start(host);
    else if (step !== 'stop') printed.push(await shell(host, step.shell));
    else if (daemon !== null) await stop(daemon);
  }
  return { printed, daemon };
}

describe('the procedures of docs/operations.md', () => {
  it('back up beside the daemon, restore, prove it, and go on', async () => {
    const host = await openHost(3_000);
    const daemon = await start(host);
    await readAll(host, daemon);
    const backUp = await follow(host, 'Back up', daemon);
    expect(backUp.printed.join()).toContain('verified');
    // What is there meanwhile is worth nothing: a page of the file is gone.
    await stop(daemon);
    await shell(host, 'dd if=/dev/zero of="$LEDGER_DATABASE" bs=4096 seek=1 count=9 conv=notrunc status=none');
    await expect(shell(host, 'dataforseo-ledger verify')).rejects.toThrow();
    const restored = await follow(host, 'Restore, and prove it', null);
    expect(restored.printed).toHaveLength(3);
    expect(existsSync(`${host.path}.damaged/ledger.db`)).toBe(true);
    await readAll(host, restored.daemon!);
    await stop(restored.daemon!);
  }, 120_000);

  it('move the ledger to another host as one file', async () => {
    const host = await openHost(3_000);
    const daemon = await start(host);
    await readAll(host, daemon);
    const steps = stepsOf('Move to another host');
    expect(steps.map((step) => (typeof step === 'string' ? step : 'shell'))).toEqual([
      'stop',
      'shell',
      'shell',
      'start',
    ]);
    await stop(daemon);
    expect(existsSync(`${host.path}-wal`)).toBe(false);
    const moved = join(host.backups, 'moved.db');
    const other = { ...host, path: moved, env: { ...host.env, LEDGER_DATABASE: moved } };
    for (const [index, step] of steps.entries())
      if (typeof step !== 'string') await shell(index < 2 ? host : other, step.shell);
    const there = await start(other);
    await readAll(other, there);
    await stop(there);
  }, 120_000);

  it('rotate the password, and read what was posted meanwhile', async () => {
    const host = await openHost(3_000);
    const daemon = await start(host);
    await readAll(host, daemon);
    host.simulator.set({ password: 'the-new-one' });
    await until(daemon, () => stateOf(host) === 'parked');
    const env = { ...host.env, NEW_PASSWORD: 'the-new-one' };
    const rotated = await follow({ ...host, env }, 'Rotate the credentials', daemon);
    await until(rotated.daemon!, () => stateOf(host) === 'idle');
    await stop(rotated.daemon!);
  }, 120_000);

  const asOther = process.getuid?.() === 0 && spawnSync('sqlite3', ['--version']).status === 0;
  it.skipIf(!asOther)(
    'read the ledger as another user, beside the daemon and without one',
    async () => {
      const host = await openHost(1_000);
      chmodSync(host.folder, 0o755);
      const [beside, without] = stepsOf('Read the ledger from elsewhere').flatMap((step) =>
        typeof step === 'string' ? [] : [step.shell],
      );
      const asNobody = (script = '') =>
        run('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
          env: { ...host.env, HOME: '/' },
          uid: 65_534,
          gid: 65_534,
        });
      const daemon = await start(host);
      await readAll(host, daemon);
      expect((await asNobody(beside)).stdout).toBe('1000\n');
      await stop(daemon);
      await expect(asNobody(beside)).rejects.toThrow(/unable to open|readonly/);
      expect((await asNobody(without)).stdout).toBe('1000\n');
    },
    60_000,
  );
});

describe('the tables of docs/operations.md', () => {
  const cells = (heading: string) => [...section(heading).matchAll(/^\| `([^`]+)` +\|/gm)].map(([, cell = '']) => cell);

  it('know every state, exit code and alert, and no other', () => {
    const { groups } = parse(readFileSync('deploy/prometheus/rules.yml', 'utf8')) as {
      groups: readonly { readonly rules: readonly { readonly alert?: string }[] }[];
    };
    const alerts = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
    const states = ['harvesting', 'idle', 'waiting', 'parked', 'stopped'];
    expect(cells('What it says, and what to do')).toEqual([...states, ...Object.values(EXIT).map(String), ...alerts]);
  });
});
