import { limitByEngine, type MemoryLimit } from './memory-limit.ts';
import { attempt, has, sh, type Outcome } from './shell.ts';

/** What builds and runs the image: docker, podman, or podman as it can be made to work without systemd and a registry. */
export type Engine = {
  /** As it is told to people. */
  readonly name: string;
  readonly build: (context: string, tag: string) => void;
  /** The engine's own command line: `run`, `exec`, `kill`, … @throws When it fails. */
  readonly run: (...args: readonly string[]) => string;
  readonly attempt: (...args: readonly string[]) => Outcome;
  /** What `run` needs beside what it needs everywhere. */
  readonly runFlags: readonly string[];
  /** For what `run` starts from here on with its flags; null where nothing can limit it. */
  readonly limitMemory: (bytes: number) => MemoryLimit | null;
  /** Whether the image's own health check passes, as the engine itself runs it. */
  readonly isHealthy: (container: string) => boolean;
};

export type Search = {
  readonly engine: Engine | null;
  /** Why the others do not work. */ readonly reasons: readonly string[];
};

/** Left alone, podman makes /run and /var/tmp of a read-only root writable all the same. */
export const PODMAN_FLAGS = ['--read-only-tmpfs=false'];

/** A registry that does not answer is found out within this time. */
const PULL_MS = 3 * 60_000;

/** Docker or podman, where they work with the real base image. */
export function findEngine(base: string): Search {
  const reasons: string[] = [];
  for (const program of ['docker', 'podman'] as const) {
    const reason = whyNot(program, base);
    if (reason === null) return { engine: createEngine(program), reasons };
    reasons.push(`${program}: ${reason}`);
  }
  return { engine: null, reasons };
}

function whyNot(program: string, base: string): string | null {
  if (!has(program)) return 'not installed';
  const info = attempt(program, ['info']);
  if (info.code !== 0) return `does not work here (${lastLine(info)})`;
  const pull = attempt(program, ['pull', `docker.io/library/${base}`], PULL_MS);
  if (pull.code !== 0) return `cannot pull ${base} (${lastLine(pull)})`;
  const trial = attempt(program, ['run', '--rm', `docker.io/library/${base}`, 'node', '--version']);
  return trial.code === 0 ? null : `cannot run ${base} (${lastLine(trial)})`;
}

function lastLine({ stdout, stderr }: Outcome): string {
  return `${stdout}\n${stderr}`.trim().split('\n').at(-1) ?? '';
}

function createEngine(program: 'docker' | 'podman'): Engine {
  const run = (...args: readonly string[]) => sh(program, args);
  // Without it podman writes the format that has no place for a health check.
  const format = program === 'podman' ? ['--format', 'docker'] : [];
  return {
    name: `${program} ${run('version', '--format', '{{.Client.Version}}')} with the real base image`,
    build: (context, tag) => void run('build', ...format, '--tag', tag, context),
    run,
    attempt: (...args) => attempt(program, args),
    runFlags: program === 'podman' ? PODMAN_FLAGS : [],
    limitMemory: limitByEngine,
    isHealthy: (container) =>
      program === 'podman'
        ? attempt(program, ['healthcheck', 'run', container]).code === 0
        : run('inspect', '--format', '{{.State.Health.Status}}', container) === 'healthy',
  };
}
