import type { Clock } from '../time.ts';
import { abortReason } from './abort.ts';

/** What is asked over HTTP: a POST of JSON, or a GET where there is no body. */
export type HttpQuestion = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

/** The head of an answer. All instants are monotonic. */
type AnswerBegin = {
  readonly httpStatus: number;
  readonly headers: Headers;
  readonly headersMono: number;
};

export type HttpAnswer = {
  readonly kind: 'answered';
  readonly sentMono: number;
  readonly begun: AnswerBegin;
  readonly answeredMono: number;
  readonly text: string;
};

/** `cut`: the body ended before its end. `too_large`: it was longer than we take, and we cut it. */
export type HttpFailureReason = 'network' | 'timeout' | 'aborted' | 'cut' | 'too_large';

export type HttpFailure = {
  readonly kind: 'failed';
  readonly why: HttpFailureReason;
  readonly sentMono: number;
  readonly closedMono: number;
  /** What had come of the answer; null when it had not begun. */
  readonly begun: AnswerBegin | null;
  /** What went wrong, from whoever noticed; not yet fit to be shown. */
  readonly error: Error;
};

export type HttpCallOptions = {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** For the whole call, headers and body. */
  readonly timeoutMs: number;
  /** The most bytes that are taken, after decompression. */
  readonly maxBodyBytes: number;
};

class TooLarge extends Error {}

/**
 * Asks once over HTTP and reads the whole answer. Never throws: what went wrong is an answer too, with its time. Redirects
 * are not followed, so that the credentials go nowhere else; their body is not read.
 */
export async function callOnce(
  options: HttpCallOptions,
  question: HttpQuestion,
  signal: AbortSignal,
): Promise<HttpAnswer | HttpFailure> {
  const { clock } = options;
  const deadline = createDeadline(options, signal);
  const sentMono = clock.monotonic();
  let begun: AnswerBegin | null = null;
  try {
    const response = await options.fetch(question.url, {
      method: question.body === null ? 'GET' : 'POST',
      headers: question.headers,
      body: question.body,
      redirect: 'manual',
      signal: deadline.signal,
    });
    begun = { httpStatus: response.status, headers: response.headers, headersMono: clock.monotonic() };
    const text = await readBody(response, options.maxBodyBytes);
    return { kind: 'answered', sentMono, begun, answeredMono: clock.monotonic(), text };
  } catch (error) {
    const why = deadline.ended() ?? (error instanceof TooLarge ? 'too_large' : begun === null ? 'network' : 'cut');
    const failure = error instanceof Error ? error : new Error(String(error));
    return { kind: 'failed', why, sentMono, closedMono: clock.monotonic(), begun, error: failure };
  } finally {
    deadline.clear();
  }
}

/** One for all calls: an error of its own, with its stack, for each would be made for nobody. */
const IN_TIME = new Error('the call has ended in time');

/** Our own timer, not `AbortSignal.timeout`, which no clock of ours drives and which a body that trickles in outlives. */
function createDeadline({ clock, timeoutMs }: HttpCallOptions, signal: AbortSignal) {
  const call = new AbortController();
  const timer = new AbortController();
  let ended: 'timeout' | 'aborted' | null = null;
  const end = (why: 'timeout' | 'aborted', reason: Error) => {
    ended ??= why;
    call.abort(reason);
  };
  const onAbort = () => end('aborted', abortReason(signal));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  clock.sleep(timeoutMs, timer.signal).then(
    () => end('timeout', new Error(`no complete answer within ${timeoutMs} ms`)),
    () => undefined,
  );
  return {
    signal: call.signal,
    ended: () => ended,
    clear: () => {
      signal.removeEventListener('abort', onAbort);
      timer.abort(IN_TIME);
    },
  };
}

/** Counted while it comes in: a small answer may unpack to gigabytes. */
async function readBody(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return '';
  if (response.status >= 300 && response.status <= 399) {
    await response.body.cancel();
    return '';
  }
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of response.body) {
    const part: unknown = chunk;
    if (!(part instanceof Uint8Array)) continue;
    bytes += part.byteLength;
    // Leaving the loop by an error cancels the body and closes its socket.
    if (bytes > maxBytes) throw new TooLarge(`an answer of more than ${maxBytes} bytes`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}
