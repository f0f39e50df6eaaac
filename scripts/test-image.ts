import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkLayers, checkLife, type Figures } from './image/checks.ts';
import { makeContext } from './image/context.ts';
import { findEngine, type Engine } from './image/engine.ts';
import { cleanUp, createStandIn, namespace, whyNoStandIn } from './image/stand-in.ts';
import { createTrial, type Trial } from './image/trial.ts';

/** As other programs that skip: neither passed nor failed. */
const SKIPPED = 77;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const INSIDE = '--inside-namespace';

const base = /^FROM (\S+) AS base$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '';

// A Ctrl-C ends the program that runs now; what was made is removed all the same.
process.on('SIGINT', () => undefined).on('SIGTERM', () => undefined);
process.exitCode = await main();

async function main(): Promise<number> {
  if (process.argv.includes(INSIDE)) return await withFolder((folder) => test(createStandIn(base, folder), folder));
  const { engine, reasons } = findEngine(base);
  if (engine !== null) return await withFolder((folder) => test(engine, folder));
  const reason = whyNoStandIn();
  if (reason === null) {
    say(
      `No engine with the real base image: ${reasons.join('; ')}.\nA stand-in takes its place, which takes some minutes.`,
    );
    const inside = namespace(process.execPath, fileURLToPath(import.meta.url), INSIDE);
    return spawnSync('unshare', inside, { stdio: 'inherit' }).status ?? 1;
  }
  say(
    `SKIPPED, NOT PASSED: nothing here can run the image.\n${[...reasons, `stand-in: ${reason}`].map((each) => `- ${each}`).join('\n')}`,
  );
  return SKIPPED;
}

async function withFolder(act: (folder: string) => Promise<number>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'dataforseo-ledger-image-'));
  try {
    return await act(folder);
  } catch (error) {
    say(`\nFAILED: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    cleanUp(folder);
  }
}

async function test(engine: Engine, folder: string): Promise<number> {
  const canary = `canary-${randomBytes(12).toString('hex')}`;
  const image = `localhost/dataforseo-ledger:test-${String(process.pid)}`;
  say(`With ${engine.name}.`);
  makeContext(ROOT, join(folder, 'context'), canary);
  const start = performance.now();
  try {
    engine.build(join(folder, 'context'), image);
    ok(`is built, in ${seconds(performance.now() - start)}`);
    const trial = await createTrial(engine, image, folder);
    const figures = await lifeOf(trial);
    checkLayers(trial, canary, ok);
    say(`\n${report(figures, sizes(engine, image)).join('\n')}\n\nThe image passes.`);
    return 0;
  } finally {
    engine.attempt('rmi', '--force', image);
  }
}

async function lifeOf(trial: Trial): Promise<Figures> {
  try {
    return await checkLife(trial, ok);
  } catch (error) {
    const { stdout, stderr } = trial.engine.attempt('logs', trial.ledger);
    say(`The last lines of its log:\n${`${stdout}${stderr}`.trim().split('\n').slice(-20).join('\n')}`);
    throw error;
  } finally {
    trial.remove();
  }
}

function sizes(engine: Engine, image: string): { readonly all: number; readonly base: number } {
  const size = (name: string) => Number(engine.run('image', 'inspect', '--format', '{{.Size}}', name));
  return { all: size(image), base: size(`docker.io/library/${base}`) };
}

function report(figures: Figures, size: { readonly all: number; readonly base: number }): string[] {
  return [
    `size              ${megabytes(size.all)}, of which ${megabytes(size.all - size.base)} are this program and its packages`,
    `start to healthy  ${seconds(figures.healthyMs)}`,
    `start to ready    ${seconds(figures.readyMs)} on an empty volume, ${seconds(figures.readyAgainMs)} after SIGKILL`,
    `SIGTERM to end    ${seconds(figures.stopMs)}`,
    `memory            ${megabytes(figures.idleBytes)} idle, at most ${megabytes(figures.peakBytes)} in a backfill of 60,000 tasks`,
  ];
}

function ok(what: string): void {
  say(`ok  ${what}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
