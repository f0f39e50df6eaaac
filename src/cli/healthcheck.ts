import { hostInUrl, reachable } from '../config/address.ts';
import { loadConfig } from '../config.ts';
import { ConfigError } from '../domain/errors.ts';
import type { CliCommand } from './command.ts';
import { EXIT } from './exit-code.ts';

/** A process that takes longer to say that it is well is not. */
const PATIENCE_MS = 5_000;

export const healthcheck: CliCommand = {
  name: 'healthcheck',
  usage: 'healthcheck',
  summary: 'for the container: exit 0 when `/healthz` answers',
  details: `Asks the daemon at LEDGER_HTTP_HOST and LEDGER_HTTP_PORT whether its loop turns, waits at most five seconds, and exits with 1
when it does not say so. Needs no token and no credentials.`,
  examples: ['healthcheck', 'healthcheck --http-port 9090'],
  settings: 'of_the_page',
  options: [],
  act: async ({ settings }, { env, fetch, stdout }) => {
    const { host, port } = loadConfig({ env, flags: settings }, { credentials: false }).http;
    if (port === 0) throw new ConfigError(['LEDGER_HTTP_PORT is 0, any free one, so nobody can tell where to ask.']);
    const url = `http://${hostInUrl(reachable(host))}:${port}/healthz`;
    stdout.write(`${await asked(fetch, url)}\n`);
    return EXIT.done;
  },
};

async function asked(fetchIt: typeof fetch, url: string): Promise<string> {
  const answer = await fetchIt(url, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'error' }).catch(
    (cause: unknown) => {
      throw new Error(`Nothing answers at ${url}`, { cause });
    },
  );
  const text = await answer.text();
  if (answer.status === 200) return `${url} answers: ${statusIn(text)}`;
  throw new Error(`${url} answers with ${answer.status}: ${statusIn(text)}`);
}

/** Another program may listen there. */
function statusIn(text: string): string {
  return /"status":"([^"]{1,200})"/.exec(text)?.[1] ?? 'nothing that this program says';
}
