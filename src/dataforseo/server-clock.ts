import type { Clock } from '../time.ts';

export type ServerClock = {
  /** Takes in the `Date` of an answer. @param date - Epoch ms. @param receivedMono - Monotonic ms when its headers came. */
  readonly observe: (date: number, receivedMono: number) => void;
  /** The server's time, epoch ms, and never later than it: a `Date` is cut to the second and was written before it came. */
  readonly now: () => number;
  /** Server minus wall clock, whole ms. */
  readonly skewMs: () => number;
  /** Whether this process has seen a `Date` yet; before, `now` is the wall clock and the last known skew, a mere guess. */
  readonly known: () => boolean;
};

/**
 * The server's clock, as its last answer showed it. Between answers the monotonic clock carries it, so that a step of this
 * machine's wall clock does not move the bound of a walk (I6).
 *
 * @param lastSkewMs - What an earlier process knew of server minus wall clock; 0 for nothing.
 */
export function createServerClock(clock: Clock, lastSkewMs = 0): ServerClock {
  let seen: { readonly date: number; readonly mono: number } | null = null;
  const now = () => Math.floor(seen === null ? clock.now() + lastSkewMs : seen.date + (clock.monotonic() - seen.mono));
  return {
    observe: (date, receivedMono) => {
      if (Number.isFinite(date)) seen = { date, mono: receivedMono };
    },
    now,
    skewMs: () => Math.round(now() - clock.now()),
    known: () => seen !== null,
  };
}
