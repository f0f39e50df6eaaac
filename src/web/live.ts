import type { Snapshot } from '../domain/snapshot.ts';
import { ask, AskError, read } from './ask.ts';

/** What was heard of the daemon last; null: nothing yet. */
export type Heard =
  | { readonly kind: 'status'; readonly snapshot: Snapshot }
  /** It answers, but not of the ledger. */
  | { readonly kind: 'trouble'; readonly reason: string };

export type Connection = 'live' | 'polled' | 'none';

type Listener = {
  readonly heard: (heard: Heard, connection: Connection) => void;
  /** Nothing comes any more. @param last - What came before. */
  readonly silent: (last: Heard | null) => void;
};

/** An event comes every two seconds. A daemon that has stopped, or is cut off, says nothing: no error comes then. */
const SILENT_MS = 15_000;
const LOOK_MS = 5_000;
/** What is refused, by a proxy or because too many pages are open, browsers do not ask for again by themselves. */
const RETRY_MS = 2_000;
const POLL_MS = 10_000;
/** Behind a proxy that holds events back a stream is opened anew once a minute, and no more often. */
const REOPEN_MS = 60_000;

/** Hears of the daemon for as long as the page is open: by its events, or where there are none by asking now and then. */
export function listenLive({ heard, silent }: Listener): void {
  let last: Heard | null = null;
  let heardAt = performance.now();
  let isPolled = false;
  let asking: Promise<boolean> | null = null;
  let events: EventSource | null = null;
  let later = 0;
  let openedAt = 0;
  const hear = (what: Heard, connection: 'live' | 'polled') => {
    last = what;
    heardAt = performance.now();
    isPolled = connection === 'polled';
    heard(what, connection);
  };
  /** Only who does not answer this either is silent. */
  const askNow = async () => {
    const answer = await poll();
    asking = null;
    try {
      if (answer === null) silent(last);
      else hear(answer, 'polled');
    } catch (error) {
      // What fails to be shown, as of another version, must end neither the asking nor the listening.
      reportError(error);
    }
    return answer !== null;
  };
  const listenLater = (ms: number) => {
    clearTimeout(later);
    later = window.setTimeout(listen, ms);
  };
  const failed = async (source: EventSource) => {
    const isAnswered = await (asking ??= askNow());
    if (source === events && source.readyState === EventSource.CLOSED) listenLater(isAnswered ? POLL_MS : RETRY_MS);
  };
  const listen = () => {
    events?.close();
    openedAt = performance.now();
    const source = (events = new EventSource('/api/live'));
    source.addEventListener('status', (event: MessageEvent<string>) => {
      hear({ kind: 'status', snapshot: read<Snapshot>(event.data) }, 'live');
    });
    source.addEventListener('trouble', (event: MessageEvent<string>) => {
      hear({ kind: 'trouble', reason: read<{ readonly error: string }>(event.data).error }, 'live');
    });
    source.addEventListener('error', () => void failed(source));
  };
  const look = async () => {
    if (performance.now() - heardAt < (isPolled ? POLL_MS : SILENT_MS)) return;
    const isAnswered = await (asking ??= askNow());
    // A stream that was cut off on the way tells nobody so.
    if (!isAnswered || performance.now() - openedAt > REOPEN_MS) listenLater(RETRY_MS);
  };
  setInterval(() => void look(), LOOK_MS);
  listen();
}

/** Null where nobody answers in time; that the ledger cannot be read is an answer. */
async function poll(): Promise<Heard | null> {
  try {
    return { kind: 'status', snapshot: await ask<Snapshot>('/api/status', {}, AbortSignal.timeout(SILENT_MS)) };
  } catch (error) {
    return error instanceof AskError && error.isOurs ? { kind: 'trouble', reason: error.message } : null;
  }
}
