import type { Progress } from '../domain/progress.ts';
import { count, counted, duration, wholePercent } from './format.ts';
import { shown } from './shown.ts';

/** The bar itself is drawn by who knows how; null where there is no room for one. */
export type DrawBar = (width: number) => string;

const WIDEST_BAR = 40;
const NARROWEST_BAR = 6;
const FRAME = '[] ';

/** The facts of a progress in the order in which they matter: on a narrow terminal the last go first. */
export function progressFacts(progress: Progress): readonly string[] {
  const eta = progress.etaSeconds === null ? 'time left unknown' : `${duration(progress.etaSeconds)} left`;
  return [
    `${wholePercent(progress.coveredShare)} covered`,
    eta,
    ...waitingOf(progress),
    counted(progress.rows, 'row'),
    counted(progress.calls, 'call'),
    `budget ${count(progress.tokensInUse)}/${count(progress.tokens)} used`,
  ];
}

/** Below a second there is nothing to explain. */
const SHORT_WAIT_MS = 1_000;

/** Why nothing moves: the server, or a budget that is in use. */
function waitingOf({ waiting, nextCallInMs }: Progress): string[] {
  if (waiting !== null) return [shown(waiting)];
  if (nextCallInMs === null || nextCallInMs < SHORT_WAIT_MS) return [];
  return [`next call in ${duration(Math.ceil(nextCallInMs / 1000))}`];
}

/** One line that never wraps, however narrow the terminal is: a bar while there is room for one and a fact. @param width - Columns. */
export function progressLine(progress: Progress, width: number, drawBar: DrawBar): string {
  // A line that fills the last column wraps on some terminals.
  const room = Math.max(width - 1, 0);
  const facts = progressFacts(progress);
  const besideBar = fitting(facts, room - NARROWEST_BAR - FRAME.length);
  if (besideBar === '') return fitting(facts, room) || wholePercent(progress.coveredShare).slice(0, room);
  const bar = drawBar(Math.min(room - FRAME.length - besideBar.length, WIDEST_BAR));
  return `[${bar}] ${besideBar}`;
}

/** The first fact and as many others as fit; a long one in between is left out rather than all that follows. */
function fitting([first = '', ...others]: readonly string[], room: number): string {
  if (first.length > room) return '';
  return others.reduce((line, fact) => (line.length + 2 + fact.length <= room ? `${line}, ${fact}` : line), first);
}
