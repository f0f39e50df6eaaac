import { z } from 'zod';
import { chance } from './random.ts';

/** What can go wrong on demand. Those after `hang` are answers to a good call that are then spoilt. */
const FAULT_NAMES = [
  'http500', // HTTP 500 with an envelope 50000
  'http502', // HTTP 502 with a proxy's page
  'http503', // HTTP 503 with a proxy's page
  'http429', // HTTP 429; `retryAfterSeconds` becomes its header
  'http402', // HTTP 402 with an envelope 40200
  'reset', // the socket is destroyed before any answer
  'html', // HTTP 200 with a page instead of JSON
  'envelope50000',
  'envelope40202',
  'task50401',
  'task40202',
  'hang', // never answered, until the simulator closes
  'slow', // answered well, after `ms`
  'cut', // the socket is destroyed in the middle of the body
  'truncated', // the body ends early, and the connection says that this was all
  'huge', // a good answer, made larger by `bytes`
  'wrong_shape', // valid JSON, `result` is not a list of rows
  'empty_ok', // 20000 and no rows, though there are some
  'lie_result_count', // `result_count` is one more than the rows
  'drop_row', // a row in the middle is missing, the count agrees
  'repeat_row', // a row in the middle is there twice, the count agrees
  'wrong_echo', // the echoed `data` is of another question
] as const;

const faultName = z.enum(FAULT_NAMES);
const faultCode = z
  .templateLiteral(['code:', z.int()])
  .refine((name) => /^code:[1-6]\d{4}$/.test(name), 'a code has five digits');

const when = z.strictObject({
  api: z.string().optional(),
  /** The n-th call since the rules were set, from 1. Only calls that the budget let through count. */
  call: z.int().min(1).optional(),
  /** Every n-th call. */
  every: z.int().min(1).optional(),
  /** Only pages that begin at this offset or beyond. */
  offsetFrom: z.int().min(0).optional(),
  /** Only requests whose [datetime_from, datetime_to] contains this instant, epoch ms. */
  covers: z.number().optional(),
  /** Only requests for more rows than this: a page that is too large. */
  limitAbove: z.int().min(0).optional(),
  /** Only requests with (or without) `include_metadata`. */
  metadata: z.boolean().optional(),
  /** A seeded share of the calls, 0 … 1. */
  share: z.number().min(0).max(1).optional(),
});

/** Which calls, how often, what: all conditions of `when` must hold; the first rule that matches wins. */
export const faultRule = z.strictObject({
  when: when.default({}),
  /** How many calls it may hit; null: no end. */
  times: z.int().min(1).nullable().default(null),
  /** A name, or `code:40501`: that DataForSEO code with `message`. */
  fault: z.union([faultName, faultCode]),
  /** Where a `code:…` stands. */
  level: z.enum(['task', 'envelope']).default('task'),
  message: z.string().optional(),
  /** For `slow`, 0 … 2³¹−1 ms. */
  ms: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1_000),
  /** For `huge`. */
  bytes: z.int().min(1).max(2_000_000_000).default(64_000_000),
  /** For `http429`; null sends no header. */
  retryAfterSeconds: z.int().min(0).nullable().default(null),
});

export type FaultRule = z.output<typeof faultRule>;

/** What a rule may look at. The request's part is null where it could not be read. */
type FaultedCall = {
  readonly api: string;
  readonly request: {
    readonly fromAt: number;
    readonly toAt: number;
    readonly offset: number;
    readonly limit: number;
    readonly metadata: boolean;
  } | null;
};

export type FaultBook = { readonly match: (call: FaultedCall) => FaultRule | null };

const SHARE_SALT = 900;

/** Counts calls and hits for one list of rules; set the rules again and it counts from the beginning. */
export function createFaultBook(rules: readonly FaultRule[], seed: number): FaultBook {
  const hits = rules.map(() => 0);
  let calls = 0;
  return {
    match: (call) => {
      calls += 1;
      const at = rules.findIndex(
        (rule, index) => (hits[index] ?? 0) < (rule.times ?? Infinity) && fits(rule.when, call, calls, seed + index),
      );
      if (at < 0) return null;
      hits[at] = (hits[at] ?? 0) + 1;
      return rules[at] ?? null;
    },
  };
}

function fits(rule: z.output<typeof when>, call: FaultedCall, number: number, seed: number): boolean {
  if (rule.api !== undefined && rule.api !== call.api) return false;
  if (rule.call !== undefined && rule.call !== number) return false;
  if (rule.every !== undefined && number % rule.every !== 0) return false;
  if (rule.share !== undefined && chance(seed, number, SHARE_SALT) >= rule.share) return false;
  return fitsRequest(rule, call.request);
}

function fitsRequest(rule: z.output<typeof when>, request: FaultedCall['request']): boolean {
  const { offsetFrom, covers, limitAbove, metadata } = rule;
  const asks = offsetFrom ?? covers ?? limitAbove ?? metadata;
  if (request === null) return asks === undefined;
  if (offsetFrom !== undefined && request.offset < offsetFrom) return false;
  if (covers !== undefined && (covers < request.fromAt || covers > request.toAt)) return false;
  if (limitAbove !== undefined && request.limit <= limitAbove) return false;
  return metadata === undefined || metadata === request.metadata;
}
