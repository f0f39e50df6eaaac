/**
 * The tail's share of the budget: at most so many calls a period while anything else waits. What it leaves serves settling and
 * chasing. Instants of this file are monotonic ms.
 */
const SHARED_CALLS = 2;

/** Calls a period. @param tokens - Of the whole budget. */
export function tailShare(tokens: number, othersWait: boolean): number {
  const shared = Math.min(SHARED_CALLS, Math.max(tokens - 1, 1));
  return othersWait ? shared : Math.max(shared, Math.floor(tokens / 2));
}

export type ShareMoment = {
  readonly now: number;
  readonly periodMs: number;
  /** Calls a period. */
  readonly share: number;
};

/** How many calls of the share are left at the moment: less than none after a walk that took more than was expected. */
export function shareLeft(calls: readonly number[], { now, periodMs, share }: ShareMoment): number {
  return share - calls.filter((at) => at > now - periodMs).length;
}

/** When a walk of so many pages may begin: once the calls of the last period leave room for it, or for as many as the share has. */
export function shareFreeAt(calls: readonly number[], pages: number, { now, periodMs, share }: ShareMoment): number {
  const most = share - Math.min(Math.max(pages, 1), share);
  const recent = calls.filter((at) => at > now - periodMs).sort((a, b) => a - b);
  const oldest = recent[recent.length - most - 1];
  return oldest === undefined ? now : oldest + periodMs;
}

/** An API whose newest task is so many times its pace old is asked less often. */
const QUIET_PER_PACE = 12;
/** A new task of the quietest one is seen so many periods late at the most. */
const SLOWEST_PERIODS = 10;

export type PaceTerms = {
  /** How long the schedule of the tail pauses, ms. */
  readonly tailPeriodMs: number;
  /** Of the budget, ms. */
  readonly periodMs: number;
  /** Calls a period. */
  readonly share: number;
};

/**
 * How long each API means to be between two tail reads, ms. Where the share serves all of them each time they are all as fast as
 * the schedule; else quiet ones give way, and where that is not enough all wait.
 *
 * @param quietMs - Of each API, how long ago its newest task was posted; Infinity where it has none.
 */
export function tailPaces(quietMs: readonly number[], terms: PaceTerms): number[] {
  const { tailPeriodMs, periodMs, share } = terms;
  const fits = (paces: readonly number[]) => paces.reduce((sum, pace) => sum + periodMs / pace, 0) / share;
  const fast = quietMs.map(() => tailPeriodMs);
  if (fits(fast) <= 1) return fast;
  const slowest = SLOWEST_PERIODS * Math.max(tailPeriodMs, periodMs);
  const paces = quietMs.map((quiet) => Math.min(Math.max(quiet / QUIET_PER_PACE, tailPeriodMs), slowest));
  const load = Math.max(fits(paces), 1);
  return paces.map((pace) => Math.ceil(pace * load - 1e-6));
}
