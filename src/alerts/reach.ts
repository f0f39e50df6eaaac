import type { Clock } from '../time.ts';

export type ReachDeps = { readonly fetch: typeof fetch; readonly clock: Clock };

/**
 * How a request to somebody else's address ended. It says nothing of that address, which is a secret by itself: who knows
 * the address of a web hook may use it. So no foreign message is told, only what is one of a few known words.
 */
export type Reached =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly why: 'answered' | 'timeout' | 'network' | 'aborted';
      readonly status: number | null;
    };

/** A receiver of alerts answers within a second or two; one that does not holds up nobody but the next alert. */
const TIMEOUT_MS = 10_000;

/**
 * Makes one request and takes note of nothing but the status: 2xx is good. Redirects are not followed, what was meant for one
 * address goes to no other. Never throws.
 */
export async function reach(
  deps: ReachDeps,
  url: string,
  init: { readonly method: 'GET' } | { readonly method: 'POST'; readonly json: string },
  signal: AbortSignal,
): Promise<Reached> {
  const timer = new AbortController();
  const late = new AbortController();
  deps.clock.sleep(TIMEOUT_MS, timer.signal).then(
    () => late.abort(new Error('no answer in time')),
    () => undefined,
  );
  try {
    const response = await deps.fetch(url, {
      ...(init.method === 'GET'
        ? { method: 'GET' }
        : { method: 'POST', body: init.json, headers: { 'content-type': 'application/json' } }),
      redirect: 'manual',
      signal: AbortSignal.any([signal, late.signal]),
    });
    // Nothing in it is of interest, and it may be endless.
    await response.body?.cancel();
    return response.ok ? { ok: true } : { ok: false, why: 'answered', status: response.status };
  } catch {
    const why = signal.aborted ? 'aborted' : late.signal.aborted ? 'timeout' : 'network';
    return { ok: false, why, status: null };
  } finally {
    timer.abort();
  }
}
