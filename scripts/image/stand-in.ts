import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PODMAN_FLAGS, type Engine } from './engine.ts';
import { limitByGroup } from './memory-limit.ts';
import { attempt, has, sh } from './shell.ts';

/**
 * Where no engine works or no registry answers: podman without systemd and cgroups, and in place of the real base image
 * a minimal Debian of the same suite from this machine's own mirror, with the Node that runs this script. Nothing of it
 * leaves the machine: it holds its certificates and its mirror.
 */
const NEEDED = ['buildah', 'podman', 'crun', 'mmdebstrap', 'newuidmap', 'unshare', 'apt-get'] as const;
const PACKAGES = 'buildah podman crun mmdebstrap uidmap';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const UNIFIED = '/sys/fs/cgroup/unified';

/** @returns Null where it can be tried. */
export function whyNoStandIn(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = NEEDED.filter((program) => !has(program));
  if (missing.length > 0) return `lacks ${missing.join(', ')} (on Debian: apt-get install ${PACKAGES})`;
  return attempt('unshare', namespace('true')).code === 0 ? null : 'may not make a mount namespace';
}

/** The arguments of `unshare` that run a program where mounts of its own do not show outside, and end with it. */
export function namespace(...program: readonly string[]): string[] {
  return ['--mount', '--propagation', 'private', ...program];
}

/** @param folder - An empty one, for everything that it makes. Inside the namespace only. */
export function createStandIn(base: string, folder: string): Engine {
  // podman takes a mixture of both kinds of cgroups for the newer one, and fails to make any there.
  if (existsSync(UNIFIED)) attempt('umount', ['-l', UNIFIED]);
  const storage = ['--root', join(folder, 'store'), '--runroot', join(folder, 'run'), '--storage-driver', 'overlay'];
  makeBase(base, folder, storage);
  const npmrc = join(folder, 'npmrc');
  const cafile = existsSync(CERTIFICATES) ? `cafile=${CERTIFICATES}\n` : '';
  writeFileSync(npmrc, `registry=${sh('npm', ['config', 'get', 'registry'])}\n${cafile}`);
  const mounts = [`${npmrc}:/root/.npmrc:ro`, ...(cafile === '' ? [] : [`${CERTIFICATES}:${CERTIFICATES}:ro`])];
  const podman = [...storage, '--cgroup-manager', 'cgroupfs', '--runtime', 'crun'];
  const run = (...args: readonly string[]) => sh('podman', [...podman, ...args]);
  return {
    name: `podman ${sh('podman', ['version', '--format', '{{.Client.Version}}'])} with a STAND-IN for the base image (Debian ${suiteOf(base)}, Node ${process.versions.node})`,
    build: (context, tag) => {
      const how = ['--isolation', 'chroot', '--pull-never', '--format', 'docker', '--layers', '--network', 'host'];
      const volumes = mounts.flatMap((mount) => ['--volume', mount]);
      sh('buildah', [...storage, 'bud', ...how, ...volumes, '--tag', tag, context]);
    },
    run,
    attempt: (...args) => attempt('podman', [...podman, ...args]),
    runFlags: [...PODMAN_FLAGS, '--cgroups', 'disabled', '--ulimit', 'nofile=4096:8192', '--ulimit', 'nproc=4096:8192'],
    limitMemory: limitByGroup,
    isHealthy: (container) => attempt('podman', [...podman, 'healthcheck', 'run', container]).code === 0,
  };
}

/** What the base image has and the Dockerfile relies on: Debian, Node, npm, and uid 1000. */
function makeBase(base: string, folder: string, storage: readonly string[]): void {
  const root = join(folder, 'base');
  const suite = suiteOf(base);
  sh('mmdebstrap', ['--variant=minbase', '--include=ca-certificates,libstdc++6,passwd', suite, root, mirrorOf(suite)]);
  const local = join(root, 'usr/local');
  cpSync(process.execPath, join(local, 'bin/node'));
  // Where the command itself lies: its own idea of a global folder follows the Node that happens to run it.
  const npm = join(dirname(sh('sh', ['-c', 'readlink -f "$(command -v npm)"'])), '..');
  mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
  cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true, dereference: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
  sh('chroot', [root, 'useradd', '--uid', '1000', '--user-group', '--create-home', 'node']);
  const container = sh('buildah', [...storage, 'from', 'scratch']);
  sh('buildah', [...storage, 'add', '--quiet', container, root, '/']);
  const path = `PATH=${['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(':')}`;
  sh('buildah', [...storage, 'config', '--env', path, '--cmd', '["node"]', container]);
  sh('buildah', [...storage, 'commit', '--quiet', '--rm', container, `docker.io/library/${base}`]);
}

/** `bookworm` of `node:24.21.0-bookworm-slim`. */
function suiteOf(base: string): string {
  return /-(\w+)-slim$/.exec(base)?.[1] ?? 'stable';
}

/** The machine's own mirror of Debian: it may reach no other. */
function mirrorOf(suite: string): string {
  const targets = sh('apt-get', ['indextargets', '--format', '$(SITE) $(CODENAME)', 'Created-By: Packages']);
  const lines = targets.split('\n').map((line) => line.split(' '));
  const mirror = lines.find(([, codename]) => codename === suite)?.[0];
  if (mirror === undefined)
    throw new Error(`This machine's sources of packages hold no Debian ${suite}: run apt-get update.`);
  return mirror;
}

/** Whatever is still mounted in the folder, and the folder. */
export function cleanUp(folder: string): void {
  const targets = sh('cat', ['/proc/self/mounts'])
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  for (const target of targets.reverse().filter((each) => each.startsWith(`${folder}/`)))
    attempt('umount', ['-l', target]);
  sh('rm', ['-rf', '--one-file-system', folder]);
}
