import { once } from 'node:events';
import { createServer } from 'node:net';
import { hostInUrl, isLoopback, reachable } from '../config/address.ts';
import { fail, note, ok, warn, type Check, type Finding } from '../domain/diagnosis.ts';

export type Page = { readonly host: string; readonly port: number };

const PATIENCE_MS = 5_000;

type About = {
  /** A process works on this ledger, so the port may be its own. */
  readonly isRunning: boolean;
  /** Its id; null where it has none that means something here. */
  readonly pid: number | null;
  readonly fetch: typeof globalThis.fetch;
};

/** Whether the page can be where the settings want it. */
export async function checkPage({ host, port }: Page, about: About): Promise<Finding> {
  const { isRunning, fetch } = about;
  const place = `${host}, port ${port}`;
  if (port === 0) return ok('page', `${host}, any free port; the log of the daemon tells it.`);
  const failure = await tryToListen(host, port);
  if (failure === null)
    return ok('page', isRunning ? `${place} is free, so the daemon serves elsewhere.` : `${place} is free.`);
  if (failure !== 'EADDRINUSE')
    return fail(
      'page',
      `Nobody can listen at ${place} (${failure}).`,
      'Set LEDGER_HTTP_HOST to an address of this machine, and LEDGER_HTTP_PORT above 1023.',
    );
  const daemon = await daemonAt(fetch, `http://${hostInUrl(reachable(host))}:${port}/healthz`);
  if (daemon !== null) return ofDaemon(place, daemon, about);
  return warn(
    'page',
    `Another program listens at ${place}${isRunning ? ', so the page of the daemon is not there' : ''}.`,
    'End it, or set LEDGER_HTTP_PORT to another one (0: any free one).',
  );
}

/** What a daemon says of itself; an older one tells no id. */
type Daemon = { readonly pid: number | null };

/** That the ledger is held does not say that its holder is who answers: only their ids do. */
function ofDaemon(place: string, daemon: Daemon, { isRunning, pid }: About): Finding {
  const isComparable = daemon.pid !== null && pid !== null;
  if (isRunning && !isComparable)
    return ok('page', `A daemon answers at ${place}; whether it is that of this ledger cannot be told from here.`);
  if (isRunning && daemon.pid === pid) return ok('page', `The daemon of this ledger runs and answers at ${place}.`);
  return warn(
    'page',
    `The daemon of another ledger answers at ${place}.`,
    'Where that is the one you mean, name its ledger by LEDGER_DATABASE; else set LEDGER_HTTP_PORT to another one (0: any free one).',
  );
}

/** Null where a health check is not answered as a daemon does, well or not. */
async function daemonAt(fetchIt: typeof fetch, url: string): Promise<Daemon | null> {
  try {
    const answer = await fetchIt(url, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'error' });
    const text = await answer.text();
    const pid = /"pid":(\d{1,10})\b/.exec(text)?.[1];
    return text.includes('"status":"') ? { pid: pid === undefined ? null : Number(pid) } : null;
  } catch {
    return null; // It speaks no HTTP, or says nothing.
  }
}

/** @returns The code of the failure; null where it works. Free again at once. */
async function tryToListen(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  } finally {
    server.close();
  }
}

/** An address that somebody is told at. It is a secret, so nothing of it is shown. @param receiver.without - What it means that there is none. */
export function checkReceiver(
  check: Check,
  url: string | null,
  { setting, without }: { readonly setting: string; readonly without: string },
): Finding {
  if (url === null) return note(check, `${without}: ${setting} is not set.`);
  const { protocol } = new URL(url);
  if (protocol === 'https:' || isLoopback(new URL(url)))
    return ok(check, `${setting} is set and well-formed; nothing was sent.`);
  return warn(
    check,
    `${setting} begins with http://: who sees the traffic learns the address, and may use it.`,
    'Use https://.',
  );
}
