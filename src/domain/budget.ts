/**
 * The arithmetic of tokens (I2). A token comes back one period after the call that it paid for was answered, less the
 * server's own execution time where that can be believed. Pacing by the time of sending, or a bucket that refills by the
 * clock, lets more through than the server allows, because a packet may be late. All instants are monotonic ms of one boot.
 */

/** `calls` tokens in any `periodMs`. */
export type BudgetTerms = { readonly calls: number; readonly periodMs: number };

export type TokenState = {
  /** One entry a token: the instant from which it is free; Infinity while its call is in flight. */
  readonly freeAt: readonly number[];
  /** No token is free before this, because the server said that the budget was spent; -Infinity when it did not. */
  readonly pausedUntil: number;
  /** Until then the server's execution times are not subtracted. */
  readonly distrustedUntil: number;
};

/** A call that was answered, as the client measured it. `executionMs` is the server's word, null when it gave none. */
export type AnsweredCall = {
  readonly sentMono: number;
  /** When the first byte of the answer was there: by then the call had certainly arrived. */
  readonly headersMono: number;
  /** When the last byte was there. */
  readonly answeredMono: number;
  readonly executionMs: number | null;
};

/** A call of an earlier process, as the journal tells it. `answered` is null when its process never learned how it ended. */
export type PastCall = {
  readonly sentAt: number;
  readonly sentMono: number;
  readonly boot: string;
  /** Its process's: when its token comes back was reckoned with it. */
  readonly periodMs: number;
  readonly answered: {
    readonly answeredAt: number;
    readonly tokenBackMono: number;
    readonly throttled: boolean;
  } | null;
};

/** The three clocks at the moment when a process begins. */
export type StartMoment = { readonly mono: number; readonly wall: number; readonly boot: string };

/** A share of the period: rounding and drift between two clocks. Costs half a percent of the calls. */
const MARGIN = 0.005;
/** How long after its socket closed a lost call may still arrive. Measured on a model with jitter; at most half a period. */
const LATE_ARRIVAL_MS = 5_000;
/** For how many periods a throttled account is read with one token less. */
const WITHDRAWN_PERIODS = 15;
/** For how many periods (a day of minutes) a throttle makes us disbelieve the server's execution times. */
export const DISTRUST_PERIODS = 1_440;
/** The longest `Retry-After` that is obeyed as it stands; a server that asks for more is asked again after this. */
const LONGEST_PAUSE_PERIODS = 60;
/** More than NTP slews away; less than a person or a restored machine steps. */
const WALL_JUMP_MS = 5_000;

type Period = Pick<BudgetTerms, 'periodMs'>;

const wholePeriod = ({ periodMs }: Period) => periodMs + periodMs * MARGIN;
const lateArrival = ({ periodMs }: Period) => Math.min(LATE_ARRIVAL_MS, periodMs / 2);

/**
 * When the token of an answered call comes back. The execution time is not believed when it exceeds the measured round
 * trip: to clamp it to the round trip instead takes the moment of sending for the arrival and breaks the budget.
 */
export function tokenBackAt(terms: BudgetTerms, call: AnsweredCall, trusted: boolean): number {
  const roundTripMs = call.answeredMono - call.sentMono;
  const { executionMs } = call;
  const believed = trusted && executionMs !== null && executionMs >= 0 && executionMs <= roundTripMs ? executionMs : 0;
  // Both are instants at which the call had already arrived; the earlier one binds less.
  const arrivedBy = Math.min(call.headersMono, call.answeredMono - believed);
  return arrivedBy + wholePeriod(terms);
}

/** When the token of a call without any answer comes back. @param closedMono - When its socket was closed. */
export function tokenBackAfterFailure(terms: Period, closedMono: number): number {
  return closedMono + lateArrival(terms) + wholePeriod(terms);
}

/** An answer that said that the budget is spent. `retryAfterMs`: what the server asked for; null when it asked for nothing. */
export type Throttling = { readonly answeredMono: number; readonly retryAfterMs: number | null };

function pauseEnd(terms: Period, throttling: Throttling): number {
  const asked = Math.min(throttling.retryAfterMs ?? 0, LONGEST_PAUSE_PERIODS * terms.periodMs);
  const pauseMs = Math.max(asked, terms.periodMs);
  return throttling.answeredMono + pauseMs + pauseMs * MARGIN;
}

/** The state of a process that has never called. */
export function allFree(terms: BudgetTerms): TokenState {
  return {
    freeAt: Array.from({ length: terms.calls }, () => -Infinity),
    pausedUntil: -Infinity,
    distrustedUntil: -Infinity,
  };
}

export function freeTokens(state: TokenState, now: number): number {
  return state.freeAt.filter((at) => at <= now).length;
}

export function tokensInUse(state: TokenState, now: number): number {
  return state.freeAt.length - freeTokens(state, now);
}

/** The next instant after `now` at which a token becomes free; Infinity while that depends on an answer. */
export function nextFreeAt(state: TokenState, now: number): number {
  return Math.min(...state.freeAt.filter((at) => at > now), Infinity);
}

export function isTrusted(state: TokenState, now: number): boolean {
  return now >= state.distrustedUntil;
}

/** @returns The state with one token more in flight; null when none is free. */
export function takeToken(state: TokenState, now: number): TokenState | null {
  const index = state.freeAt.findIndex((at) => at <= now);
  return index === -1 ? null : { ...state, freeAt: state.freeAt.with(index, Infinity) };
}

