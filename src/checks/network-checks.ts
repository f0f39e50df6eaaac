import { once } from 'node:events';
import { createServer } from 'node:net';
import { hostInUrl, isLoopback, reachable } from '../config/address.ts';
import { fail, note, ok, warn, type Check, type Finding } from '../domain/diagnosis.ts';

export type Page = { readonly host: string; readonly port: number };

const PATIENCE_MS = 5_000;

/** Whether the page can be where the settings want it. @param about.isRunning - A daemon works on this ledger, so the port may be its own. */
export async function checkPage(
  { host, port }: Page,
  { isRunning, fetch }: { readonly isRunning: boolean; readonly fetch: typeof globalThis.fetch },
): Promise<Finding> {
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
  const isLedgerThere = await isLedgers(fetch, `http://${hostInUrl(reachable(host))}:${port}/healthz`);
  if (isLedgerThere && isRunning) return ok('page', `The daemon of this ledger runs and answers at ${place}.`);
  if (isLedgerThere)
    return warn(
      'page',
      `The daemon of another ledger answers at ${place}.`,
      'Where that is the one you mean, name its ledger by LEDGER_DATABASE; else set LEDGER_HTTP_PORT to another one (0: any free one).',
    );
  return warn(
    'page',
    `Another program listens at ${place}${isRunning ? ', so the page of the daemon is not there' : ''}.`,
    'End it, or set LEDGER_HTTP_PORT to another one (0: any free one).',
  );
}

/** Whether a health check is answered as the daemon does, well or not. */
async function isLedgers(fetchIt: typeof fetch, url: string): Promise<boolean> {
  try {
    const answer = await fetchIt(url, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'error' });
    return (await answer.text()).includes('"status":"');
  } catch {
    return false; // It speaks no HTTP, or says nothing.
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
