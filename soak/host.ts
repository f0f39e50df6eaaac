import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createOpenApp } from '../src/app.ts';
import type { Parts } from '../src/app/parts.ts';
import { withHarvest } from '../src/app/with-harvest.ts';
import { withRoom } from '../src/app/with-room.ts';
import type { App } from '../src/cli/app-port.ts';
import { loadConfig, secretsOf } from '../src/config.ts';
import { runDaemon } from '../src/harvest/daemon.ts';
import { createPulse } from '../src/harvest/pulse.ts';
import { longestPauseMs } from '../src/harvest/schedule.ts';
import { createLogger } from '../src/log.ts';
import { diskIsFull, hookCommits } from './commit-hook.ts';
import type { Machine } from './machine.ts';
import type { Service } from './service.ts';
import type { Timeline } from './timeline.ts';

/** Where a process is killed: at the n-th commit, request or answer from now. */
type CrashPoint = {
  readonly at: 'before a commit' | 'after a commit' | 'as a request leaves' | 'as an answer comes';
  readonly count: number;
};

/** The machine's one process, the daemon itself, and the file that it works on. */
export type Host = {
  readonly start: (settings: Readonly<Record<string, string>>) => void;
  readonly isAlive: () => boolean;
  /** Why it has ended by itself; null while it runs and after a stop or a kill. */
  readonly failure: () => unknown;
  /** SIGTERM, and wait. @returns Whether it has ended within `ms`. */
  readonly stop: (ms: number) => Promise<boolean>;
  /** SIGKILL, now. The file is from then on what was on the disk at this moment. */
  readonly kill: () => void;
  /** SIGKILL, later. */
  readonly arm: (point: CrashPoint | null) => void;
  readonly setDiskFull: (isFull: boolean) => void;
  /** The ledger's file; another one after each kill. */
  readonly path: () => string;
  /** The application on this ledger, for commands that only read. */
  readonly reader: () => App;
  /** What it logged last, warnings and worse. */
  readonly logged: () => readonly string[];
};

type HostSetup = {
  readonly timeline: Timeline;
  readonly machine: Machine;
  readonly service: Service;
  readonly folder: string;
};

type Life = { readonly stopping: AbortController; isAlive: boolean; failure: unknown; hasEnded: boolean };

const KEPT_LINES = 60;
export function createHost({ timeline, machine, service, folder }: HostSetup): Host {
  let life: Life | null = null;
  let generation = 0;
  let armed: { readonly point: CrashPoint; left: number } | null = null;
  let isDiskFull = false;
  let settings: Readonly<Record<string, string>> = {};
  const lines: string[] = [];
  let file = join(folder, '0', 'ledger.db');
  const path = () => file;
  mkdirSync(join(folder, '0'));

  const kill = () => {
    armed = null;
    if (life === null) return;
    life.isAlive = false;
    life = null;
    timeline.drop('machine');
    const before = path();
    generation += 1;
    mkdirSync(join(folder, String(generation)));
    file = join(folder, String(generation), 'ledger.db');
    for (const suffix of ['', '-wal']) if (existsSync(before + suffix)) copyFileSync(before + suffix, path() + suffix);
    // What the dead process still holds open goes with it.
    rmSync(join(folder, String(generation - 1)), { recursive: true });
  };
  const pass = (at: CrashPoint['at']) => {
    if (armed?.point.at !== at) return;
    armed.left -= 1;
    if (armed.left <= 0) kill();
  };
  hookCommits({
    before: (file) => {
      if (file !== path() || life === null) return;
      if (isDiskFull) throw diskIsFull();
      pass('before a commit');
    },
    after: (file) => {
      if (file === path()) pass('after a commit');
    },
  });

  const partsOf = (own: Life): Parts => {
    const env = { ...settings, LEDGER_DATABASE: path() };
    const config = loadConfig({ env, flags: {} }, { credentials: true });
    const destination = {
      write: (line: string) => {
        lines.push(line.trimEnd());
        if (lines.length > KEPT_LINES) lines.shift();
      },
    };
    const log = createLogger({ level: 'warn', secrets: secretsOf(config), destination });
    const fetchOfLife: typeof fetch = async (input, init) => {
      pass('as a request leaves');
      return await new Promise<Response>((resolve, reject) => {
        // Of what a dead process asked nobody hears; what it had sent before has left all the same.
        if (!own.isAlive) return;
        const tell = (then: () => void) => {
          if (own.isAlive) pass('as an answer comes');
          if (own.isAlive) then();
        };
        service.fetch(input, init).then(
          (answer) => tell(() => resolve(answer)),
          (error: unknown) => tell(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      });
    };
    const clock = machine.clockFor(() => own.isAlive);
    return { config, log, seams: { clock, fetch: fetchOfLife, pid: 1 + generation, version: 'soak' } };
  };

  return {
    isAlive: () => life !== null,
    failure: () => life?.failure ?? null,
    path,
    logged: () => lines,
    start: (next) => {
      settings = next;
      const own: Life = { stopping: new AbortController(), isAlive: true, failure: null, hasEnded: false };
      life = own;
      void harvest(partsOf(own), own.stopping.signal)
        .then(
          () => undefined,
          (error: unknown) => {
            own.failure = error ?? new Error('no reason');
          },
        )
        .finally(() => {
          own.hasEnded = true;
        });
    },
    stop: async (ms) => {
      const own = life;
      if (own === null) return true;
      armed = null;
      own.stopping.abort(new Error('SIGTERM'));
      await timeline.run(timeline.elapsed() + ms, () => own.hasEnded);
      if (!own.hasEnded) return false;
      life = null;
      timeline.drop('machine');
      return true;
    },
    kill,
    arm: (point) => {
      armed = point === null ? null : { point, left: point.count };
    },
    setDiskFull: (isFull) => {
      isDiskFull = isFull;
    },
    reader: () => {
      const parts = partsOf({ stopping: new AbortController(), isAlive: false, failure: null, hasEnded: true });
      return createOpenApp(parts.seams)(parts.config, parts.log);
    },
  };
}

/** `run` without its page, which lives on sockets and real time. */
async function harvest(parts: Parts, signal: AbortSignal): Promise<void> {
  const { tailCron, apis } = parts.config;
  const pulse = createPulse(parts.seams.clock.monotonic, apis, longestPauseMs(tailCron));
  const start = () => withHarvest(parts, (deps) => runDaemon(deps, { tailCron, pulse }, signal), signal);
  await withRoom({ parts, pulse }, start, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
