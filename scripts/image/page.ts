import { equal } from './expect.ts';
import type { Trial } from './trial.ts';

const PATHS = ['/', '/web/status.js', '/web/vendor/uplot.js', '/tasks', '/reports', '/api/status', '/metrics'];

/** What a browser loads asks for the token that the first start has made, and is there for who has it. */
export async function checkPage({ engine, ledger, httpUrl }: Trial, say: (what: string) => void): Promise<void> {
  const token = engine.run('exec', ledger, 'cat', '/data/http-token').trim();
  const status = async (path: string, headers: Record<string, string>) =>
    String((await fetch(`${httpUrl}${path}`, { headers })).status);
  equal(await status('/', {}), '401', 'the page without a token');
  for (const path of PATHS) equal(await status(path, { authorization: `Bearer ${token}` }), '200', path);
  say('shows its page to who has the token, and to nobody else');
}
