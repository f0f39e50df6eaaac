import { Writable } from 'node:stream';
import cliProgress from 'cli-progress';
import type { DestinationStream } from 'pino';
import type { Progress } from '../domain/progress.ts';
import type { Clock } from '../time.ts';
import type { Output } from './command.ts';
import { progressLine } from './progress-line.ts';
import { warningLine } from './warning-line.ts';

/** Where a harvest says how far it is. `stop` may be called at any time, also before the first word, and more than once. */
export type ProgressSink = {
  readonly show: (progress: Progress) => void;
  readonly stop: () => void;
};

/** Often enough to look alive, seldom enough for a log that is kept. */
export const LOG_EVERY_MS = 10_000;
/** A glance, not a film; each frame is a write to the terminal. */
const FRAMES_PER_SECOND = 4;
const LONGEST_BAR = 40;
const WHOLE = 10_000;

/** To the beginning of the line, and all of it gone. */
export const START_OF_LINE = '\r\u001b[K';
const SAVE_CURSOR = '\u001b7';
const RESTORE_CURSOR = '\u001b8';

/** A bar on the last line of a terminal. It hides no cursor and changes no mode, so a kill leaves the terminal as it was. */
export function createProgressBar(terminal: Output): ProgressSink {
  let latest: Progress | null = null;
  let barsize = LONGEST_BAR;
  const draw = (width: number, options: cliProgress.Options) => {
    // Facts grow and shrink; a bar that did the same would seem to go back.
    barsize = Math.min(barsize, width);
    return cliProgress.Format.BarFormat(latest?.coveredShare ?? 0, { ...options, barsize });
  };
  const bar = new cliProgress.SingleBar({
    stream: streamFor(terminal),
    format: (options, { maxWidth }) =>
      latest === null ? '' : progressLine(latest, maxWidth, (width) => draw(width, options)),
    barsize: LONGEST_BAR,
    barCompleteChar: '=',
    barIncompleteChar: '-',
    fps: FRAMES_PER_SECOND,
    // Another line may have been written over it (lineAbove).
    forceRedraw: true,
    // The modes of the terminal and the signals are not its business: src/main.ts owns them.
    linewrap: true,
    hideCursor: false,
    gracefulExit: false,
  });
  return {
    show: (progress) => {
      const isFirst = latest === null;
      latest = progress;
      if (isFirst) bar.start(WHOLE, 0);
      bar.update(Math.floor(progress.coveredShare * WHOLE));
    },
    stop: () => {
      if (latest !== null) bar.stop();
    },
  };
}

/** Log lines while there is a bar, in words: each takes the bar's line, and the bar appears anew below it. */
export function lineAbove(terminal: Output): DestinationStream {
  return { write: (line) => void terminal.write(`${START_OF_LINE}${warningLine(line)}`) };
}

/** For everything that is no terminal: the first word, then one now and then, and the last. */
export function createProgressLines(
  write: (progress: Progress) => void,
  { clock, everyMs }: { readonly clock: Clock; readonly everyMs: number },
): ProgressSink {
  let shownAt = Number.NEGATIVE_INFINITY;
  let unshown: Progress | null = null;
  const showNow = (progress: Progress) => {
    shownAt = clock.monotonic();
    unshown = null;
    write(progress);
  };
  return {
    show: (progress) => {
      if (clock.monotonic() - shownAt >= everyMs) showNow(progress);
      else unshown = progress;
    },
    stop: () => {
      if (unshown !== null) showNow(unshown);
    },
  };
}

/**
 * The terminal as cli-progress wants it, less its saving and restoring of the cursor: it would jump back to the line where
 * it began, over everything that has been logged since.
 */
function streamFor(terminal: Output): NodeJS.WritableStream {
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string | Buffer, _encoding, done) => {
      terminal.write(text.toString().replaceAll(SAVE_CURSOR, '').replaceAll(RESTORE_CURSOR, ''));
      done();
    },
  });
  return Object.defineProperties(stream, {
    isTTY: { value: true },
    columns: { get: () => terminal.columns ?? 80 },
  });
}
