import type { DataForSeoError } from './errors.ts';
import { SMALLEST_LIMIT, withSmallerPages } from './page-limit.ts';
import type { Walk } from './walk.ts';

/** A slice that fails is halved from this many failures on, to isolate what fails. */
const HALVE_AFTER = 3;
/** A slice of one second is left alone by a one-shot run after so many failures. */
export const LEAVE_AFTER = 8;
const LONGEST_PAUSE_PERIODS = 60;

/** From a tenth of the period, doubling, at most 60 periods. @param failures - 1 for the first. */
export function pauseMs(failures: number, periodMs: number): number {
  return Math.min((periodMs / 10) * 2 ** Math.min(failures - 1, 30), LONGEST_PAUSE_PERIODS * periodMs);
}

/** A clock that went back by more than this since a slice was told to wait would make it wait for hours. */
const STEP_MS = 10_000;

/** Whether a slice that failed may be tried again. */
export function isDue(walk: Pick<Walk, 'retryAt' | 'failures'>, now: number, periodMs: number): boolean {
  if (walk.retryAt === null || walk.retryAt <= now) return true;
  const longest = walk.failures >= LEAVE_AFTER ? LONGEST_PAUSE_PERIODS * periodMs : pauseMs(walk.failures, periodMs);
  return walk.retryAt - now > longest + STEP_MS;
}

/** What to do with a slice whose page could not be had (I8: a failure of one slice stops that slice only). */
export type AfterFailure =
  /** Nobody gets through: the server is down, or the budget is spent. The slice is not to blame. */
  | { readonly kind: 'wait_for_server' }
  | { readonly kind: 'retry'; readonly walk: Walk }
  /** Two walks take its place, each of which fails or succeeds on its own. */
  | { readonly kind: 'halve' }
  /** Wrong in itself: only a person or a long time can help. */
  | { readonly kind: 'set_aside'; readonly walk: Walk }
  | { readonly kind: 'park' }
  | { readonly kind: 'stop_api' }
  /** Its beginning is outside the window. */
  | { readonly kind: 'expired' }
  /** Its end is not in the past by the server's clock. */
  | { readonly kind: 'shifted' };

export type FailureMoment = {
  readonly now: number;
  readonly periodMs: number;
  /** A call has succeeded since the failure before this one: the server is up. */
  readonly othersSucceed: boolean;
  /** For `too_old`: a window may really be so narrow. */
  readonly isPlausible: boolean;
  /** For `too_old`: the same question was refused so a while ago, by this process; who comes after a restart asks once more. */
  readonly isRepeated: boolean;
};

export function afterFailure(walk: Walk, error: DataForSeoError, moment: FailureMoment): AfterFailure {
  switch (error.code) {
    case 'account_refused':
      return { kind: 'park' };
    case 'api_refused':
      return { kind: 'stop_api' };
    case 'too_old':
      return tooOld(walk, error, moment);
    case 'not_past':
      return { kind: 'shifted' };
    case 'throttled':
      return { kind: 'wait_for_server' };
    case 'rejected':
      return { kind: 'set_aside', walk: setAside(walk, error.message, moment) };
    case 'unavailable':
      return moment.othersSucceed ? blameSlice(walk, error, moment) : waitOrShrink(walk, error);
  }
}

/**
 * One odd answer must not take a part of the window away: it is believed when the same question is refused again, and never
 * where no window could be so narrow.
 */
function tooOld(walk: Walk, error: DataForSeoError, moment: FailureMoment): AfterFailure {
  if (!moment.isPlausible) return blameSlice(walk, error, moment);
  // The first question at an edge is a guess that is expected to fail; each guess costs one call, not two.
  const isGuess = walk.openingPages > 0 && walk.calls === 0;
  if (isGuess || moment.isRepeated) return { kind: 'expired' };
  return { kind: 'retry', walk: { ...walk, failures: 1, retryAt: moment.now, failure: error.message } };
}

/** While nobody gets through, pages may be what is too large; not so small that a server in trouble makes them tiny for long. */
const LEAST_LIMIT_IN_TROUBLE = 100;

function waitOrShrink(walk: Walk, error: DataForSeoError): AfterFailure {
  if (error.details.tooLarge !== true || walk.limit <= LEAST_LIMIT_IN_TROUBLE) return { kind: 'wait_for_server' };
  const limit = Math.max(Math.ceil(walk.limit / 2), LEAST_LIMIT_IN_TROUBLE);
  return { kind: 'retry', walk: { ...walk, limit, failure: error.message } };
}

/** @param why - For people. */
export function setAside(walk: Walk, why: string, moment: Pick<FailureMoment, 'now' | 'periodMs'>): Walk {
  const retryAt = moment.now + LONGEST_PAUSE_PERIODS * moment.periodMs;
  return { ...walk, failures: Math.max(walk.failures + 1, LEAVE_AFTER), retryAt, failure: why };
}

function blameSlice(walk: Walk, error: DataForSeoError, moment: FailureMoment): AfterFailure {
  const failures = walk.failures + 1;
  // Fewer rows a page may be what a page that is too large or too slow needs: a step towards its rows, no failure of the slice.
  if (error.details.tooLarge === true && walk.limit > SMALLEST_LIMIT) {
    const retryAt = moment.now + pauseMs(1, moment.periodMs);
    return { kind: 'retry', walk: { ...withSmallerPages(walk), retryAt, failure: error.message } };
  }
  if (failures >= HALVE_AFTER && walk.range.until - walk.range.since > 1000) return { kind: 'halve' };
  return { kind: 'retry', walk: waiting(walk, failures, { error, moment }) };
}

function waiting(walk: Walk, failures: number, why: { error: DataForSeoError; moment: FailureMoment }): Walk {
  const retryAt = why.moment.now + pauseMs(failures, why.moment.periodMs);
  return { ...walk, failures, retryAt, failure: why.error.message };
}

/** The halves of a walk that failed: one more failure halves them again. */
export function halves(walk: Walk): readonly [Walk['range'], Walk['range']] {
  const { since, until } = walk.range;
  const middle = since + Math.ceil((until - since) / 2000) * 1000;
  return [
    { since, until: middle },
    { since: middle, until },
  ];
}

export const FAILURES_OF_A_HALF = HALVE_AFTER - 1;
