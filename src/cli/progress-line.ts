import type { Progress } from '../domain/progress.ts';
import { count, duration } from './format.ts';

/** The bar itself is drawn by who knows how; null where there is no room for one. */
export type DrawBar = (width: number) => string;

const WIDEST_BAR = 40;
const NARROWEST_BAR = 8;

/** The facts of a progress in the order in which they matter: on a narrow terminal the last go first. */
export function progressFacts(progress: Progress): readonly string[] {
  const eta = progress.etaSeconds === null ? 'time left unknown' : `${duration(progress.etaSeconds)} left`;
  return [
    `${percent(progress.coveredShare)} of the window`,
    ...(progress.waiting === null ? [eta] : [progress.waiting]),
    `${count(progress.rows)} rows`,
    `${count(progress.calls)} calls`,
    `tokens ${progress.tokensInUse}/${progress.tokens}`,
    ...(progress.waiting === null ? [] : [eta]),
  ];
}

/** One line that never wraps, however narrow the terminal is. @param width - Columns, 1 or more. */
export function progressLine(progress: Progress, width: number, drawBar: DrawBar): string {
  // A line that fills the last column wraps on some terminals.
  const room = Math.max(width - 1, 0);
  const facts = fitting(progressFacts(progress), room);
  const left = room - facts.length - 3;
  if (facts === '' || left < NARROWEST_BAR) return facts === '' ? percent(progress.coveredShare).slice(0, room) : facts;
  return `[${drawBar(Math.min(left, WIDEST_BAR))}] ${facts}`;
}

/** The first fact and as many others as fit; a long one in between is left out rather than all that follows. */
function fitting([first = '', ...others]: readonly string[], room: number): string {
  if (first.length > room) return '';
  return others.reduce((line, fact) => (line.length + 2 + fact.length <= room ? `${line}, ${fact}` : line), first);
}

/** Rounded down: 100 % is a promise. */
function percent(share: number): string {
  return `${Math.floor(Math.min(Math.max(share, 0), 1) * 100)} %`;
}
