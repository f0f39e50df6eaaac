#!/usr/bin/env node
// Static imports of this file load before its first line, so there is none but types: on an old Node the native module
// below would crash without a word.
import type { CliDeps, Redaction } from './cli/command.ts';

const LEAST_NODE = 24;
/** A stop takes at most five seconds for answers under way and as little as it can for the rest. */
const STOPPED_WITHIN_MS = 8_000;
/** Nobody means two things by signals that come within so long. */
const ECHO_MS = 300;
/** A thread that is still there so long after the last word of a stopped command is in the middle of something. */
const LINGERS_MS = 250;

const threads = new Set<object>();

if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) {
  process.stderr.write(
    `dataforseo-ledger needs Node ${LEAST_NODE} or later, this is ${process.versions.node}: install it from https://nodejs.org, or start through npm in a clone, where it is included.\n`,
  );
  process.exitCode = 2;
} else {
  await main();
}

async function main(): Promise<void> {
  // First of all: as process 1 of a container the kernel drops a signal that nobody has asked for.
  const signal = stopSignal();
  process.on('worker', (thread) => {
    threads.add(thread.once('exit', () => threads.delete(thread)));
  });
  const { createRedaction } = await import('./cli/redaction.ts');
  const redaction = createRedaction();
  sayLastWords(redaction);
  ignoreClosedPipes();
  const { runCli } = await import('./cli/program.ts');
  const code = await runCli(process.argv.slice(2), await createDeps(redaction, signal));
  process.exitCode = code;
  if (signal.aborted) setTimeout(() => threads.size > 0 && leave(code), LINGERS_MS).unref();
}

async function createDeps(redaction: Redaction, signal: AbortSignal): Promise<CliDeps> {
  const { commandNameOf } = await import('./cli/command-name.ts');
  const { systemClock } = await import('./time.ts');
  const { packageVersion } = await import('./cli/version.ts');
  const clock = systemClock();
  const version = packageVersion();
  return {
    env: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    clock,
    fetch: fetchLater,
    signal,
    loadApp: async () => {
      const answerBytes = await longestAnswer();
      return (await import('./app.ts')).createOpenApp({
        clock,
        fetch: fetchLater,
        pid: process.pid,
        version,
        answerBytes,
      });
    },
    version,
    commandName: commandNameOf({
      entry: process.argv[1] ?? '',
      calledAs: process.argv0,
      path: process.env['PATH'] ?? '',
      folder: workingFolder(),
      node: process.execPath,
    }),
    redaction,
  };
}

/** Empty where it is gone. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '';
  }
}

async function longestAnswer(): Promise<number> {
  const { getHeapStatistics } = await import('node:v8');
  const { answerLimitBytes } = await import('./domain/answer-limit.ts');
  const heapLimitBytes = getHeapStatistics().heap_size_limit;
  return answerLimitBytes({ constrainedBytes: process.constrainedMemory(), heapLimitBytes });
}

/** Node loads its client of HTTP when somebody touches the name, and most commands call nobody. */
function fetchLater(...request: Parameters<typeof fetch>): ReturnType<typeof fetch> {
  return fetch(...request);
}

/**
 * The first SIGINT or SIGTERM asks to stop in good order, a later one does not ask. Started by npm, one Ctrl-C comes twice within
 * milliseconds: from the terminal, and handed on by npm.
 */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let isAsked = true;
  const stop = (name: NodeJS.Signals) => {
    if (!isAsked) leave(130);
    if (controller.signal.aborted) return;
    // The end of the echo, after whatever has come in a loop that stood still meanwhile: signals are heard between the two.
    setTimeout(() => setImmediate(() => (isAsked = false)), ECHO_MS).unref();
    if (process.stderr.isTTY && name === 'SIGINT')
      process.stderr.write('\nStopping in good order; once more to exit at once.\n');
    // Keeps nothing alive, but ends what does: a container is killed two seconds later, without a word.
    setTimeout(exitAnyway, STOPPED_WITHIN_MS).unref();
    controller.abort(Object.assign(new Error(`stopped by ${name}`), { name: 'StopRequest' }));
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return controller.signal;
}

function exitAnyway(): void {
  process.stderr.write(
    'dataforseo-ledger was asked to stop, has not ended in good order within 8 s, and exits. What was committed is safe.\n',
  );
  leave(1);
}

/**
 * The end, now. `process.exit` waits for each thread, and one in the middle of a statement of SQLite, as a report of the page is, hears
 * nothing for a minute. No thread outlives that another program takes this one's place.
 */
function leave(code: number): never {
  if (threads.size > 0 && process.execve !== undefined && process.platform !== 'win32')
    process.execve(process.execPath, [process.execPath, '-e', `process.exitCode = ${code}`], {});
  process.exit(code);
}

/** A bug of ours: one line without secrets and without a stack, which may hold anything. */
function sayLastWords({ scrub }: Redaction): void {
  const end = (error: unknown) => {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    process.stderr.write(
      `${scrub(`dataforseo-ledger stops because of an error it did not expect: ${text}`).replace(/\s+/g, ' ')}\n`,
    );
    leave(1);
  };
  process.on('uncaughtException', end).on('unhandledRejection', end);
}

/** `plan | head` is no failure: who closed the pipe wants no more, and what was begun goes on to its end. */
function ignoreClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    });
  }
}
