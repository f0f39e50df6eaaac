import type { AnsweredCall, BudgetTerms, PastCall, Throttling, TokenState } from '../domain/budget.ts';
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
export function createTokenPool(options: TokenPoolOptions, onChange: (spare: number) => void): TokenPool {
  const { clock, terms, history } = options;
  const mono = () => clock.monotonic();
  let state = tokensAtStart(terms, history, { mono: mono(), wall: clock.now(), boot: clock.boot });
  const waiters = createWaiters();
  const alarm = createAlarm(clock);

  const tellSpare = () => onChange(freeTokens(state, mono()) - waiters.count());
  const takeNow = () => {
    const next = takeToken(state, mono());
    if (next !== null) state = next;
    return next !== null;
  };
  /** Whatever has changed, a token or the time: serve who waits, and wake up when the next token is free. */
  const turn = () => {
    while (waiters.count() > 0 && takeNow()) waiters.serveFirst();
    tellSpare();
    alarm.set(nextFreeAt(state, mono()), turn);
  };

  const comeBack = (at: number) => {
    state = returnToken(state, at);
    return Math.max(at, state.pausedUntil);
  };
  const pause = (throttling: Throttling) => {
    state = throttle(state, terms, throttling);
    return state.pausedUntil;
  };
  const createToken = (): Token => {
    const end = once(turn);
    return {
      answered: (call) => end(() => comeBack(tokenBackAt(terms, call, isTrusted(state, mono())))),
      throttled: (throttling) => end(() => pause(throttling)),
      failed: (closedMono) => end(() => comeBack(tokenBackAfterFailure(terms, closedMono))),
      unused: () => void end(() => comeBack(-Infinity)),
    };
  };

  turn();
  return {
    take: async (signal) => {
      signal.throwIfAborted();
      if (!takeNow()) await waiters.wait(turn, signal);
      tellSpare();
      return createToken();
    },
    inUse: () => tokensInUse(state, mono()),
    waiting: () => waitingOf(state, mono()),
    stop: () => alarm.stop(),
  };
}

function waitingOf(state: TokenState, now: number): Waiting | null {
  if (freeTokens(state, now) > 0) return null;
  return { untilMono: nextFreeAt(state, now), why: now < state.pausedUntil ? 'throttled' : 'budget' };
}

/** Lets only the first change happen; later ones return what the first returned. */
function once(then: () => void) {
  let result: number | null = null;
  return (change: () => number): number => {
    if (result !== null) return result;
    result = change();
    then();
    return result;
  };
}

/** Who waits for a token, first come first served. `onChange` is called when somebody comes or gives up. */
function createWaiters() {
  const waiters: (() => void)[] = [];
  return {
    count: () => waiters.length,
    serveFirst: () => waiters.shift()?.(),
    wait: (onChange: () => void, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const proceed = () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        const onAbort = () => {
          waiters.splice(waiters.indexOf(proceed), 1);
          reject(abortReason(signal));
          onChange();
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiters.push(proceed);
        onChange();
      }),
  };
}

/** One for all: an error of its own, with its stack, for each change of the alarm costs more than the change. */
const SET_ANEW = new Error('the alarm is set anew');

/** One timer, on the monotonic clock. A timer may fire a fraction early: whoever is woken looks at the clock again. */
function createAlarm(clock: Clock) {
  let running: AbortController | null = null;
  let isStopped = false;
  return {
    set: (at: number, wake: () => void) => {
      running?.abort(SET_ANEW);
      if (isStopped || at === Infinity) return;
      running = new AbortController();
      clock.sleep(Math.ceil(at - clock.monotonic()), running.signal).then(wake, () => undefined);
    },
    stop: () => {
      isStopped = true;
      running?.abort(SET_ANEW);
    },
  };
}
