import { SECOND_MS } from '../time.ts';
import type { Timeline } from './arrivals.ts';
import type { SimulatorOptions } from './options.ts';
import { chance, hash32, hashText, mix32, pick } from './random.ts';

/** What each draw is for. */
const SALT = {
  slow: 10,
  delay: 11,
  late: 12,
  outcome: 13,
  code: 14,
  cost: 15,
  noise: 16,
  refund: 17,
  early: 18,
  id: 19,
  endpoint: 20,
};

/** `datetime_done` lies at most this much before `datetime_posted` (seen in the vendor's sample). */
export const EARLY_MS = SECOND_MS;
const QUICK_MS = 3 * SECOND_MS;

/** The codes with which a simulated task fails. */
const FAILURES = [40501, 40103, 50000, 50401] as const;

const ENDPOINTS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  backlinks: [
    'summary/live',
    'backlinks/live',
    'anchors/live',
    'referring_domains/live',
    'history/live',
    'bulk_ranks/live',
  ],
  serp: ['google/organic/live/advanced', 'google/organic/task_post', 'bing/organic/task_post'],
};
const OTHER_ENDPOINTS = ['google/live', 'google/task_post'] as const;

/** The pure facts of one API's tasks. All instants epoch ms, whole seconds; `index` counts from the oldest. */
export type TaskModel = Timeline & {
  readonly api: string;
  readonly seed: number;
  /** When it finishes; −1 s … `maxDoneDelayMs` from posted. */
  readonly doneAt: (index: number) => number;
  /** When it is listed for the first time; never before posted. */
  readonly listedAt: (index: number) => number;
  readonly maxDoneDelayMs: number;
  readonly maxListDelayMs: number;
  readonly id: (index: number) => string;
  /** `backlinks/summary/live` */
  readonly endpoint: (index: number) => string;
  /** How it ends: 20000, 40102, 40106 or an error. */
  readonly code: (index: number) => number;
  /** What it costs once finished, before any refund. `dollars` has the binary noise of the real service. */
  readonly cost: (index: number) => { readonly micros: number; readonly dollars: number };
  /** When its cost becomes 0; null: never. */
  readonly refundedAt: (index: number) => number | null;
};

export function createTaskModel(api: string, options: SimulatorOptions, seed: number, timeline: Timeline): TaskModel {
  const draw = (index: number, salt: number) => chance(seed, index, salt);
  const { late, finishing, outcomes } = options;
  const doneAt = (index: number) => timeline.postedAt(index) + doneDelay(options, (salt) => draw(index, salt));
  const code = (index: number) => outcomeOf(outcomes, draw(index, SALT.outcome), draw(index, SALT.code));
  return {
    ...timeline,
    api,
    seed,
    doneAt,
    listedAt: (index) =>
      timeline.postedAt(index) +
      (draw(index, SALT.late) < late.share ? lateness(late.maxMs, draw(index, SALT.late) / late.share) : 0),
    maxDoneDelayMs: Math.max(QUICK_MS, finishing.share > 0 ? finishing.maxMs + SECOND_MS : 0),
    maxListDelayMs: late.share > 0 ? late.maxMs + SECOND_MS : 0,
    id: (index) => taskId(api, seed, index, timeline.postedAt(index)),
    endpoint: (index) => `${api}/${pick(ENDPOINTS[api] ?? OTHER_ENDPOINTS, draw(index, SALT.endpoint))}`,
    code,
    cost: (index) => costOf(code(index), draw(index, SALT.cost), draw(index, SALT.noise)),
    refundedAt: (index) =>
      draw(index, SALT.refund) < outcomes.refundShare ? doneAt(index) + outcomes.refundAfterMs : null,
  };
}

/** The seed of one API's tasks, so that two APIs share nothing but the option. */
export function seedOf(options: SimulatorOptions, api: string): number {
  return mix32(hashText(api) ^ options.seed);
}

function doneDelay({ finishing, outcomes }: SimulatorOptions, draw: (salt: number) => number): number {
  if (draw(SALT.slow) < finishing.share)
    return wholeSecond(finishing.minMs + draw(SALT.delay) * (finishing.maxMs - finishing.minMs));
  if (draw(SALT.early) < outcomes.doneBeforePostedShare) return -EARLY_MS;
  return wholeSecond(draw(SALT.delay) * QUICK_MS);
}

/** At least a second, else it would not be late. */
function lateness(maxMs: number, draw: number): number {
  return Math.max(SECOND_MS, wholeSecond(draw * (maxMs + SECOND_MS)));
}

function outcomeOf(outcomes: SimulatorOptions['outcomes'], draw: number, which: number): number {
  const { failedShare, emptyShare, partialShare } = outcomes;
  if (draw < failedShare) return pick(FAILURES, which);
  if (draw < failedShare + emptyShare) return 40102;
  return draw < failedShare + emptyShare + partialShare ? 40106 : 20000;
}

/** 0.02 dollars and 0.00003 a row; about a third of the numbers are one binary digit off, like 0.020000000000000004. */
function costOf(code: number, draw: number, noise: number): { micros: number; dollars: number } {
  const charged = code === 20000 || code === 40102 || code === 40106;
  if (!charged) return { micros: 0, dollars: 0 };
  const micros = 20_000 + 30 * (code === 40102 ? 0 : Math.floor(draw * 1_000));
  const dollars = micros / 1_000_000;
  return { micros, dollars: noise < 1 / 3 ? dollars * (1 + Number.EPSILON) : dollars };
}

/**
 * 36 characters in the vendor's style: `MMDDHHMM` of a local time (here two hours ahead) without a year, the account, the
 * function, and twelve digits that are unique by index within an API and nearly surely between APIs.
 */
function taskId(api: string, seed: number, index: number, postedAt: number): string {
  const local = new Date(postedAt + 7_200_000).toISOString();
  const stamp = local.slice(5, 16).replace(/[-T:]/g, '');
  const kind = (hashText(api) % 10_000).toString().padStart(4, '0');
  const tail = hash32(seed, index >>> 16, SALT.id)
    .toString(16)
    .padStart(8, '0')
    .slice(0, 4);
  return `${stamp}-1535-${kind}-0000-${tail}${mix32(index ^ seed)
    .toString(16)
    .padStart(8, '0')}`;
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / SECOND_MS) * SECOND_MS;
}
