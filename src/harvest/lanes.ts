/** Walks in flight. */
export type Lanes = {
  /** Starts work that never rejects but for a fault that must end the run. */
  readonly start: (walkId: number, work: (signal: AbortSignal) => Promise<void>) => void;
  readonly has: (walkId: number) => boolean;
  readonly size: () => number;
  /** Resolves when a lane falls free, `wake` was called, or after `ms`. @throws The fault of a lane. */
  readonly wait: (ms: number) => Promise<void>;
  readonly wake: () => void;
  /** Aborts what is in flight and waits for it. */
  readonly stop: () => Promise<void>;
};

export type Sleep = (ms: number, signal?: AbortSignal) => Promise<void>;

/** One for all: an error of its own, with its stack, for each wake costs more than what is done then. */
const WOKEN = new Error('woken');

export function createLanes(sleep: Sleep, signal: AbortSignal): Lanes {
  const running = new Map<number, Promise<void>>();
  const stopping = new AbortController();
  const inner = AbortSignal.any([signal, stopping.signal]);
  let fault: { readonly error: unknown } | null = null;
  let ring = new AbortController();
  const wake = () => {
    ring.abort(WOKEN);
  };
  signal.addEventListener('abort', wake, { once: true });
  return {
    start: (walkId, work) => {
      const done = work(inner)
        .catch((error: unknown) => {
          fault ??= { error };
        })
        .finally(() => {
          running.delete(walkId);
          wake();
        });
      running.set(walkId, done);
    },
    has: (walkId) => running.has(walkId),
    size: () => running.size,
    wait: async (ms) => {
      if (fault === null && !ring.signal.aborted) await sleep(ms, ring.signal).catch(() => undefined);
      ring = new AbortController();
      if (fault !== null) throw fault.error;
      signal.throwIfAborted();
    },
    wake,
    stop: async () => {
      stopping.abort(new Error('stopped'));
      signal.removeEventListener('abort', wake);
      await Promise.all(running.values());
    },
  };
}
