import { spawnSync } from 'node:child_process';

/** Before the first test: real processes run from dist, as they do for everybody else, and never from an older one. */
export function setup(): void {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.js'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The build fails: ${stderr}`);
}
