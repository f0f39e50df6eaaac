/** Whose timers: the machine's are gone when it is killed and late when it is suspended; the world's are neither. */
type Owner = 'machine' | 'world';

export type Timer = { readonly owner: Owner; at: number; readonly fire: () => void };

/** True time, ms since the beginning of a run. It passes only from timer to timer, as fast as nothing else is to be done. */
export type Timeline = {
  readonly elapsed: () => number;
  readonly after: (owner: Owner, ms: number, fire: () => void) => Timer;
  readonly cancel: (timer: Timer) => void;
  /** Forgets all timers of an owner. */
  readonly drop: (owner: Owner) => void;
  /** A machine that stands still: its timers fire so much later. */
  readonly postpone: (owner: Owner, ms: number) => void;
  /** Lets everything happen that is due up to `at`, or until `isOver` says so after a timer has fired. */
  readonly run: (at: number, isOver: () => boolean) => Promise<void>;
  /** Lets happen what needs no time. */
  readonly settle: () => Promise<void>;
};

/** Taken before anything replaces it. */
const turn = setImmediate;

/** The bodies of answers are streams, which need a few turns of the event loop; what still moves after these waits for a timer. */
const TURNS = 2;

export function createTimeline(): Timeline {
  let elapsed = 0;
  let timers: Timer[] = [];

  const insert = (timer: Timer) => {
    // Those due at one moment fire in the order in which they were set.
    let place = timers.length;
    while (place > 0 && (timers[place - 1]?.at ?? 0) > timer.at) place -= 1;
    timers.splice(place, 0, timer);
  };
  const settle = async () => {
    for (let count = 0; count < TURNS; count += 1) await new Promise<void>((resolve) => turn(resolve));
  };
  return {
    elapsed: () => elapsed,
    after: (owner, ms, fire) => {
      const timer = { owner, at: elapsed + Math.max(Number.isFinite(ms) ? ms : 0, 0), fire };
      insert(timer);
      return timer;
    },
    cancel: (timer) => {
      const place = timers.indexOf(timer);
      if (place >= 0) timers.splice(place, 1);
    },
    drop: (owner) => {
      timers = timers.filter((timer) => timer.owner !== owner);
    },
    postpone: (owner, ms) => {
      const late = timers.filter((timer) => timer.owner === owner);
      timers = timers.filter((timer) => timer.owner !== owner);
      for (const timer of late) {
        timer.at += ms;
        insert(timer);
      }
    },
    settle,
    run: async (at, isOver) => {
      await settle();
      while (!isOver()) {
        const next = timers[0];
        if (next === undefined || next.at > at) {
          elapsed = Math.max(elapsed, at);
          return;
        }
        timers.shift();
        elapsed = Math.max(elapsed, next.at);
        next.fire();
        await settle();
      }
    },
  };
}
