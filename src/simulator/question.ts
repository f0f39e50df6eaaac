import { SECOND_MS } from '../time.ts';
import type { SimulatorOptions } from './options.ts';

/** What a valid request asks. Instants epoch ms, whole seconds. */
export type Question = {
  readonly fromAt: number;
  readonly toAt: number;
  readonly limit: number;
  readonly offset: number;
  readonly descending: boolean;
  readonly metadata: boolean;
};

/** Why a request is refused, and on which of the answer's levels that is told. */
export type Refusal = { readonly level: 'envelope' | 'task'; readonly code: number; readonly message?: string };

/** The request's object, before anything in it is believed. */
export type RawQuestion = Readonly<Record<string, unknown>>;

const FIELDS = ['datetime_from', 'datetime_to', 'limit', 'offset', 'sort', 'include_metadata'];
const MOST_ROWS = 1_000;
const MOST_OFFSET = 100_000_000;

/** The one object of the body: an array with exactly that. */
export function readBody(body: string): RawQuestion | Refusal {
  if (body.trim() === '') return { level: 'envelope', code: 40502 };
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { level: 'envelope', code: 40503 };
  }
  if (!Array.isArray(parsed)) return { level: 'envelope', code: 40503 };
  const tasks: unknown[] = parsed;
  if (tasks.length === 0) return { level: 'envelope', code: 40502 };
  if (tasks.length > 1) return { level: 'envelope', code: 40000 };
  const [task] = tasks;
  return isObject(task) ? task : { level: 'envelope', code: 40503 };
}

export function isRefusal(value: RawQuestion | Refusal | Question): value is Refusal {
  return 'level' in value && 'code' in value;
}

/**
 * Holds a request against the documentation and against the two windows at the moment `now` of the simulated clock.
 * `datetime_to` must lie in a second before the current one: "must be earlier than present date".
 */
export function readQuestion(raw: RawQuestion, windows: SimulatorOptions['windows'], now: number): Question | Refusal {
  if (Object.keys(raw).some((field) => !FIELDS.includes(field))) return { level: 'task', code: 40506 };
  const fromAt = instant(raw['datetime_from']);
  const toAt = instant(raw['datetime_to']);
  const { limit = MOST_ROWS, offset = 0, sort = 'asc', include_metadata: metadata = false } = raw;
  if (fromAt === null) return invalid(`'datetime_from'.`);
  if (toAt === null) return invalid(`'datetime_to'.`);
  if (!isWithin(limit, 1, MOST_ROWS)) return invalid(`'limit'.`);
  if (!isWithin(offset, 0, MOST_OFFSET)) return invalid(`'offset'.`);
  if (sort !== 'asc' && sort !== 'desc') return invalid(`'sort'.`);
  if (typeof metadata !== 'boolean') return invalid(`'include_metadata'.`);
  if (toAt >= Math.floor(now / SECOND_MS) * SECOND_MS)
    return invalid('datetime_to - must be earlier than present date');
  if (fromAt > toAt) return invalid('datetime_from - must be earlier than datetime_to');
  if (fromAt < windowEdge(windows, metadata ? 'metadata' : 'ids', now))
    return invalid(`datetime_from - must be within the last ${metadata ? 'month' : '6 months'}`);
  return { fromAt, toAt, limit, offset, descending: sort === 'desc', metadata };
}

/** The oldest instant that may be asked for at the moment `now`. */
export function windowEdge(windows: SimulatorOptions['windows'], grade: 'ids' | 'metadata', now: number): number {
  const days = windows[grade];
  const edge = days === 'calendar' ? monthsBefore(now, grade === 'ids' ? 6 : 1) : now - days * 86_400_000;
  return edge + windows.strictnessSeconds * SECOND_MS;
}

/** The same day and time some months ago, or that month's last day where it has no such day. */
function monthsBefore(now: number, months: number): number {
  const moment = new Date(now);
  const day = moment.getUTCDate();
  moment.setUTCDate(1);
  moment.setUTCMonth(moment.getUTCMonth() - months);
  const lastDay = new Date(Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth() + 1, 0)).getUTCDate();
  moment.setUTCDate(Math.min(day, lastDay));
  return moment.getTime();
}

function invalid(text: string): Refusal {
  return { level: 'task', code: 40501, message: `Invalid Field: ${text}` };
}

const INSTANT = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-])(\d\d):(\d\d)$/;

/** `2023-01-26 18:31:01 +00:00`, any offset; null where it is not that or no such moment exists. */
function instant(value: unknown): number | null {
  const match = typeof value === 'string' ? INSTANT.exec(value) : null;
  if (match === null) return null;
  const [, date = '', time = '', sign = '', hours = '', minutes = ''] = match;
  const local = Date.parse(`${date}T${time}Z`);
  // The platform rolls 31 February over; the service does not.
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 19) !== `${date}T${time}`) return null;
  if (Number(hours) > 14 || Number(minutes) > 59) return null;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === '+' ? local - offset : local + offset;
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function isObject(value: unknown): value is RawQuestion {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
