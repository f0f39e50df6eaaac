import type { TailBeat, Vitals, Word } from '../domain/vitals.ts';

/** What the daemon's loop touches each turn, and others look at (src/domain/vitals.ts). */
export type Pulse = {
  readonly turned: () => void;
  /** The disk is too full to open the ledger; the loop begins, or begins anew, once there is room. */
  readonly lacksRoom: () => void;
  /** It says what it does. */
  readonly said: (word: Word) => void;
  /** The newest tasks of an API were read to the end. */
  readonly tailRead: (api: string) => void;
  /** How long the daemon means to be between two tail reads of an API, ms. */
  readonly tailEvery: (api: string, everyMs: number) => void;
  readonly vitals: () => Vitals;
};

/** @param tailPeriodMs - How long the schedule of the tail pauses at the most. */
export function createPulse(monotonic: () => number, apis: readonly string[], tailPeriodMs: number): Pulse {
  const tails = new Map<string, TailBeat>(apis.map((api) => [api, { readAt: null, everyMs: tailPeriodMs }]));
  let turnedAt: number | null = null;
  let lacksRoom = false;
  let said: Word | null = null;
  const change = (api: string, part: Partial<TailBeat>) => {
    const known = tails.get(api);
    if (known !== undefined) tails.set(api, { ...known, ...part });
  };
  return {
    turned: () => {
      turnedAt = monotonic();
      lacksRoom = false;
    },
    lacksRoom: () => {
      turnedAt = null;
      lacksRoom = true;
      said = null;
    },
    said: ({ state, reason, until }) => {
      said = { state, reason, until };
    },
    tailRead: (api) => change(api, { readAt: monotonic() }),
    tailEvery: (api, everyMs) => change(api, { everyMs: Math.max(everyMs, tailPeriodMs) }),
    vitals: () => ({ turnedAt, lacksRoom, said, tails: Object.fromEntries(tails) }),
  };
}
