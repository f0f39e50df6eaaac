import type { Progress } from '../domain/progress.ts';
import { count, counted, duration } from './format.ts';
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
    `${percent(progress.coveredShare)} covered`,
    eta,
    ...(progress.waiting === null ? [] : [shown(progress.waiting)]),
    counted(progress.rows, 'row'),
    counted(progress.calls, 'call'),
    `budget ${count(progress.tokensInUse)}/${count(progress.tokens)} used`,
  ];
}

/** One line that never wraps, however narrow the terminal is: a bar while there is room for one and a fact. @param width - Columns. */
export function progressLine(progress: Progress, width: number, drawBar: DrawBar): string {
  // A line that fills the last column wraps on some terminals.
  const room = Math.max(width - 1, 0);
  const facts = progressFacts(progress);
  const besideBar = fitting(facts, room - NARROWEST_BAR - FRAME.length);
  if (besideBar === '') return fitting(facts, room) || percent(progress.coveredShare).slice(0, room);
  const bar = drawBar(Math.min(room - FRAME.length - besideBar.length, WIDEST_BAR));
  return `[${bar}] ${besideBar}`;
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
