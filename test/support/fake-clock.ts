import type { Clock } from '../../src/time.ts';

export type FakeClock = Clock & {
  /**
   * Moves both clocks forward by `ms`, waking each sleeper at its own moment and in order. Between two moments it lets
   * promises, timers of 0 ms and loopback I/O that is ready settle, so a woken sleeper may sleep again and be woken too.
   */
  readonly advance: (ms: number) => Promise<void>;
  /** Moves to the next sleeper's moment. @returns The milliseconds moved; 0 when nobody sleeps. */
  readonly advanceToNext: () => Promise<number>;
  /** Advances from sleeper to sleeper until `done` holds. @throws {Error} when `done` does not hold after `steps` of them. */
  readonly advanceUntil: (done: () => boolean, steps?: number) => Promise<void>;
  /** Resolves once at least `count` sleepers wait (real time passes meanwhile: loopback I/O may be under way). */
  readonly untilSleeping: (count: number) => Promise<void>;
  /** Steps the wall clock only, as a person or NTP does; sleepers do not notice. */
  readonly stepWall: (ms: number) => void;
  /** A restart of the machine: another boot, whose monotonic clock begins anew. Sleepers are forgotten. */
  readonly reboot: (name: string, monotonic?: number) => void;
  /** Monotonic moments at which the sleepers wake, soonest first. */
  readonly sleepers: () => readonly number[];
};

type Sleeper = { readonly at: number; readonly wake: () => void };

/** A clock that moves only when told to. @param start - The first wall and monotonic times, ms, and the name of the boot. */
export function createFakeClock(
  start: { readonly now?: number; readonly monotonic?: number; readonly boot?: string } = {},
): FakeClock {
  let now = start.now ?? Date.UTC(2024, 4, 15, 12);
  let monotonic = start.monotonic ?? 1_000_000;
  let boot = start.boot ?? 'boot-1';
  let sleepers: Sleeper[] = [];

  const moveTo = (moment: number) => {
    now += moment - monotonic;
    monotonic = moment;
  };

  const sleep = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) {
        reject(reasonOf(signal));
        return;
      }
      const sleeper: Sleeper = { at: monotonic + Math.min(Math.max(ms, 0), 2 ** 31 - 1), wake };
      function wake() {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }
      function onAbort() {
        sleepers = sleepers.filter((other) => other !== sleeper);
        if (signal !== undefined) reject(reasonOf(signal));
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      // A stable sort: those due at one moment wake in the order in which they went to sleep.
      sleepers = [...sleepers, sleeper].sort((a, b) => a.at - b.at);
    });

  const advance = async (ms: number) => {
    const target = monotonic + ms;
    await settle();
    for (let next = sleepers[0]; next !== undefined && next.at <= target; next = sleepers[0]) {
      sleepers = sleepers.slice(1);
      moveTo(Math.max(next.at, monotonic));
      next.wake();
      await settle();
    }
    moveTo(target);
    await settle();
  };

  const advanceToNext = async () => {
    await settle();
    const ms = Math.max((sleepers[0]?.at ?? monotonic) - monotonic, 0);
    await advance(ms);
    return ms;
  };

  return {
    now: () => now,
    monotonic: () => monotonic,
    get boot() {
      return boot;
    },
    sleep,
    advance,
    advanceToNext,
    advanceUntil: async (done, steps = 1_000) => {
      for (let step = 0; step < steps && !done(); step += 1) await advanceToNext();
      if (!done()) throw new Error(`what was awaited did not happen within ${String(steps)} steps of the clock`);
    },
    untilSleeping: async (count) => {
      while (sleepers.length < count) await settle();
    },
    stepWall: (ms) => {
      now += ms;
    },
    reboot: (name, from = 1_000) => {
      boot = name;
      monotonic = from;
      sleepers = [];
    },
    sleepers: () => sleepers.map((sleeper) => sleeper.at),
  };
}

/** A few turns of the event loop: enough for chains of promises and of `setTimeout(0)`, and for I/O that is ready. */
export async function settle(turns = 4): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
