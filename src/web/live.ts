import type { Snapshot } from '../domain/snapshot.ts';
import { ask, read } from './ask.ts';

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

/** An event comes every two seconds. One that has stopped, or is cut off, says nothing: no error comes then. */
const SILENT_MS = 15_000;
const LOOK_MS = 5_000;
/** What is refused, by a proxy or because too many pages are open, browsers do not ask for again by themselves. */
const RETRY_MS = 2_000;
const POLL_MS = 10_000;

/** Hears of the daemon for as long as the page is open: by its events, or where there are none by asking now and then. */
export function listenLive({ heard, silent }: Listener): void {
  let last: Heard | null = null;
  let heardAt = performance.now();
  const hear = (what: Heard, connection: Connection) => {
    last = what;
    heardAt = performance.now();
    heard(what, connection);
  };
  const listen = () => {
    const events = new EventSource('/api/live');
    const watch = setInterval(() => {
      if (performance.now() - heardAt < SILENT_MS) return;
      silent(last);
      end();
      void goOn();
    }, LOOK_MS);
    const end = () => {
      clearInterval(watch);
      events.close();
    };
    events.addEventListener('status', (event: MessageEvent<string>) => {
      hear({ kind: 'status', snapshot: read<Snapshot>(event.data) }, 'live');
    });
    events.addEventListener('trouble', (event: MessageEvent<string>) => {
      hear({ kind: 'trouble', reason: read<{ readonly error: string }>(event.data).error }, 'live');
    });
    events.addEventListener('error', () => {
      silent(last);
      if (events.readyState !== EventSource.CLOSED) return;
      end();
      void goOn();
    });
  };
  const goOn = async () => {
    heardAt = performance.now();
    const answer = await poll();
    if (answer !== null) hear(answer, 'polled');
    setTimeout(listen, answer === null ? RETRY_MS : POLL_MS);
  };
  listen();
}

/** Null where nobody answers in time, or not of the ledger. */
async function poll(): Promise<Heard | null> {
  const asked = ask<Snapshot>('/api/status', {}, AbortSignal.timeout(SILENT_MS));
  return await asked.then(
    (snapshot) => ({ kind: 'status', snapshot }),
    // The page says already that nobody answers; why is of no use to who looks at it.
    () => null,
  );
}
