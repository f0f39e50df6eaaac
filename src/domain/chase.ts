import type { TimeRange } from './time-range.ts';

/** A second in which tasks were posted that had not finished when it was last read. */
export type Unfinished = { readonly postedAt: number; readonly lookedAt: number };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONTH = 31 * DAY;
const WEEK = 7 * DAY;
/** So long before its second leaves the six months an unfinished task is looked at for the last time. */
const LAST_CHANCE_MS = 12 * HOUR;

/**
 * How long after a look the next one is due, ms, by the age of the task at that look: a sixth of `settle`, `settle`, six and
 * twenty-four times that, then each day for a month, then each week. All that it takes is in the ledger: when the task was posted,
 * and when the stretch that holds it was last read.
 */
export function chasePauseMs(ageMs: number, settleMs: number): number {
  const pauses = [settleMs / 6, settleMs, 6 * settleMs, 24 * settleMs];
  let from = 0;
  for (const pause of pauses) {
    from += pause;
    // Looks are late rather than early: the first is a read of the tail, seconds after the task was posted.
    if (ageMs < from) return pause;
  }
  return Math.max(ageMs < MONTH ? DAY : WEEK, settleMs);
}

/** @param idsEdge - Where the six months begin now, epoch ms. */
export type ChaseMoment = { readonly now: number; readonly settleMs: number; readonly idsEdge: number };

/** When the tasks of a second are looked at once more, epoch ms. */
export function chaseAt({ postedAt, lookedAt }: Unfinished, { now, settleMs, idsEdge }: ChaseMoment): number {
  const next = lookedAt + chasePauseMs(lookedAt - postedAt, settleMs);
  const lastChanceAt = now + (postedAt - idsEdge) - LAST_CHANCE_MS;
  return lookedAt < lastChanceAt ? Math.min(next, lastChanceAt) : next;
}

/** The seconds that are due, as ranges; neighbours that follow each other are one. Ascending. */
export function dueSeconds(unfinished: readonly Unfinished[], moment: ChaseMoment): TimeRange[] {
  return unfinished
    .filter((second) => chaseAt(second, moment) <= moment.now)
    .map(({ postedAt }) => ({ since: postedAt, until: postedAt + 1_000 }))
    .sort((a, b) => a.since - b.since);
}
