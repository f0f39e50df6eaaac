import pRetry from 'p-retry';
import { DataForSeoError } from '../domain/errors.ts';
import type { Clock } from '../time.ts';

/** Attempts at one page before its slice must wait. Few: the harvest tries the slice again, with pauses of its own. */
const ATTEMPTS = 3;
/** Throttled answers to one question before its slice must wait. Each took a period at least, so this is ten minutes or more. */
const THROTTLES = 10;
/** The first pause, as a share of the period; it doubles. */
const FIRST_PAUSE = 0.1;

export type RetryOptions = { readonly clock: Clock; readonly periodMs: number };

/**
 * Tries again what may go better, outside the limiter, so that every attempt takes a token of its own.
 * - `unavailable`: two more attempts, after a tenth and a fifth of the period, or what `Retry-After` asked, at most a period.
 *   Not where the answer had begun and was too large or too slow: the same question would end the same.
 * - `throttled`: at once, because the limiter holds all tokens anyway; not counted as an attempt, at most ten times.
 * - everything else is passed on at once.
 *
 * @throws The last error; `signal.reason` when aborted.
 */
export async function tryAgain<T>(options: RetryOptions, attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const { clock, periodMs } = options;
  const failures = { unavailable: 0, throttled: 0 };
  // The pause before the next attempt, ms; null to give up.
  const pauseAfter = (error: Error): number | null => {
    if (!(error instanceof DataForSeoError)) return null;
    if (error.code === 'throttled') return ++failures.throttled < THROTTLES ? 0 : null;
    if (error.code !== 'unavailable' || isHopeless(error) || ++failures.unavailable >= ATTEMPTS) return null;
    const pause = periodMs * FIRST_PAUSE * 2 ** (failures.unavailable - 1);
    return Math.max(pause, Math.min(error.details.retryAfterMs ?? 0, periodMs));
  };
  signal.throwIfAborted();
  // It is not given the signal: it would leave an attempt alone whose answer a stop still waits for (linger.ts). Attempts that
  // wait, and the pause below, hear of it themselves.
  return await pRetry(attempt, {
    // Counting and waiting are done below: p-retry would wait by a clock that is not ours.
    retries: Infinity,
    minTimeout: 0,
    maxTimeout: 0,
    shouldRetry: async ({ error }) => {
      const pause = pauseAfter(error);
      if (pause !== null && pause > 0) await clock.sleep(pause, signal);
      return pause !== null;
    },
  });
}

/** The answer came and was itself too much; a timeout before any answer may be a lost connection. */
function isHopeless(error: DataForSeoError): boolean {
  const { tooLarge, httpStatus, statusCode = null } = error.details;
  return tooLarge === true && httpStatus === 200 && statusCode === null;
}
