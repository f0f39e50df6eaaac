import type { BudgetTerms, PastCall } from '../domain/budget.ts';
import type { CallEnd, Journal, PageAnswer, PageQuestion } from '../domain/call.ts';
import { DataForSeoError } from '../domain/errors.ts';
import type { Clock } from '../time.ts';
import { abortReason } from './abort.ts';
import type { Conclusion } from './conclude.ts';
import { concludeAnswer, concludeFailure } from './conclude.ts';
import { failedCall } from './failed-call.ts';
import type { HttpAnswer, HttpFailure } from './http-call.ts';
import { callOnce } from './http-call.ts';
import { createLimiter } from './limiter.ts';
import { lingering } from './linger.ts';
import { tryAgain } from './retry.ts';
import type { Credentials } from './secrets.ts';
import { basicAuthorization, createQuote } from './secrets.ts';
import type { ServerClock } from './server-clock.ts';
import type { Token, Waiting } from './token-pool.ts';
import { writeQuestion } from './wire.ts';

export type ClientOptions = {
  /** `https://api.dataforseo.com`, without credentials in it. */
  readonly baseUrl: string;
  readonly credentials: Credentials;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly serverClock: ServerClock;
  readonly journal: Journal;
  /** The budget and what earlier processes have used of it, see `tokensAtStart`. */
  readonly budget: BudgetTerms & { readonly history: readonly PastCall[] };
  /** For one call, headers and body. */
  readonly timeoutMs: number;
  readonly userAgent: string;
  /** The longest answer that is taken, after decompression, bytes. Default 256 MB; what there is memory for: src/domain/answer-limit.ts. */
  readonly maxBodyBytes?: number;
  /** Hears of every call that has ended, for metrics and logs. Must not throw. */
  readonly onCall?: (call: FinishedCall) => void;
};

export type FinishedCall = {
  readonly callId: number;
  readonly question: PageQuestion;
  readonly end: CallEnd;
  readonly roundTripMs: number;
};

export type Client = {
  /**
   * Reads one page of a slice. Waits for a token, so one call may take minutes; pass a signal.
   *
   * @throws {DataForSeoError} `throttled` or `unavailable` once attempts are spent; everything else at once.
   * @throws `signal.reason` when aborted, a call that has left a few seconds later where it was a stop; whatever `journal.begin` throws, and then nothing was sent.
   */
  readonly readPage: (question: PageQuestion, signal: AbortSignal) => Promise<PageAnswer>;
  /** Tokens that are not free now. */
  readonly inUse: () => number;
  /** How many tokens whatever can wait leaves free for the tail is asked of this; none at first. */
  readonly keep: (kept: () => number) => void;
  /** Why nothing is sent although somebody wants to; null when nobody waits for a token. */
  readonly waiting: () => Waiting | null;
  /** Ends all calls, which the journal then has as aborted, and waits for them. May be called again. */
  readonly stop: () => Promise<void>;
};

const DEFAULT_MAX_BODY_BYTES = 256 * 1024 * 1024;

export function createClient(options: ClientOptions): Client {
  const { clock, budget } = options;
  const limiter = createLimiter({ clock, terms: budget, history: budget.history });
  const stopping = new AbortController();
  const call = createCaller(options);
  return {
    readPage: async (question, signal) => {
      const either = AbortSignal.any([signal, stopping.signal]);
      const attempt = () =>
        limiter.run(
          question.purpose,
          async (token) => {
            const patience = lingering(either, clock);
            return await call(question, token, patience.signal).finally(patience.release);
          },
          either,
        );
      return await tryAgain({ clock, periodMs: budget.periodMs }, attempt, either);
    },
    inUse: () => limiter.inUse(),
    keep: (kept) => limiter.keep(kept),
    waiting: () => limiter.waiting(),
    stop: async () => {
      stopping.abort(new Error('the client has stopped'));
      await limiter.stop();
    },
  };
}

type Caller = (question: PageQuestion, token: Token, signal: AbortSignal) => Promise<PageAnswer>;

