import type { CallEnd, PageQuestion } from '../domain/call.ts';
import type { Refusal } from '../domain/codes.ts';
import { classifyAnswer, decidingCode } from '../domain/codes.ts';
import { SECOND_MS } from '../time.ts';
import type { HttpAnswer, HttpFailure, HttpFailureReason } from './http-call.ts';
import type { WireAnswer, WirePage } from './wire.ts';
import { readAnswer } from './wire.ts';

type Told = {
  readonly httpStatus: number | null;
  /** For the journal. */
  readonly code: CallEnd['code'];
  /** Not yet fit to be shown: foreign text. */
  readonly message: string | null;
  /** The server's own execution time, ms; null when it gave none that can be read. */
  readonly executionMs: number | null;
  /** `Date`, epoch ms; null where none came, or where what answered was not the API. */
  readonly serverDate: number | null;
};

type ConcludedPage<Page> = Told & { readonly kind: 'page'; readonly page: Page };

export type ConcludedFailure = Told & {
  readonly kind: 'failure';
  readonly refusal: Refusal;
  /** DataForSEO's own code, where it gave one. */
  readonly statusCode: number | null;
  readonly retryAfterMs: number | null;
  /** Of an answer that was well, but for its length. */
  readonly overlong?: boolean;
};

export type Conclusion<Page = WirePage> = ConcludedPage<Page> | ConcludedFailure;

/** DataForSEO's own word for success: it fails no call, so it never stands for a failure, whatever HTTP says. */
const FINE = 20_000;

const UNAVAILABLE: Refusal = { outcome: 'unavailable', tooLarge: false };

/** The reading of an answer: pure, so that every fault can be told apart without a server. */
export function concludeAnswer(answer: HttpAnswer, question: PageQuestion): Conclusion {
  return concludeReading(answer, readAnswer(answer.text, question));
}

export function concludeReading<Page>(answer: HttpAnswer, wire: WireAnswer<Page>): Conclusion<Page> {
  const { httpStatus, headers } = answer.begun;
  const verdict = classifyAnswer({ httpStatus, ...wire });
  const statusCode = decidingCode(wire);
  const date = parseHttpDate(headers.get('date'));
  const told = {
    httpStatus,
    message: wire.message,
    executionMs: wire.executionMs,
    // A proxy or a login page has a clock of its own.
    serverDate: statusCode === null ? null : date,
  };
  if (verdict.outcome === 'ok' && wire.page !== null)
    return { kind: 'page', ...told, code: statusCode, page: wire.page };
  return {
    kind: 'failure',
    ...told,
    ...(statusCode === null || statusCode === FINE
      ? { code: wire.problem ?? wordFor(httpStatus), message: wire.message ?? describeBody(wire, answer) }
      : { code: statusCode }),
    refusal: verdict.outcome === 'ok' ? UNAVAILABLE : verdict,
    statusCode,
    retryAfterMs: parseRetryAfter(headers.get('retry-after'), date),
  };
}

/** The reading of a call that brought no whole answer. Its head alone may already say what to do (401, 429). */
export function concludeFailure(failure: HttpFailure): ConcludedFailure {
  const { begun, why } = failure;
  const verdict = begun === null ? UNAVAILABLE : classifyAnswer({ ...NO_CODES, httpStatus: begun.httpStatus });
  const refusal = verdict.outcome === 'ok' ? UNAVAILABLE : verdict;
  const date = parseHttpDate(begun?.headers.get('date') ?? null);
  return {
    kind: 'failure',
    httpStatus: begun?.httpStatus ?? null,
    code: journalWord(why),
    message: describeError(failure.error),
    executionMs: null,
    serverDate: null,
    refusal: { ...refusal, tooLarge: refusal.tooLarge || why === 'timeout' || why === 'too_large' },
    statusCode: null,
    overlong: why === 'too_large' && begun?.httpStatus === 200,
    retryAfterMs: parseRetryAfter(begun?.headers.get('retry-after') ?? null, date),
  };
}

const NO_CODES = { envelopeCode: null, taskCode: null, message: null };

function journalWord(why: HttpFailureReason): CallEnd['code'] {
  return why === 'too_large' ? 'cut' : why;
}

/** Of an answer with which only its HTTP status is wrong. */
function wordFor(httpStatus: number): CallEnd['code'] {
  return httpStatus >= 200 && httpStatus <= 299 ? 'wrong_shape' : 'http_status';
}

function describeBody(wire: Pick<WireAnswer, 'problem'>, { begun, text }: HttpAnswer): string {
  const kind =
    wire.problem === 'not_json' ? 'the answer is not JSON' : 'the answer has another shape than was asked for';
  return `${kind} (${begun.headers.get('content-type') ?? 'no content type'}): ${text}`;
}

/** `fetch failed` says nothing; what is behind it does. */
function describeError(error: Error): string {
  const texts: string[] = [];
  for (let at: unknown = error; at instanceof Error && texts.length < 5; at = at.cause) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    texts.push(at.message === '' ? code : at.message);
  }
  return texts.filter((text) => text !== '').join(': ');
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

function parseHttpDate(text: string | null): number | null {
  const at = text !== null && HTTP_DATE.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(at) ? null : at;
}

/** Seconds, or a date on the server's own clock, which the answer's `Date` tells. */
function parseRetryAfter(text: string | null, date: number | null): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND_MS;
  const at = parseHttpDate(text);
  return at === null || date === null ? null : Math.max(at - date, 0);
}
