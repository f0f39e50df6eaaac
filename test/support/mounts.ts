import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

function mount(...args: string[]): boolean {
  return spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
}

/** Root may mount a small disk and make folders read-only, which its own file modes never are to it. */
export const CAN_MOUNT = tryToMount();

function tryToMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-mount-'));
  const works = mount('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder);
  unmount(folder);
  rmdirSync(folder);
  if (!works) console.warn('SKIPPED: tests of full and read-only disks; they need root and the right to mount.');
  return works;
}

function unmount(path: string): void {
  spawnSync('umount', ['-l', path], { stdio: 'ignore' });
}

/** A disk of its own over an empty folder; gone when the test is. */
export function mountDisk(folder: string, size: string): { readonly resize: (size: string) => void } {
  if (!mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder)) throw new Error(`no disk over ${folder}`);
  onTestFinished(() => unmount(folder));
  return { resize: (to) => void mount('-o', `remount,size=${to}`, folder) };
}

/** Mounts a file where it is, as a container does that is given a file instead of its folder. */
export function mountAlone(path: string): void {
  if (!mount('--bind', path, path)) throw new Error(`${path} cannot be mounted`);
  onTestFinished(() => unmount(path));
}

/** Makes a file or folder read-only, for root too, until `release` or the end of the test. */
export function makeReadOnly(path: string): { readonly release: () => void } {
  if (!mount('--bind', path, path) || !mount('-o', 'remount,ro,bind', path)) throw new Error(`${path} stays writable`);
  onTestFinished(() => unmount(path));
  return { release: () => unmount(path) };
}
