import type { Clock } from '../time.ts';
import { abortReason } from './abort.ts';

/**
 * How long a stop waits for an answer that is under way: its call has cost its token, and most answers take less. Together with
 * what is written then it stays below the eight seconds in which a stop must be over; containers kill after ten.
 */
const GRACE_MS = 5_000;

/** One for all calls: an error of its own, with its stack, for each would be made for nobody. */
const RELEASED = new Error('the call has ended');

export type Lingering = {
  /** Aborted like the one it was made of, later by the grace where somebody asked us to stop. */
  readonly signal: AbortSignal;
  readonly release: () => void;
};

/**
 * A signal for a call that has left. Asked to stop (an error with the name `StopRequest`), it leaves the answer a little time;
 * aborted for any other reason, e.g. because nothing can be saved any more, it ends the call at once.
 */
export function lingering(signal: AbortSignal, clock: Clock): Lingering {
  const call = new AbortController();
  const released = new AbortController();
  const end = () => call.abort(abortReason(signal));
  const onAbort = () => {
    if (abortReason(signal).name !== 'StopRequest') end();
    else clock.sleep(GRACE_MS, released.signal).then(end, () => undefined);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: call.signal,
    release: () => {
      signal.removeEventListener('abort', onAbort);
      released.abort(RELEASED);
    },
  };
}
