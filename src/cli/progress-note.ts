import type { Clock } from '../time.ts';
import type { Output } from './command.ts';
import { START_OF_LINE } from './progress-bar.ts';

/** Quick enough needs no word. */
const SILENT_MS = 1_000;
const EVERY_MS = 250;
/** For a log that is kept: what takes hours shows that it is alive, what takes seconds says nothing. */
const LINE_EVERY_MS = 30_000;

/** One line of a terminal, which is gone when the answer comes; elsewhere a line now and then of what takes long. */
export function createProgressNote(output: Output, clock: Clock) {
  const isTerminal = output.isTTY === true;
  const everyMs = isTerminal ? EVERY_MS : LINE_EVERY_MS;
  let shownAt = clock.monotonic() + (isTerminal ? SILENT_MS - EVERY_MS : 0);
  let isShown = false;
  return {
    /** @param atOnce - Nothing follows for long, so it is not held back. */
    show: (line: () => string, atOnce = false) => {
      if (!atOnce && clock.monotonic() - shownAt < everyMs) return;
      shownAt = clock.monotonic();
      isShown = isTerminal;
      // A terminal that does not know its width says 0.
      const columns = output.columns ?? 0;
      const width = (columns > 0 ? columns : 80) - 1;
      output.write(isTerminal ? `${START_OF_LINE}${line().slice(0, width)}` : `${line()}\n`);
    },
    clear: () => {
      if (isShown) output.write(START_OF_LINE);
      isShown = false;
    },
  };
}
