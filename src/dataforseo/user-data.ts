import { z } from 'zod';
import type { Clock } from '../time.ts';
import { concludeFailure, concludeReading, type Conclusion } from './conclude.ts';
import { failedCall } from './failed-call.ts';
import { callOnce, type HttpAnswer, type HttpFailure } from './http-call.ts';
import { basicAuthorization, createQuote, type Credentials } from './secrets.ts';
import { readAnswerWith, type WireTask } from './wire.ts';
import { toMicros } from './wire-row.ts';
import { parseWireTime } from './wire-time.ts';

// `GET /v3/appendix/user_data`: free, 6 calls a minute of its own, so it takes no token of the budget of `id_list` and stands
// in no journal (docs/endpoint.md, "Neighbours").

export type UserDataOptions = {
  /** `https://api.dataforseo.com`, without credentials in it. */
  readonly baseUrl: string;
  readonly credentials: Credentials;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  /** For the call, headers and body. */
  readonly timeoutMs: number;
  readonly userAgent: string;
};

/** What the vendor says of the account. Whatever it leaves out, or writes in a way that cannot be read, is null. */
export type UserData = {
  /** Millionths of a dollar; below 0 for a debt. */
  readonly balanceMicros: number | null;
  readonly spentToday: SpentToday;
  /** When the subscription of Backlinks ends, epoch ms. */
  readonly backlinksUntil: number | null;
  /**
   * The server's clock less this machine's, ms, within half a second and half the way there and back; null where the answer
   * had no `Date`.
   */
  readonly skewMs: number | null;
};

/** The vendor's own count of what the day has cost, in millionths of a dollar. */
type SpentToday = {
  /** `2026-11-26`; of whatever time zone the vendor counts in. */
  readonly day: string | null;
  /** The account's own setting, such as `Europe/Kyiv`. */
  readonly timezone: string | null;
  readonly totalMicros: number | null;
  /** By the name that an API has in addresses, `backlinks`. */
  readonly byApi: ReadonlyMap<string, number>;
};

/** A list of prices is a few hundred kilobytes. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const NAME = 'GET /v3/appendix/user_data';

/**
 * Asks once what the account has and has spent; never again by itself, so that whoever calls knows what was used of its limit.
 *
 * @throws {DataForSeoError} `account_refused` when a person must act, `throttled` after 6 calls in a minute, `unavailable`.
 */
export async function readUserData(options: UserDataOptions, signal: AbortSignal): Promise<UserData> {
  const { baseUrl, credentials, clock, userAgent } = options;
  const question = {
    url: `${baseUrl.replace(/\/+$/, '')}/v3/appendix/user_data`,
    headers: {
      authorization: basicAuthorization(credentials),
      accept: 'application/json',
      'user-agent': userAgent,
    },
    body: null,
  };
  const wallOffset = clock.now() - clock.monotonic();
  const outcome = await callOnce({ ...options, maxBodyBytes: MAX_BODY_BYTES }, question, signal);
  signal.throwIfAborted();
  const conclusion = concluded(outcome);
  if (conclusion.kind === 'page') return { ...conclusion.page, skewMs: skewOf(outcome, conclusion, wallOffset) };
  const { message } = conclusion;
  throw failedCall({ name: NAME, conclusion, message: message === null ? null : createQuote(credentials)(message) });
}

type Content = Omit<UserData, 'skewMs'>;

function concluded(outcome: HttpAnswer | HttpFailure): Conclusion<Content> {
  if (outcome.kind === 'failed') return concludeFailure(outcome);
  return concludeReading(outcome, readAnswerWith(outcome.text, readContent));
}

/** The answer was written somewhere between sending and receiving, and its `Date` was cut to the second. */
function skewOf(outcome: HttpAnswer | HttpFailure, { serverDate }: Conclusion<Content>, wallOffset: number) {
  if (serverDate === null || outcome.begun === null) return null;
  const writtenAt = (outcome.sentMono + outcome.begun.headersMono) / 2 + wallOffset;
  return Math.round(serverDate + 500 - writtenAt);
}

const number = z.number().nullable().catch(null);
const text = z.string().nullable().catch(null);
const object = z.looseObject({}).catch({});

const resultSchema = z.looseObject({
  timezone: text,
  backlinks_subscription_expiry_date: text,
  money: z
    .looseObject({ balance: number, statistics: z.looseObject({ day: object }).catch({ day: {} }) })
    .catch({ balance: null, statistics: { day: {} } }),
});

const daySchema = z.looseObject({ value: text, total: number });

/** Null where the first result is no object; such an answer says nothing of an account. */
function readContent(task: WireTask): Content | null {
  const first: unknown = Array.isArray(task.result) ? task.result[0] : undefined;
  const result = resultSchema.safeParse(first).data;
  if (result === undefined) return null;
  const spent = result.money.statistics.day;
  const { value, total } = daySchema.parse(spent);
  return {
    balanceMicros: toMicros(result.money.balance),
    spentToday: {
      day: matching(/^\d{4}-\d{2}-\d{2}$/, value),
      timezone: matching(/^[A-Za-z0-9_+\-/]{1,64}$/, result.timezone),
      totalMicros: toMicros(total),
      byApi: totalsByApi(spent),
    },
    backlinksUntil: parseWireTime(result.backlinks_subscription_expiry_date ?? ''),
  };
}

/** `total_backlinks: 1.25` among the counts of single functions. */
function totalsByApi(spent: Readonly<Record<string, unknown>>): ReadonlyMap<string, number> {
  const totals = Object.entries(spent).flatMap(([key, dollars]) => {
    const api = /^total_([a-z][a-z_]{0,40})$/.exec(key)?.[1];
    const micros = typeof dollars === 'number' ? toMicros(dollars) : null;
    return api === undefined || micros === null ? [] : [[api, micros] as const];
  });
  return new Map(totals);
}

/** Foreign text is taken only where it looks like what it should be. */
function matching(pattern: RegExp, value: string | null): string | null {
  return value !== null && pattern.test(value) ? value : null;
}
