import type { Clock } from '../time.ts';
import type { Output } from './command.ts';
import { START_OF_LINE } from './progress-bar.ts';

/** Quick enough needs no word. */
const SILENT_MS = 1_000;
const EVERY_MS = 250;

/** One line of a terminal, which is gone when the answer comes; elsewhere nothing. */
export function createProgressNote(terminal: Output, clock: Clock) {
  let shownAt = clock.monotonic() + SILENT_MS - EVERY_MS;
  let isShown = false;
  return {
    show: (line: () => string) => {
      if (terminal.isTTY !== true || clock.monotonic() - shownAt < EVERY_MS) return;
      shownAt = clock.monotonic();
      isShown = true;
      terminal.write(`${START_OF_LINE}${line().slice(0, Math.max((terminal.columns ?? 80) - 1, 0))}`);
    },
    clear: () => {
      if (isShown) terminal.write(START_OF_LINE);
      isShown = false;
    },
  };
}
