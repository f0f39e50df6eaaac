import { systemClock, type Clock } from '../../src/time.ts';

export type SteppingClock = Clock & {
  /** Steps the wall clock, as a person, NTP or a restored machine does; timers and the monotonic clock do not notice. */
  readonly step: (ms: number) => void;
};

/**
 * The real clock, off by a step; of another boot where one is named.
 * @param off.monotonicMs - How much more the monotonic clock shows than this machine's.
 */
export function steppingClock(
  off: { readonly wallMs?: number; readonly boot?: string; readonly monotonicMs?: number } = {},
): SteppingClock {
  const real = systemClock();
  let wallMs = off.wallMs ?? 0;
  return {
    now: () => real.now() + wallMs,
    monotonic: () => real.monotonic() + (off.monotonicMs ?? 0),
    boot: off.boot ?? real.boot,
    sleep: real.sleep,
    step: (ms) => {
      wallMs += ms;
    },
  };
}
