import type { Clock } from '../src/time.ts';

export type VirtualClock = Clock & {
  /** Does `work` while time passes as fast as nothing else is to be done: hours in seconds. */
  readonly drive: <T>(work: () => Promise<T>) => Promise<T>;
  /** Steps the wall clock, as a person or NTP does. */
  readonly stepWall: (ms: number) => void;
};

type Sleeper = { readonly at: number; readonly wake: () => void };

/** A clock on which time passes only while everybody sleeps: what is measured on it does not depend on the machine. */
export function createVirtualClock(startedAt: number): VirtualClock {
  let elapsed = 0;
  let steppedMs = 0;
  let sleepers: Sleeper[] = [];

  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const reason = () => (signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      if (signal?.aborted === true) {
        reject(reason());
        return;
      }
      const onAbort = () => {
        sleepers = sleepers.filter((other) => other !== sleeper);
        reject(reason());
      };
      const wake = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const sleeper = { at: elapsed + Math.max(ms, 0), wake };
      signal?.addEventListener('abort', onAbort, { once: true });
      sleepers = [...sleepers, sleeper].sort((a, b) => a.at - b.at);
    });

  const drive = async <T>(work: () => Promise<T>): Promise<T> => {
    const progress = { isDone: false };
    const result = work().finally(() => {
      progress.isDone = true;
    });
    // Who waits for `result` hears of its failure; the loop below must not end the process before that.
    result.catch(() => undefined);
    for (;;) {
      await untilQuiet();
      if (progress.isDone) return await result;
      const next = sleepers.shift();
      if (next === undefined)
        throw new Error('Nobody sleeps and nothing happens: what is measured has come to a stop.');
      elapsed = Math.max(elapsed, next.at);
      next.wake();
    }
  };

  return {
    now: () => startedAt + elapsed + steppedMs,
    monotonic: () => 1_000_000 + elapsed,
    boot: 'bench',
    sleep,
    stepWall: (ms) => {
      steppedMs += ms;
    },
    drive,
  };
}

/** Until nothing but sleepers is left: promises have settled, and no timer of a library (all of them of 0 ms) runs. */
async function untilQuiet(): Promise<void> {
  do {
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  } while (process.getActiveResourcesInfo().includes('Timeout'));
}
