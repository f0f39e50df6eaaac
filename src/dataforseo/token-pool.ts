import type { AnsweredCall, BudgetTerms, PastCall, Throttling } from '../domain/budget.ts';
import {
  freeTokens,
  isTrusted,
  nextFreeAt,
  returnToken,
  takeToken,
  throttle,
  tokenBackAfterFailure,
  tokenBackAt,
  tokensAtStart,
  tokensInUse,
} from '../domain/budget.ts';
import type { Clock } from '../time.ts';
import { abortReason } from './abort.ts';

/**
 * One token, held by one call. Exactly one of its functions ends it; whatever is said after that is ignored. Each returns
 * the monotonic instant at which the token is free again.
 */
export type Token = {
  readonly answered: (call: AnsweredCall) => number;
  readonly throttled: (throttling: Throttling) => number;
  /** @param closedMono - When the socket of a call without an answer was closed. */
  readonly failed: (closedMono: number) => number;
  /** The request never left. */
  readonly unused: () => void;
};

/** Until when nobody may call, and why: all tokens are in use, or the server said that the budget is spent. */
export type Waiting = {
  /** Infinity while it depends on an answer. */
  readonly untilMono: number;
  readonly why: 'budget' | 'throttled';
};

export type TokenPool = {
  /** @throws `signal.reason` when aborted before there was a token; then none is taken. */
  readonly take: (signal: AbortSignal) => Promise<Token>;
  readonly inUse: () => number;
  /** Null while a token is free. */
  readonly waiting: () => Waiting | null;
  readonly stop: () => void;
};

export type TokenPoolOptions = {
  readonly clock: Clock;
  readonly terms: BudgetTerms;
  /** What earlier processes sent, see `tokensAtStart`. */
  readonly history: readonly PastCall[];
};

/**
 * The tokens of this process: the pure state of domain/budget.ts, who waits for it, and the one timer that says when the
 * next token is free. `onChange` hears at once, and whenever it may have changed, how many tokens nobody holds or waits for
 * in `take`; negative when more wait than are free.
 */
export function createTokenPool(
  { clock, terms, history }: TokenPoolOptions,
  onChange: (spare: number) => void,
): TokenPool {
  let state = tokensAtStart(terms, history, { mono: clock.monotonic(), wall: clock.now(), boot: clock.boot });
  let alarm: AbortController | null = null;
  let isStopped = false;
  const waiters: (() => void)[] = [];

  const tellSpare = () => onChange(freeTokens(state, clock.monotonic()) - waiters.length);

  /** Whatever has changed, a token or the time: serve who waits, and wake up when the next token is free. */
  const turn = () => {
    while (waiters.length > 0 && freeTokens(state, clock.monotonic()) > 0) waiters.shift()?.();
    tellSpare();
    alarm?.abort();
    const now = clock.monotonic();
    const next = nextFreeAt(state, now);
    if (isStopped || next === Infinity) return;
    alarm = new AbortController();
    // A timer may fire a fraction early; then nothing is free yet and it is set again.
    clock.sleep(Math.ceil(next - now), alarm.signal).then(turn, () => undefined);
  };

  const takeNow = () => {
    const next = takeToken(state, clock.monotonic());
    if (next !== null) state = next;
    return next !== null;
  };

  const turnComes = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const proceed = () => {
        signal.removeEventListener('abort', onAbort);
        takeNow();
        resolve();
      };
      const onAbort = () => {
        waiters.splice(waiters.indexOf(proceed), 1);
        reject(abortReason(signal));
        turn();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiters.push(proceed);
      turn();
    });

  const comeBack = (at: number) => {
    state = returnToken(state, at);
    return Math.max(at, state.pausedUntil);
  };

  const createToken = (): Token => {
    let backAt: number | null = null;
    const end = (change: () => number) => {
      if (backAt !== null) return backAt;
      backAt = change();
      turn();
      return backAt;
    };
    return {
      answered: (call) => end(() => comeBack(tokenBackAt(terms, call, isTrusted(state, clock.monotonic())))),
      failed: (closedMono) => end(() => comeBack(tokenBackAfterFailure(terms, closedMono))),
      unused: () => void end(() => comeBack(-Infinity)),
      throttled: (throttling) =>
        end(() => {
          state = throttle(state, terms, throttling);
          return state.pausedUntil;
        }),
    };
  };

  turn();
  return {
    take: async (signal) => {
      signal.throwIfAborted();
      if (!takeNow()) await turnComes(signal);
      tellSpare();
      return createToken();
    },
    inUse: () => tokensInUse(state, clock.monotonic()),
    waiting: () => {
      const now = clock.monotonic();
      if (freeTokens(state, now) > 0) return null;
      return { untilMono: nextFreeAt(state, now), why: now < state.pausedUntil ? 'throttled' : 'budget' };
    },
    stop: () => {
      isStopped = true;
      alarm?.abort();
    },
  };
}
