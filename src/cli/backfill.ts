import { loggedProgress, type BackfillResult, type Progress } from '../domain/progress.ts';
import type { Logger } from '../log.ts';
import type { CliCommand, CliDeps } from './command.ts';
import { EXIT } from './exit-code.ts';
import { counted, duration } from './format.ts';
import { hintOf } from './hint.ts';
import { openFor } from './open.ts';
import { createProgressBar, createProgressLines, lineAbove, LOG_EVERY_MS, type ProgressSink } from './progress-bar.ts';

export const backfill: CliCommand = {
  name: 'backfill',
  usage: 'backfill',
  summary: 'read everything now in the window, then exit',
  details: `Shows a progress bar on a terminal (log lines below "warn" go quiet then), log lines elsewhere. Interrupted or
killed at any moment, the same command goes on where it was. While the server is away it waits, however long: it never
gives up by itself, Ctrl-C ends it. Exits with 1 when something had to be left, and says what.`,
  examples: ['backfill', 'backfill --apis backlinks,serp --log-level warn'],
  settings: 'all',
  options: [],
  act: async (typed, deps) => {
    const isTerminal = deps.stderr.isTTY === true;
    const { app, config, log } = isTerminal
      ? await openFor(typed, onTerminal(deps), { credentials: true, atLeast: 'warn' })
      : await openFor(typed, deps, { credentials: true });
    const sink = isTerminal
      ? createProgressBar(deps.stderr)
      : createProgressLines(logTo(log), { clock: deps.clock, everyMs: LOG_EVERY_MS });
    const result = await harvest(sink, (onProgress) => app.backfill(onProgress, deps.signal));
    if (!result.complete) deps.signal.throwIfAborted();
    deps.stdout.write(
      `${reportOf(result, config.databasePath, (command) => hintOf(command, typed, deps)).join('\n')}\n`,
    );
    return result.complete ? EXIT.done : EXIT.failed;
  },
};

/** Runs it under a progress display, which ends with it, however it ends. */
export async function harvest(
  sink: ProgressSink,
  start: (onProgress: (progress: Progress) => void) => Promise<BackfillResult>,
): Promise<BackfillResult> {
  try {
    return await start(sink.show);
  } finally {
    sink.stop();
  }
}

/** Warnings then stand above the bar instead of in it. */
export function onTerminal(deps: CliDeps): CliDeps {
  return { ...deps, logDestination: deps.logDestination ?? lineAbove(deps.stderr) };
}

function logTo(log: Logger): (progress: Progress) => void {
  return (progress) => log.info(loggedProgress(progress), 'progress');
}

function reportOf(result: BackfillResult, path: string, hintOf: (command: string) => string): string[] {
  const effort = `${counted(result.rows, 'row')} in ${counted(result.calls, 'call')}, ${duration(result.elapsedMs / 1000)}`;
  const harvested = `${counted(result.newTasks, 'new task')} (${effort}).`;
  if (result.complete) {
    return [
      harvested,
      `${path} now holds everything that was in the window.`,
      `The proof of it: ${hintOf('report coverage')}`,
      `To have it checked: ${hintOf('verify')}`,
    ];
  }
  return [
    harvested,
    `Not everything could be read. ${path} lacks:`,
    ...result.left.map((left) => `- ${left}`),
    'The same command tries what is left once more.',
  ];
}
