import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Containers that start under it may use so much memory and no more. */
export type MemoryLimit = {
  /** What `run` needs for it. */
  readonly flags: readonly string[];
  /** Once no container is left under it. */
  readonly lift: () => void;
};

/** Docker and podman do it themselves, without swap. */
export function limitByEngine(bytes: number): MemoryLimit {
  return { flags: ['--memory', String(bytes), '--memory-swap', String(bytes)], lift: () => undefined };
}

const MEMORY = '/sys/fs/cgroup/memory';

/**
 * Where the engine has no cgroups but the kernel has the older kind: this process enters a group of its own, and what it starts is in
 * it too. A container sees the group where Node looks for its limit.
 * @returns Null where that cannot be done.
 */
export function limitByGroup(bytes: number): MemoryLimit | null {
  const home = /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  if (home === undefined || !existsSync(join(MEMORY, 'memory.limit_in_bytes'))) return null;
  const group = join(MEMORY, `dataforseo-ledger-${String(process.pid)}`);
  const enter = (path: string) => {
    writeFileSync(join(path, 'cgroup.procs'), String(process.pid));
  };
  mkdirSync(group);
  writeFileSync(join(group, 'memory.limit_in_bytes'), String(bytes));
  // Counts swap too, where the kernel does that.
  const withSwap = join(group, 'memory.memsw.limit_in_bytes');
  if (existsSync(withSwap)) writeFileSync(withSwap, String(bytes));
  enter(group);
  return {
    flags: ['--volume', `${group}:${MEMORY}:ro`],
    lift: () => {
      enter(join(MEMORY, home));
      rmdirSync(group);
    },
  };
}
