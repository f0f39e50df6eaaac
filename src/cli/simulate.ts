import { hostInUrl } from '../config/address.ts';
import { formatDuration } from '../config/duration.ts';
import { SETTINGS } from '../config/settings.ts';
import type { Simulator } from '../simulator/simulator.ts';
import type { SimulatorStats } from '../simulator/stats.ts';
import type { CliCommand, CliDeps } from './command.ts';
import { EXIT } from './exit-code.ts';
import { count, counted, duration } from './format.ts';
import { quoted } from './hint.ts';
import { readSimulateFlags, simulateOptions } from './simulate-options.ts';

export const simulate: CliCommand = {
  name: 'simulate',
  usage: 'simulate',
  summary: 'serve a faithful model of the endpoint on loopback',
  details: `Listens on 127.0.0.1 until it is stopped (SIGTERM, Ctrl-C), and then says what it has seen. Strict where the
documentation is strict: budget, windows, limits, codes, credentials. Everything can be changed while it runs by POST to
/_simulator/options; GET /_simulator/stats tells what it has seen so far. It prints what to type in another terminal to read it and to look at
what was read.`,
  examples: [
    'simulate',
    'simulate --tasks 5000000 --rate-period 1s --arrivals bursty',
    `simulate --filter done --options '{"listing":{"ties":"reshuffled"},"faults":[{"fault":"http500","times":3}]}'`,
  ],
  settings: 'none',
  options: simulateOptions(),
  act: async ({ options }, deps) => {
    const simulator = await startAt(options, deps);
    try {
      deps.stdout.write(`${greeting(simulator, deps).join('\n')}\n`);
      await aborted(deps.signal);
    } finally {
      await simulator.close();
    }
    deps.stdout.write(`${seen(simulator.stats(), simulator.options.rate.periodMs).join('\n')}\n`);
    return EXIT.done;
  },
};

/** What to type to use a simulator; the ledger is one of its own, because a real one is bound to a real account. */
export function settingsFor(simulator: Simulator, databasePath: string): Record<string, string> {
  const { login, password, rate, apis } = simulator.options;
  return {
    DATAFORSEO_URL: simulator.url,
    DATAFORSEO_LOGIN: login,
    DATAFORSEO_PASSWORD: password,
    LEDGER_APIS: apis.join(','),
    LEDGER_DATABASE: databasePath,
    LEDGER_RATE_CALLS: String(rate.calls),
    LEDGER_RATE_PERIOD: formatDuration(rate.periodMs),
  };
}

async function startAt(options: Readonly<Record<string, unknown>>, { clock }: CliDeps): Promise<Simulator> {
  const read = readSimulateFlags(options);
  // No other command needs a server of HTTP by Node's own module, which loads much.
  const { startSimulator } = await import('../simulator/simulator.ts');
  try {
    return await startSimulator({ ...read, clock });
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) throw cause;
    throw new Error(`Port ${read.port} of 127.0.0.1 is taken; choose another one with --port, 0 for any free one.`, {
      cause,
    });
  }
}

function greeting(simulator: Simulator, { clock, commandName }: CliDeps): string[] {
  const { tasks, apis, rate, login, password } = simulator.options;
  const port = pagePortBeside(Number(new URL(simulator.url).port));
  const own = settingsFor(simulator, databaseFor(simulator, clock.now()));
  const settings = Object.entries({ ...own, LEDGER_HTTP_PORT: String(port) });
  return [
    `The simulator listens on ${simulator.url} (login ${login}, password ${password}).`,
    `It holds ${counted(tasks, 'task')} of ${apis.join(', ')} and lets ${rate.calls} calls in ${duration(rate.periodMs / 1000)} through.`,
    '',
    'In another terminal, in this folder, say where it is:',
    '',
    ...settings.map(([name, value]) => `  export ${name}=${quoted(value)}`),
    '',
    'and read it, once with backfill, or with run, which stays current and has a page:',
    '',
    `  ${commandName} backfill`,
    `  ${commandName} run`,
    '',
    `The page is at http://${hostInUrl(standard('http_host'))}:${port} while run goes on. In a third terminal, after the same export lines:`,
    '',
    `  ${commandName} status`,
    `  ${commandName} report costs --by month`,
    '',
    'Ctrl-C stops it.',
  ];
}

/** Where `run` has its page: the standard port, whatever the other shell had set, and the next one where the simulator has that itself. */
export function pagePortBeside(simulatorPort: number): number {
  const port = Number(standard('http_port'));
  return port === simulatorPort ? port + 1 : port;
}

function standard(key: string): string {
  return SETTINGS.find((setting) => setting.key === key)?.default ?? '';
}

/** Another one each time: the tasks of a simulator follow from its start, and a ledger holds one account. */
function databaseFor({ url, options }: Simulator, startedAt: number): string {
  const start = new Date(startedAt).toISOString().slice(5, 19).replace(/\D/g, '');
  return `data/simulated-${new URL(url).port}-${options.seed}-${options.tasks}-${start}.db`;
}

function seen(stats: SimulatorStats, periodMs: number): string[] {
  const codes = Object.entries(stats.perCode).map(([code, calls]) => `${code} × ${count(calls)}`);
  return [
    `${counted(stats.calls, 'call')}, ${count(stats.throttled)} of them refused by the budget; at most ${stats.maxInAnyPeriod} in any ${duration(periodMs / 1000)}.`,
    `Answers by code: ${codes.length === 0 ? 'none' : codes.join(', ')}.`,
  ];
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
