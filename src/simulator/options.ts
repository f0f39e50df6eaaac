import { z } from 'zod';
import { faultRule } from './faults.ts';
import { answers, listing, metadata, outcomes, refusals, rows } from './options-of-answers.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;
const share = z.number().min(0).max(1);

/** The eleven APIs that have an `id_list` (docs/endpoint.md). */
export const APIS = [
  'serp',
  'keywords_data',
  'dataforseo_labs',
  'backlinks',
  'on_page',
  'domain_analytics',
  'content_analysis',
  'merchant',
  'app_data',
  'business_data',
  'ai_optimization',
] as const;

/** How many calls, and how a call too many is told. Counted by arrival. */
const rate = z.strictObject({
  /** Calls a period. */
  calls: z.int().min(1).default(10),
  /** ms. Tests make it short; there is no way to switch the budget off. */
  periodMs: z.int().min(1).max(LONGEST_TIMER_MS).default(60_000),
  /** `sliding`: any period. `clock`: the clock's own minute, so two full budgets may follow each other at once. */
  window: z.enum(['sliding', 'clock']).default('sliding'),
  /** True: a refused call uses the budget too, so a caller that keeps knocking stays outside. */
  strict: z.boolean().default(false),
  /** One budget for the account, or one for each API. */
  scope: z.enum(['account', 'api']).default('account'),
  /** `envelope40202` and `task40202` come with HTTP 200; `http429` with Retry-After. */
  answer: z.enum(['envelope40202', 'task40202', 'http429']).default('envelope40202'),
});

/** How far back the list answers. Both edges move with the clock. */
const windows = z.strictObject({
  /** Six calendar months, or that many days (180 … 184 are plausible). */
  ids: z.union([z.literal('calendar'), z.number().min(0)]).default('calendar'),
  /** With `include_metadata`: a calendar month, or that many days (28 … 31 are plausible). */
  metadata: z.union([z.literal('calendar'), z.number().min(0)]).default('calendar'),
  /** Seconds by which the server is stricter (positive) or laxer (negative) than that. */
  strictnessSeconds: z.number().default(0),
});

const latency = z.strictObject({
  /** Mean time to answer, ms; exponential. 0: at once. */
  meanMs: z.number().min(0).max(LONGEST_TIMER_MS).default(0),
  /** This share of the calls takes `tailMs` instead. */
  tailShare: share.default(0),
  tailMs: z.number().min(0).max(LONGEST_TIMER_MS).default(60_000),
  /** A call travels up to this long before it counts as arrived, and its answer up to this long back, ms; evenly spread. */
  transitMs: z.number().min(0).max(LONGEST_TIMER_MS).default(0),
});

const late = z.strictObject({
  /** Share of tasks that are not listed as soon as they are posted. */
  share: share.default(0),
  /** They become listed up to this much later, ms. */
  maxMs: z.int().min(0).default(60_000),
});

const finishing = z.strictObject({
  /** Share of tasks that are unfinished for a while; the others finish within three seconds. */
  share: share.default(0.02),
  /** They take between these, ms. Listing by completion costs work in proportion to `maxMs` × density. */
  minMs: z.int().min(0).default(30_000),
  maxMs: z
    .int()
    .min(0)
    .max(400 * 86_400_000)
    .default(1_200_000),
});

/**
 * Everything that can be said about the simulated service, checked strictly: an unknown key or a value out of range is refused.
 * Shares are 0 … 1, durations ms, instants epoch ms.
 */
