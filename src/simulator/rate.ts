import type { RateOptions } from './options.ts';

/** The moment of a call: monotonic for the sliding window, the simulated wall clock for the clock's minute; both ms. */
export type Instant = { readonly mono: number; readonly at: number };

export type Rate = {
  /** Takes a call into account. `waitMs`: until a call would be let through; 0 when this one was. */
  readonly admit: (
    scope: string,
    instant: Instant,
    rate: RateOptions,
  ) => { readonly admitted: boolean; readonly waitMs: number };
};

/** The budget, counted by arrival. It cannot be switched off, only be given another period. */
export function createRate(): Rate {
  const counted = new Map<string, readonly Instant[]>();
  return {
    admit: (scope, instant, rate) => {
      const key = rate.scope === 'api' ? scope : '';
      const inUse = (counted.get(key) ?? []).filter((call) => isInSameWindow(call, instant, rate));
      const admitted = inUse.length < rate.calls;
      counted.set(key, admitted || rate.strict ? [...inUse, instant] : inUse);
      return { admitted, waitMs: admitted ? 0 : waitMs(inUse, instant, rate) };
    },
  };
}

/** The most arrivals that any stretch of a period held; a stretch is half-open, so a period apart is not the same. */
export function mostInAnyPeriod(arrivals: readonly number[], periodMs: number): number {
  let most = 0;
  let oldest = 0;
  for (const [newest, mono] of arrivals.entries()) {
    while ((arrivals[oldest] ?? mono) <= mono - periodMs) oldest += 1;
    most = Math.max(most, newest - oldest + 1);
  }
  return most;
}

function isInSameWindow(call: Instant, now: Instant, rate: RateOptions): boolean {
  if (rate.window === 'sliding') return call.mono > now.mono - rate.periodMs;
  return Math.floor(call.at / rate.periodMs) === Math.floor(now.at / rate.periodMs);
}

function waitMs(inUse: readonly Instant[], now: Instant, rate: RateOptions): number {
  if (rate.window === 'clock') return rate.periodMs - (now.at % rate.periodMs);
  const frees = inUse.at(-rate.calls);
  return frees === undefined ? rate.periodMs : frees.mono + rate.periodMs - now.mono;
}
