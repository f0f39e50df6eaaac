import { z } from 'zod';
import type { PageQuestion } from '../domain/call.ts';
import type { PageRow } from '../domain/task.ts';
import { SECOND_MS, formatWireTime } from '../time.ts';
import { parseExactJson } from './exact-json.ts';
import { readRow } from './wire-row.ts';
import { parseWireTime } from './wire-time.ts';

// DataForSEO's words, translated: this file and wire-row.ts are the only ones that know the names of their fields. By the
// types of their own client every field may be null or absent, so nothing is required except what no answer can lack.

const looseCode = z
  .union([
    z.number().int(),
    z
      .string()
      .regex(/^\d{5}$/)
      .transform(Number),
  ])
  .nullable()
  .catch(null);
const looseText = z.string().nullable().catch(null);

const envelopeSchema = z.looseObject({
  status_code: looseCode,
  status_message: looseText,
  time: z.unknown().optional(),
  tasks: z.array(z.unknown()).nullable().catch(null),
});

const taskSchema = z.looseObject({
  status_code: looseCode,
  status_message: looseText,
  result_count: z.number().int().nonnegative().nullable().catch(null),
  data: z.unknown().optional(),
  result: z.unknown().optional(),
});

export type WireTask = z.infer<typeof taskSchema>;

export type WirePage = {
  readonly rows: readonly PageRow[];
  readonly resultCount: number | null;
  readonly echoMatches: boolean;
};

/** One answer, read. `page` is null where it holds none; `problem` says why where that is not told by a code. */
export type WireAnswer<Page = WirePage> = {
  readonly envelopeCode: number | null;
  readonly taskCode: number | null;
  readonly message: string | null;
  /** The server's own execution time, ms; null when it gave none that can be read. */
  readonly executionMs: number | null;
  readonly page: Page | null;
  readonly problem: 'not_json' | 'wrong_shape' | null;
};

/** The body of a question: an array of one object, and never a field more than these (40506). One second wider on each side (I5). */
export function writeQuestion(question: PageQuestion): string {
  return JSON.stringify([fieldsOf(question)]);
}

function fieldsOf({ range, grade, offset, limit }: PageQuestion) {
  return {
    datetime_from: formatWireTime(range.since - SECOND_MS),
    datetime_to: formatWireTime(range.until + SECOND_MS),
    limit,
    offset,
    sort: 'asc',
    ...(grade === 'metadata' ? { include_metadata: true } : {}),
  };
}

/** Reads whatever came. Never throws: a page of nonsense is an answer too. */
export function readAnswer(text: string, question: PageQuestion): WireAnswer {
  return readAnswerWith(text, (task) => readPage(task, question));
}

/**
 * The three levels that every answer of the API has, and what `readContent` makes of its task. What it cannot cope with is an answer
 * of another shape: one page fails, and is tried again and isolated like any other.
 *
 * @param readContent - Null where the task holds no such thing.
 */
export function readAnswerWith<Page>(text: string, readContent: (task: WireTask) => Page | null): WireAnswer<Page> {
  try {
    return readLevels(text, readContent);
  } catch (error) {
    return { ...NOTHING, message: `the answer cannot be read: ${String(error)}`, problem: 'wrong_shape' };
  }
}

const NOTHING = { envelopeCode: null, taskCode: null, message: null, executionMs: null, page: null };

function readLevels<Page>(text: string, readContent: (task: WireTask) => Page | null): WireAnswer<Page> {
  const json = parseExactJson(text);
  if (json === undefined) return { ...NOTHING, problem: 'not_json' };
  const envelope = envelopeSchema.safeParse(json).data;
  if (envelope === undefined) return { ...NOTHING, problem: 'wrong_shape' };
  const task = taskSchema.safeParse(envelope.tasks?.[0]).data;
  const envelopeCode = envelope.status_code;
  const taskCode = task?.status_code ?? null;
  const page = task === undefined ? null : readContent(task);
  return {
    envelopeCode,
    taskCode,
    message: decidingMessage(envelope, task),
    executionMs: readExecutionMs(envelope.time),
    page,
    problem: page === null ? 'wrong_shape' : null,
  };
}

/** The task's message says what is wrong with the question; the envelope's what is wrong with the account. */
function decidingMessage(envelope: z.infer<typeof envelopeSchema>, task: WireTask | undefined) {
  const isTaskFine = task === undefined || task.status_code === 20_000 || task.status_code === null;
  return (isTaskFine ? null : task.status_message) ?? envelope.status_message ?? task?.status_message ?? null;
}

/** `0.0871 sec.` @returns Milliseconds. */
function readExecutionMs(time: unknown): number | null {
  const match = typeof time === 'string' ? /^\s*(\d{1,9}(?:\.\d{1,9})?) ?sec/.exec(time) : null;
  return match === null ? null : Number(match[1]) * SECOND_MS;
}

/** @returns Null where this is no page: no list, or more rows than were asked for. */
function readPage(task: WireTask, question: PageQuestion): WirePage | null {
  const isEmpty = (task.result ?? null) === null && task.result_count === 0 && task.status_code === 20_000;
  const list: unknown = isEmpty ? [] : task.result;
  if (!Array.isArray(list) || list.length > question.limit) return null;
  return {
    rows: list.map(readRow),
    resultCount: task.result_count,
    echoMatches: isEchoOf(task.data, question),
  };
}

const echoSchema = z.looseObject({});

/** What the server repeats of the question may be worded otherwise; only what plainly differs is a contradiction. */
function isEchoOf(data: unknown, question: PageQuestion): boolean {
  const echo = echoSchema.safeParse(Array.isArray(data) ? data[0] : data).data;
  if (echo === undefined) return true;
  return Object.entries(fieldsOf(question)).every(([field, asked]) => !contradicts(echo[field], asked));
}

function contradicts(echoed: unknown, asked: string | number | boolean): boolean {
  if (typeof echoed !== 'string' && typeof echoed !== 'number' && typeof echoed !== 'boolean') return false;
  const askedAt = parseWireTime(String(asked));
  if (askedAt === null) return String(echoed).toLowerCase() !== String(asked).toLowerCase();
  const echoedAt = parseWireTime(String(echoed));
  return echoedAt !== null && echoedAt !== askedAt;
}