const simulatorOptions = z.strictObject({
  /** TCP port on 127.0.0.1; 0: any free one. Only read at the start. */
  port: z.int().min(0).max(65_535).default(0),
  /** Any integer; the same seed tells the same story. */
  seed: z.int().default(1),
  /** Which APIs have tasks, each its own; the other known ones answer with an empty list. */
  apis: z.array(z.enum(APIS)).min(1).default(['backlinks']),
  /** Tasks per API at the start, 0 … 50 million. */
  tasks: z.int().min(0).max(50_000_000).default(10_000),
  /** How far back they reach. 180 days is just inside six calendar months, so all of them can be read. */
  spanDays: z.number().positive().max(3_650).default(180),
  /** The newest of them was posted at most this long before the start, ms. */
  newestAgoMs: z.int().min(0).default(60_000),
  /**
   * `uniform` · `bursty`: nine tenths of a day within half an hour · `heavy_tailed`: some hours have a thousand times the tasks
   * of others · `crowded_minute`, `crowded_second`: `crowdTasks` of them at one moment · `sparse`: five islands in silence.
   */
  arrivals: z
    .enum(['uniform', 'bursty', 'heavy_tailed', 'crowded_minute', 'crowded_second', 'sparse'])
    .default('uniform'),
  /** Tasks in the crowded minute or second; at most `tasks`. */
  crowdTasks: z.int().min(1).default(5_000),
  /** Where in the span it lies, 0 (oldest) … 1. */
  crowdAt: share.default(0.5),
  /** New tasks per API after the start, a minute. */
  tasksPerMinute: z.number().min(0).max(1_000_000).default(0),
  /** The moment of the start by the simulated clock; null: now. Give it to a second simulator and it has the same tasks. */
  startedAt: z.number().nullable().default(null),
  /** HTTP Basic, compared as the base64 of UTF-8. The password is no common word: it is scrubbed from all that is printed. */
  login: z.string().min(1).default('login'),
  password: z.string().min(1).default('not-a-secret'),
  /** The simulated service's clock minus the given one, ms. */
  skewMs: z.number().default(0),
  rate: rate.prefault({}),
  windows: windows.prefault({}),
  listing: listing.prefault({}),
  late: late.prefault({}),
  finishing: finishing.prefault({}),
  outcomes: outcomes.prefault({}),
  rows: rows.prefault({}),
  metadata: metadata.prefault({}),
  answers: answers.prefault({}),
  latency: latency.prefault({}),
  refusals: refusals.prefault({}),
  /** What goes wrong on demand; the first rule that matches a call wins. Setting them starts their counts anew. */
  faults: z.array(faultRule).default([]),
});

/** The names of the options, groups by that of the group. */
export const OPTION_KEYS: readonly string[] = Object.keys(simulatorOptions.shape);

export type SimulatorOptions = z.output<typeof simulatorOptions>;
/** Any part of the options; groups are merged key by key, lists are replaced. */
export type SimulatorPatch = z.input<typeof simulatorOptions>;
export type RateOptions = SimulatorOptions['rate'];

/** Options that make no sense. Every problem is listed, each a sentence that names the option. */
export class SimulatorOptionsError extends Error {
  override readonly name = 'SimulatorOptionsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * The options after a change. Nothing is changed when anything in the patch is wrong.
 *
 * @throws {SimulatorOptionsError}
 */
export function patchOptions(current: SimulatorOptions | null, patch: unknown): SimulatorOptions {
  const parsed = simulatorOptions.safeParse(current === null ? patch : merge(current, patch));
  if (!parsed.success) throw new SimulatorOptionsError(parsed.error.issues.map(sentence));
  const problems = contradictions(parsed.data);
  if (problems.length > 0) throw new SimulatorOptionsError(problems);
  return parsed.data;
}

function sentence(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): string {
  const name = issue.path.map(String).join('.');
  return `The simulator's ${name === '' ? 'options are' : `option ${name} is`} not usable: ${issue.message}.`;
}

function contradictions(options: SimulatorOptions): string[] {
  const { finishing, outcomes } = options;
  const problems: string[] = [];
  if (finishing.minMs > finishing.maxMs)
    problems.push(`The simulator's option finishing.minMs is more than finishing.maxMs.`);
  if (outcomes.failedShare + outcomes.emptyShare + outcomes.partialShare > 1)
    problems.push(`The shares of failed, empty and partial tasks in the simulator's option outcomes add up to over 1.`);
  return problems;
}

function merge(current: unknown, patch: unknown): unknown {
  if (!isGroup(current) || !isGroup(patch)) return patch;
  const merged: Record<string, unknown> = { ...current };
  for (const [key, value] of Object.entries(patch)) {
    if (value !== undefined) merged[key] = merge(current[key], value);
  }
  return merged;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
