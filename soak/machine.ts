import type { Clock } from '../src/time.ts';
import type { Timeline, Timer } from './timeline.ts';

/** The machine that the daemon runs on: its three clocks, which a person, a suspension or a restart may upset. */
export type Machine = {
  /** What the process gets; once it is dead, its sleeps end no more. */
  readonly clockFor: (isAlive: () => boolean) => Clock;
  readonly wall: () => number;
  readonly stepWall: (ms: number) => void;
  /** The true moment, ms since the beginning, at which the wall clock said so; the earliest where it said so more than once. */
  readonly elapsedAt: (wall: number) => number;
  /** How far its wall clock is off, ms. */
  readonly wallError: () => number;
  /** It stands still for so long; its wall clock goes on, its monotonic clock does not. */
  readonly suspend: (ms: number) => void;
  readonly reboot: () => void;
};

/** Of the world's own clock: true time. @param startedAt - Epoch ms. */
export function createMachine(timeline: Timeline, startedAt: number): Machine {
  let wallOffset = 0;
  let boots = 1;
  let bootedAt = -1_000_000;
  let stoodStill = 0;
  const steps = [{ from: 0, offset: 0 }];
  const wall = () => startedAt + timeline.elapsed() + wallOffset;
  return {
    wall,
    clockFor: (isAlive) => ({
      now: wall,
      monotonic: () => timeline.elapsed() - bootedAt - stoodStill,
      boot: `boot-${boots}`,
      sleep: (ms, signal) => sleep(timeline, { ms, isAlive }, signal),
    }),
    stepWall: (ms) => {
      wallOffset += ms;
      steps.push({ from: timeline.elapsed(), offset: wallOffset });
    },
    elapsedAt: (at) => {
      const moments = steps.flatMap(({ from, offset }, index) => {
        const moment = at - startedAt - offset;
        return moment >= from && moment <= (steps[index + 1]?.from ?? Infinity) ? [moment] : [];
      });
      return Math.min(...moments);
    },
    wallError: () => wallOffset,
    suspend: (ms) => {
      stoodStill += ms;
      timeline.postpone('machine', ms);
    },
    reboot: () => {
      boots += 1;
      bootedAt = timeline.elapsed() - 10_000;
      stoodStill = 0;
    },
  };
}

function sleep(timeline: Timeline, { ms, isAlive }: { ms: number; isAlive: () => boolean }, signal?: AbortSignal) {
  return new Promise<void>((resolve, reject) => {
    if (!isAlive()) return;
    const reason = () => (signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal?.aborted === true) {
      reject(reason());
      return;
    }
    const timer = timeline.after('machine', ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    function onAbort() {
      timeline.cancel(timer);
      reject(reason());
    }
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** True time for the simulated service, whose work nothing on our side ends. */
export function worldClock(timeline: Timeline, startedAt: number): Clock {
  return {
    now: () => startedAt + timeline.elapsed(),
    monotonic: () => timeline.elapsed(),
    boot: 'world',
    sleep: (ms) => new Promise((resolve) => void timeline.after('world', ms, () => resolve())),
  };
}

/**
 * Libraries read the time and set timers by the globals: from here on those are the machine's, for the rest of this process.
 *
 * @param isAlive - Whether a process runs on the machine.
 */
export function installGlobals(timeline: Timeline, wall: () => number, isAlive: () => boolean): void {
  Object.assign(globalThis, {
    Date: dateOf(wall),
    setTimeout: (fire: (...values: unknown[]) => void, ms = 0, ...values: unknown[]) =>
      handleOf(isAlive() ? timeline.after('machine', ms, () => fire(...values)) : null),
    setInterval: () => {
      throw new Error('An interval was set: the soak has none.');
    },
    clearTimeout: (handle: unknown) => {
      const timer = typeof handle === 'object' && handle !== null ? TIMERS.get(handle) : undefined;
      if (timer !== undefined) timeline.cancel(timer);
    },
  });
}

/** The present one, but for what it takes for now. A proxy would do, and cost several times as much for each date that is made. */
function dateOf(wall: () => number) {
  return class extends Date {
    constructor(...values: [] | [number | string | Date] | CalendarTime) {
      if (values.length === 0) super(wall());
      else if (values.length === 1) super(values[0]);
      else super(...values);
    }
    static override now() {
      return wall();
    }
  };
}

type CalendarTime = readonly [
  year: number, month: number, day?: number, hours?: number, minutes?: number, seconds?: number, ms?: number,
]; // prettier-ignore

const TIMERS = new WeakMap<object, Timer>();

/** @param timer - Null for what a killed process still does before its next wait: nothing comes of it. */
function handleOf(timer: Timer | null): object {
  const handle = { ref: () => handle, unref: () => handle, hasRef: () => true };
  if (timer !== null) TIMERS.set(handle, timer);
  return handle;
}