/** Lets one token in flight come back at `at`, or when a pause ends that was ordered meanwhile. -Infinity: it was not used. */
export function returnToken(state: TokenState, at: number): TokenState {
  const index = state.freeAt.indexOf(Infinity);
  return index === -1 ? state : { ...state, freeAt: state.freeAt.with(index, Math.max(at, state.pausedUntil)) };
}

/**
 * The server said that the budget is spent, so others use the account too. Every token is taken until the pause ends and
 * the token of the throttled call is withdrawn for 15 periods more: once a pause, however many calls in flight it hits,
 * and never the last token. The new `pausedUntil` is what the journal keeps as this call's `tokenBackMono`.
 */
export function throttle(state: TokenState, terms: BudgetTerms, throttling: Throttling): TokenState {
  const pausedUntil = Math.max(state.pausedUntil, pauseEnd(terms, throttling));
  const isNewPause = throttling.answeredMono >= state.pausedUntil;
  const withdrawn = state.freeAt.filter((at) => Number.isFinite(at) && at > pausedUntil).length;
  const withdraw = isNewPause && withdrawn + 1 < terms.calls;
  const own = withdraw ? pausedUntil + WITHDRAWN_PERIODS * terms.periodMs : pausedUntil;
  return {
    freeAt: returnToken(state, own).freeAt.map((at) => Math.max(at, pausedUntil)),
    pausedUntil,
    distrustedUntil: Math.max(state.distrustedUntil, pausedUntil + DISTRUST_PERIODS * terms.periodMs),
  };
}

/**
 * The calls of earlier processes on the clock of one that begins now. In the same boot the arithmetic goes on exactly. In
 * another boot, after a jump of the wall clock, or where a monotonic time cannot be, they count as failed at this moment; so
 * does every call that was never answered. Where the settings have changed, the longer of the two periods counts: the server
 * has its own, and may be with either. Written back to the journal, so that a start soon after need not wait again.
 *
 * @returns The calls in their order, the same object where nothing had to be changed.
 */
export function onThisClock(terms: BudgetTerms, history: readonly PastCall[], start: StartMoment): PastCall[] {
  const known = history.every((call) => call.boot !== start.boot || isComparable(longer(terms, call), call, start));
  return history.map((call) => {
    if (known && call.boot === start.boot && call.answered !== null) return lengthened(call, terms);
    const period = longer(terms, call);
    const throttled = call.answered?.throttled === true;
    const tokenBackMono = throttled
      ? pauseEnd(period, { answeredMono: start.mono, retryAfterMs: null })
      : tokenBackAfterFailure(period, start.mono);
    const answered = { answeredAt: call.answered?.answeredAt ?? start.wall, tokenBackMono, throttled };
    return { ...period, sentAt: start.wall, sentMono: start.mono, boot: start.boot, answered };
  });
}

function longer(terms: BudgetTerms, call: PastCall): Period {
  return { periodMs: Math.max(terms.periodMs, call.periodMs) };
}

/** As if it had been reckoned with our period, where that is the longer one. */
function lengthened(call: PastCall, { periodMs }: BudgetTerms): PastCall {
  if (call.answered === null || call.periodMs >= periodMs) return call;
  const more = wholePeriod({ periodMs }) + lateArrival({ periodMs }) - wholePeriod(call) - lateArrival(call);
  return { ...call, periodMs, answered: { ...call.answered, tokenBackMono: call.answered.tokenBackMono + more } };
}

/**
 * The tokens of a process that begins now.
 *
 * @param history - In any order: every unanswered call, the latest N by `tokenBackMono`, and the latest throttled one
 *   within 1,440 periods. Calls of more than that do no harm.
 */
export function tokensAtStart(terms: BudgetTerms, history: readonly PastCall[], start: StartMoment): TokenState {
  const ended = onThisClock(terms, history, start).flatMap(({ answered }) => (answered === null ? [] : [answered]));
  const latest = ended.map(({ tokenBackMono }) => tokenBackMono).sort((a, b) => b - a);
  const free = allFree(terms);
  const state = { ...free, freeAt: free.freeAt.map((at, index) => latest[index] ?? at) };
  const pauses = ended.filter(({ throttled }) => throttled).map(({ tokenBackMono }) => tokenBackMono);
  return pauses.length === 0 ? state : resumePause(state, terms, Math.max(...pauses));
}

/** What an earlier process learned from a throttle holds on: the pause, the withdrawn token, the distrust. */
function resumePause(state: TokenState, terms: BudgetTerms, pausedUntil: number): TokenState {
  const withdrawnUntil = terms.calls > 1 ? pausedUntil + WITHDRAWN_PERIODS * terms.periodMs : pausedUntil;
  const freeAt = state.freeAt
    .toSorted((a, b) => b - a)
    .map((at, index) => Math.max(at, index === 0 ? withdrawnUntil : pausedUntil));
  return { freeAt, pausedUntil, distrustedUntil: pausedUntil + DISTRUST_PERIODS * terms.periodMs };
}

/** Whether a call of this boot's name can really lie on this boot's clock. */
function isComparable(terms: Period, call: PastCall, start: StartMoment): boolean {
  const jumpMs = start.wall - start.mono - (call.sentAt - call.sentMono);
  const latestPossible = start.mono + (LONGEST_PAUSE_PERIODS + 1) * wholePeriod(terms);
  const back = call.answered?.tokenBackMono ?? call.sentMono;
  return (
    call.sentMono <= start.mono && Math.abs(jumpMs) <= WALL_JUMP_MS && Number.isFinite(back) && back <= latestPossible
  );
}