/** One call, with its token in hand: in the journal before it leaves, over HTTP, judged, its token on the way back. */
function createCaller(options: ClientOptions): Caller {
  const { clock, journal, serverClock, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = options;
  const quote = createQuote(options.credentials);
  const toHttp = createHttpQuestions(options);

  const begin = (question: PageQuestion, token: Token) => {
    try {
      const { periodMs } = options.budget;
      const sent = { sentAt: clock.now(), sentMono: clock.monotonic(), boot: clock.boot, periodMs };
      return journal.begin({ ...question, ...sent, skewMs: serverClock.skewMs() });
    } catch (error) {
      token.unused();
      throw error;
    }
  };

  const endOf = (conclusion: Conclusion, tokenBackMono: number): CallEnd => ({
    answeredAt: clock.now(),
    tokenBackMono,
    httpStatus: conclusion.httpStatus,
    code: conclusion.code,
    message: conclusion.message === null ? null : quote(conclusion.message),
    rows: conclusion.kind === 'page' ? conclusion.page.rows.length : null,
    throttled: isThrottled(conclusion),
    skewMs: serverClock.skewMs(),
  });

  return async (question, token, signal) => {
    const callId = begin(question, token);
    const outcome = await callOnce({ ...options, maxBodyBytes }, toHttp(question), signal);
    const conclusion = outcome.kind === 'failed' ? concludeFailure(outcome) : concludeAnswer(outcome, question);
    const tokenBackMono = giveBack(token, outcome, conclusion);
    if (conclusion.serverDate !== null && outcome.begun !== null) {
      serverClock.observe(conclusion.serverDate, outcome.begun.headersMono);
    }
    const end = endOf(conclusion, tokenBackMono);
    const roundTripMs = endedMono(outcome) - outcome.sentMono;
    options.onCall?.({ callId, question, end, roundTripMs });
    if (conclusion.kind === 'page') return { callId, end, ...conclusion.page, serverDate: conclusion.serverDate };
    const failure =
      end.code === 'aborted'
        ? abortReason(signal)
        : failedCall({ name: `POST /v3/${question.api}/id_list`, conclusion, message: end.message, callId });
    throw writeDown(failure, () => journal.end(callId, end));
  };
}

/** When the token comes back that paid for this call (I2). */
function giveBack(token: Token, outcome: HttpAnswer | HttpFailure, conclusion: Conclusion): number {
  const answeredMono = endedMono(outcome);
  if (conclusion.kind === 'failure' && isThrottled(conclusion)) {
    return token.throttled({ answeredMono, retryAfterMs: conclusion.retryAfterMs });
  }
  if (outcome.begun === null) return token.failed(answeredMono);
  const { headersMono } = outcome.begun;
  return token.answered({ sentMono: outcome.sentMono, headersMono, answeredMono, executionMs: conclusion.executionMs });
}

function endedMono(outcome: HttpAnswer | HttpFailure): number {
  return outcome.kind === 'failed' ? outcome.closedMono : outcome.answeredMono;
}

function isThrottled(conclusion: Conclusion): boolean {
  return conclusion.kind === 'failure' && conclusion.refusal.outcome === 'throttled';
}

/** A ledger that cannot take the end of a failed call must not hide why the call failed: its error goes along as the cause. */
function writeDown(failure: Error, write: () => void): Error {
  try {
    write();
    return failure;
  } catch (cause) {
    if (!(failure instanceof DataForSeoError)) return failure;
    return new DataForSeoError(failure.code, failure.message, { ...failure.details, cause });
  }
}

function createHttpQuestions({ baseUrl, credentials, userAgent }: ClientOptions) {
  const base = baseUrl.replace(/\/+$/, '');
  const headers = {
    authorization: basicAuthorization(credentials),
    'content-type': 'application/json',
    accept: 'application/json',
    'user-agent': userAgent,
  };
  return (question: PageQuestion) => ({
    url: `${base}/v3/${encodeURIComponent(question.api)}/id_list`,
    headers,
    body: writeQuestion(question),
  });
}
