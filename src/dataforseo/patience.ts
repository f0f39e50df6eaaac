import { abortReason } from './abort.ts';

/**
 * Who can wait leaves some of the free tokens to who cannot: tokens come back as they were taken, in bursts, and a backlog that took
 * all of them at once would make the tail wait for the next burst, most of a period.
 */
export type Patience = {
  /** Resolves once more tokens are spare than are kept; null where none are kept. @throws `signal.reason` when aborted before that. */
  readonly wait: (signal: AbortSignal) => Promise<void> | null;
  /** Who was let through has its token, or gave up. */
  readonly served: () => void;
  /** How many tokens nobody holds or waits for has changed. */
  readonly tell: (spare: number) => void;
};

/** @param kept - How many tokens are kept at the moment; fewer than there are. */
export function createPatience(kept: () => number): Patience {
  const waiters: (() => void)[] = [];
  let spare = 0;
  // Let through, and not yet with a token.
  let onTheirWay = 0;
  const letThrough = () => {
    while (waiters.length > 0 && spare - onTheirWay > kept()) {
      onTheirWay += 1;
      waiters.shift()?.();
    }
  };
  return {
    wait: (signal) => {
      if (waiters.length === 0 && kept() === 0) {
        onTheirWay += 1;
        return null;
      }
      return new Promise<void>((resolve, reject) => {
        const proceed = () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        const onAbort = () => {
          waiters.splice(waiters.indexOf(proceed), 1);
          reject(abortReason(signal));
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiters.push(proceed);
        letThrough();
      });
    },
    served: () => {
      onTheirWay -= 1;
      letThrough();
    },
    tell: (now) => {
      spare = now;
      letThrough();
    },
  };
}
