import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Option } from 'commander';
import { z } from 'zod';
import { wholeNumber } from '../config/fields.ts';
import { ConfigError } from '../domain/errors.ts';
import type { BackfillResult, Progress } from '../domain/progress.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { harvest, onTerminal } from './backfill.ts';
import type { CliCommand, CliDeps } from './command.ts';
import { EXIT } from './exit-code.ts';
import { count, counted, duration, instant } from './format.ts';
import { openFor } from './open.ts';
import { createProgressBar, createProgressLines, type ProgressSink } from './progress-bar.ts';
import { progressFacts } from './progress-line.ts';
import { settingsFor } from './simulate.ts';

/** Six times a minute's patience in all: 60,000 tasks take some 65 calls. */
const RATE = { calls: 10, periodMs: 1_000 } as const;
const API = 'backlinks';
const LINE_EVERY_MS = 2_000;

export const demo: CliCommand = {
  name: 'demo',
  usage: 'demo',
  summary: 'no account needed: simulate, backfill a throw-away ledger, then what to do next',
  details: `Starts the simulator on a free port, reads it into a ledger in a new temporary folder, and shows what proves that
nothing is missing. The simulator ends with the command; the ledger file stays for you to look at. Takes some ten seconds.`,
  examples: ['demo', 'demo --tasks 200000 --seed 7'],
  settings: 'none',
  options: [
    new Option('--tasks <n>', 'tasks of the simulated account').default('60000'),
    new Option('--seed <n>', 'the same seed tells the same story').default('1'),
  ],
  act: async ({ options }, deps) => {
    const { startSimulator } = await import('../simulator/simulator.ts');
    const flagged = readFlags(options);
    const folder = await mkdtemp(join(tmpdir(), 'dataforseo-ledger-demo-'));
    try {
      const simulator = await startSimulator({ ...flagged, apis: [API], rate: RATE, clock: deps.clock });
      return await show(simulator, folder, deps).finally(() => simulator.close());
    } catch (error) {
      // Its path is told at the end, so nobody knows of it.
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  },
};

const flags = z.object({ tasks: wholeNumber(0, 5_000_000), seed: wholeNumber(0, 2 ** 31) });

function readFlags(typed: Readonly<Record<string, unknown>>): z.output<typeof flags> {
  const parsed = flags.safeParse(typed);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map((issue) => `--${String(issue.path[0])}: ${issue.message}.`));
}

async function show(simulator: Simulator, folder: string, deps: CliDeps): Promise<number> {
  const path = join(folder, 'ledger.db');
  const say = (lines: readonly string[]) => deps.stdout.write(`${lines.join('\n')}\n`);
  say(introduction(simulator));
  const { app } = await openFor({ settings: {}, options: {}, operands: [] }, demoDeps(simulator, path, deps), {
    credentials: true,
    atLeast: 'warn',
  });
  const result = await harvest(sinkFor(deps), (onProgress) => app.backfill(onProgress, deps.signal));
  deps.signal.throwIfAborted();
  const proofs = proofsOf(simulator, app.status());
  say([
    ...harvested(result),
    '',
    'What proves it:',
    ...proofs.map(({ holds, text }) => `${holds ? 'yes' : 'NO '}  ${text}`),
  ]);
  say(nextSteps(path, deps.commandName));
  return result.complete && proofs.every(({ holds }) => holds) ? EXIT.done : EXIT.failed;
}

/** Settings of the person who types `demo` are none of its business, but for how much to log. */
function demoDeps(simulator: Simulator, path: string, deps: CliDeps): CliDeps {
  const env = { ...settingsFor(simulator, path), LOG_LEVEL: deps.env['LOG_LEVEL'] };
  return deps.stderr.isTTY === true ? onTerminal({ ...deps, env }) : { ...deps, env };
}

function sinkFor({ stderr, clock }: CliDeps): ProgressSink {
  if (stderr.isTTY === true) return createProgressBar(stderr);
  const write = (progress: Progress) => stderr.write(`${progressFacts(progress).join(', ')}\n`);
  return createProgressLines(write, { clock, everyMs: LINE_EVERY_MS });
}

function introduction({ url, options }: Simulator): string[] {
  return [
    `A simulated account at ${url} with ${counted(options.tasks, 'task')} of the last six months.`,
    `Its budget is ${RATE.calls} calls in ${duration(RATE.periodMs / 1000)}, to be quick; the real one is 10 in a minute.`,
    '',
  ];
}

function harvested(result: BackfillResult): string[] {
  const effort = `${counted(result.rows, 'row')} in ${counted(result.calls, 'call')}, ${duration(result.elapsedMs / 1000)}`;
  return [
    `Harvested ${counted(result.newTasks, 'task')} (${effort}).`,
    ...result.left.map((left) => `Not read: ${left}`),
  ];
}

type Proof = { readonly holds: boolean; readonly text: string };

/** The ledger's own word, the other side's count, and what the other side saw of the budget. */
function proofsOf(simulator: Simulator, snapshot: Snapshot): readonly Proof[] {
  const coverage = snapshot.coverage[API];
  const posted = sizeOf(simulator.tasks(API));
  const { total } = snapshot.tasks;
  const { maxInAnyPeriod, throttled } = simulator.stats();
  const stretch = `from ${instant(coverage?.since ?? null)} to ${instant(coverage?.until ?? null)} UTC`;
  const period = duration(RATE.periodMs / 1000);
  return [
    {
      holds: coverage?.complete === true && snapshot.doubts === 0,
      text: `every second ${stretch} is covered by a walk with its evidence; ${counted(snapshot.doubts, 'doubt')}`,
    },
    { holds: posted === total, text: `the server has ${counted(posted, 'task')}, the ledger has ${count(total)}` },
    {
      holds: maxInAnyPeriod <= RATE.calls,
      text: `the server saw at most ${maxInAnyPeriod} calls in any ${period}, ${RATE.calls} are allowed; it refused ${count(throttled)}`,
    },
  ];
}

function sizeOf(all: Iterable<unknown>): number {
  const iterator = all[Symbol.iterator]();
  let size = 0;
  while (iterator.next().done !== true) size += 1;
  return size;
}

function nextSteps(path: string, commandName: string): string[] {
  return [
    '',
    `The ledger stays in ${path}.`,
    'Open it with anything that reads SQLite:',
    `  ledger=${path}`,
    ...QUERIES.flatMap((query) => ['  sqlite3 -box $ledger "', ...query.map((line) => `    ${line}`)]),
    `To remove it: rm -r ${dirname(path)}`,
    '',
    'With your own account (the login and password of https://app.dataforseo.com/api-access):',
    '  export DATAFORSEO_LOGIN=… DATAFORSEO_PASSWORD=…',
    `  ${commandName} backfill`,
  ];
}

/** No line is wider than the narrowest terminal, and each query can be pasted as it is. */
const QUERIES = [
  [
    'select day, sum(tasks) as tasks, round(sum(cost), 2) as dollars',
    'from costs_by_day group by day order by day desc limit 7"',
  ],
  [
    "select ifnull(tag, '(no tag)') as tag, sum(tasks) as tasks,",
    '  round(sum(cost), 2) as dollars',
    "from costs_by_tag where metadata_state = 'held'",
    'group by 1 order by dollars desc limit 5"',
  ],
  [
    "select datetime(since, 'unixepoch') as since,",
    "  datetime(until, 'unixepoch') as until, grade, calls, rows",
    'from coverage order by 1 desc limit 5"',
  ],
];
