import type { Clock } from '../time.ts';

export type ServerClock = {
  /** Takes in the `Date` of an answer. @param date - Epoch ms. @param receivedMono - Monotonic ms when its headers came. */
  readonly observe: (date: number, receivedMono: number) => void;
  /** The server's time, epoch ms, and never later than it: a `Date` is cut to the second and was written before it came. */
  readonly now: () => number;
  /** Server minus wall clock, whole ms. */
  readonly skewMs: () => number;
  /** Whether this process has seen a `Date` yet; before, `now` is a mere guess. */
  readonly known: () => boolean;
  /**
   * Known, and not contradicted by the latest answer. What cannot be taken back (a loss, an edge, the beginning of a window)
   * waits for that.
   */
  readonly sure: () => boolean;
};

type Sighting = { readonly date: number; readonly mono: number };

function at(sighting: Sighting, mono: number): number {
  return sighting.date + (mono - sighting.mono);
}

/** Further from what was expected than this, a `Date` is believed only when others agree. */
const SURPRISE_MS = 60_000;
/** The first one is compared with this machine's own clock, which may be wrong itself: by a time zone, up to 14 hours. */
const FIRST_SURPRISE_MS = 86_400_000;
const AGREEING = 3;

/** What an earlier process knew. */
export type ClockMemory = {
  /** Server minus wall clock; 0 for nothing. */
  readonly skewMs?: number;
  /**
   * When the server last answered, epoch ms of its clock. The guess before the first answer is never earlier: by a wall clock that was put
   * back meanwhile everything would seem read, nobody would be called, and so nothing would ever put the guess right.
   */
  readonly leastAt?: number;
};

/**
 * The server's clock, as its last answer showed it. Between answers the monotonic clock carries it, so that a step of this
 * machine's wall clock does not move the bound of a walk (I6).
 */
export function createServerClock(clock: Clock, { skewMs = 0, leastAt = 0 }: ClockMemory = {}): ServerClock {
  const begunMono = clock.monotonic();
  let seen: Sighting | null = null;
  let odd: readonly Sighting[] = [];
  const guess = (mono: number) =>
    Math.max(clock.now() + skewMs + (mono - clock.monotonic()), leastAt + (mono - begunMono));
  const expected = (mono: number) => (seen === null ? guess(mono) : at(seen, mono));
  const now = () => Math.floor(expected(clock.monotonic()));
  return {
    observe: (date, mono) => {
      if (!Number.isFinite(date)) return;
      const sighting = { date, mono };
      const offMs = Math.abs(date - expected(mono));
      // One wrong answer must not move the windows; a clock that was really set says so again.
      odd = [...odd.filter((other) => Math.abs(date - at(other, mono)) <= SURPRISE_MS), sighting];
      const isWitnessed = offMs <= SURPRISE_MS || odd.length >= AGREEING;
      if (isWitnessed || (seen === null && offMs <= FIRST_SURPRISE_MS)) seen = sighting;
      if (isWitnessed) odd = [];
    },
    now,
    skewMs: () => Math.round(now() - clock.now()),
    known: () => seen !== null,
    sure: () => seen !== null && odd.length === 0,
  };
}
