import { Option } from 'commander';
import { z } from 'zod';
import { duration, oneOf, wholeNumber } from '../config/fields.ts';
import { ConfigError } from '../domain/errors.ts';
import { OPTION_KEYS, patchOptions, SimulatorOptionsError, type SimulatorOptions } from '../simulator/options.ts';
import { DAY_MS, MINUTE_MS } from '../time.ts';

const MOST_TASKS = 50_000_000;
const COLUMNS = ['posted', 'done'] as const;
const ARRIVALS = ['uniform', 'bursty', 'heavy_tailed', 'crowded_minute', 'crowded_second', 'sparse'] as const;

/** The flags of `simulate`, as they are parsed. The rest of what the simulator can do goes through `--options`. */
const flags = z.object({
  port: wholeNumber(0, 65_535),
  tasks: wholeNumber(0, MOST_TASKS),
  seed: wholeNumber(0, 2 ** 31),
  arrivals: oneOf(ARRIVALS),
  tasksPerMinute: wholeNumber(0, 1_000_000),
  rateCalls: wholeNumber(1, 10_000),
  ratePeriod: duration(10, DAY_MS),
  latency: duration(0, 10 * MINUTE_MS),
  filter: oneOf(COLUMNS),
  sort: oneOf(COLUMNS),
  login: z.string().regex(/^[^:\p{Cc}]+$/u, 'it must be one line without a colon'),
  password: z.string().regex(/^\P{Cc}+$/u, 'it must be one line'),
  options: z.string().transform(parseGroup),
});

export function simulateOptions(): Option[] {
  return [
    new Option('--port <port>', 'on 127.0.0.1; 0: any free one').default('8088'),
    new Option('--tasks <n>', 'tasks at the start, spread over six months').default('60000'),
    new Option('--seed <n>', 'the same seed tells the same story').default('1'),
    new Option('--arrivals <shape>', `how they are spread: ${ARRIVALS.join(', ')}`).default('uniform'),
    new Option('--tasks-per-minute <n>', 'new tasks after the start').default('60'),
    new Option('--rate-calls <n>', 'the budget that the server enforces: calls in any period').default('10'),
    new Option('--rate-period <duration>', 'its period; a shorter one makes everything faster').default('60s'),
    new Option('--latency <duration>', 'mean time to answer').default('0ms'),
    new Option('--filter <column>', 'the column that a question filters by: posted or done').default('posted'),
    new Option('--sort <column>', 'the column that an answer is sorted by: posted or done').default('posted'),
    new Option('--login <text>', 'the only login that is let in').default('simulated'),
    new Option('--password <text>', 'its password; protects nothing').default('not-a-secret'),
    new Option(
      '--options <json>',
      `more of the simulator, such as '{"late":{"share":0.1}}'; the keys, with their own in GET /_simulator/options: ${OPTION_KEYS.join(', ')}`,
    ).default('{}'),
  ];
}

/** @throws {ConfigError} With all problems at once. */
export function readSimulateFlags(typed: Readonly<Record<string, unknown>>): SimulatorOptions {
  const parsed = flags.safeParse(typed);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map((issue) => sentence(issue, typed)));
  const { rateCalls, ratePeriod, latency, filter, sort, options, ...plain } = parsed.data;
  const rate = { calls: rateCalls, periodMs: ratePeriod };
  const patch = { ...plain, rate, latency: { meanMs: latency }, listing: { filter, sort } };
  try {
    return patchOptions(patchOptions(null, patch), options);
  } catch (error) {
    throw error instanceof SimulatorOptionsError ? new ConfigError(error.problems) : error;
  }
}

function sentence(issue: z.core.$ZodIssue, typed: Readonly<Record<string, unknown>>): string {
  const name = String(issue.path[0]);
  const flag = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const value = String(typed[name]);
  // JSON inside quotes of JSON cannot be read.
  const shown = value.includes('"') ? `'${value}'` : JSON.stringify(value);
  return `--${flag} is ${shown}; ${issue.message}.`;
}

function parseGroup(text: string, context: z.core.$RefinementCtx): object {
  try {
    const group: unknown = JSON.parse(text);
    if (typeof group === 'object' && group !== null && !Array.isArray(group)) return group;
  } catch {
    // Told below, as everything else that is no object.
  }
  context.issues.push({ code: 'custom', input: text, message: 'it must be a JSON object' });
  return z.NEVER;
}
