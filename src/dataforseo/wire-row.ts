import { z } from 'zod';
import { classifyStatus } from '../domain/codes.ts';
import { jsonText } from '../domain/json-text.ts';
import type { ListedTask, PageRow } from '../domain/task.ts';
import { longInteger } from './exact-json.ts';
import { plainText } from '../domain/plain-text.ts';
import { parseWireTime } from './wire-time.ts';

// A field of an unexpected type reads as null; what was received then goes into `extra`, so nothing is lost.
const text = z.string().nullable().catch(null);

const rowSchema = z.looseObject({
  id: text,
  url: text,
  datetime_posted: text,
  datetime_done: text,
  status: z.union([z.string(), z.number()]).nullable().catch(null),
  cost: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^-?\d+(\.\d+)?$/)
        .transform(Number),
    ])
    .nullable()
    .catch(null),
  metadata: z.unknown().optional(),
});

const objectSchema = z.looseObject({});

type WireRow = z.infer<typeof rowSchema>;

const MICROS = 1_000_000;

/** One row of a page. What has no id or no readable posted time cannot be a task and is kept raw, for a person to look at. */
export function readRow(raw: unknown): PageRow {
  const row = rowSchema.safeParse(raw).data;
  if (row === undefined) return quarantine(raw, null, 'the row is not an object');
  const id = row.id === null || row.id === '' ? null : plainText(row.id);
  if (id === null) return quarantine(raw, null, 'the row has no id');
  const postedText = row.datetime_posted ?? '';
  if (postedText === '') return quarantine(raw, id, 'the row has no datetime_posted');
  const postedAt = parseWireTime(postedText);
  if (postedAt === null) return quarantine(raw, id, 'its datetime_posted is no time');
  const url = row.url === null ? null : plainText(row.url);
  const costMicros = toMicros(row.cost);
  return {
    kind: 'task',
    task: {
      id,
      url,
      endpoint: endpointOf(url ?? ''),
      postedAt,
      postedText,
      ...readOutcome(row),
      costMicros,
      ...readMetadata(row.metadata),
      extra: extraOf(raw, { ...row, cost: costMicros }),
    },
  };
}

function quarantine(raw: unknown, id: string | null, reason: string): PageRow {
  return { kind: 'quarantined', id, raw: jsonText(raw), reason };
}

function readOutcome(row: WireRow): Pick<ListedTask, 'doneAt' | 'doneText' | 'status' | 'statusCode' | 'state'> {
  const doneText = row.datetime_done === null || row.datetime_done === '' ? null : row.datetime_done;
  const { status } = row;
  return {
    doneAt: doneText === null ? null : parseWireTime(doneText),
    doneText: doneText === null ? null : plainText(doneText),
    status: status === null ? null : plainText(String(status)),
    ...classifyStatus(status, doneText !== null),
  };
}

/** `v3/…`, `/v3/…` and `https://host/v3/…` are one endpoint. */
function endpointOf(url: string): string {
  return url
    .replace(/^[a-z]+:\/\/[^/?#]*/i, '')
    .replace(/[?#].*$/s, '')
    .replace(/^\/*(?:v3(?:\/+|$))?/, '')
    .replace(/\/+$/, '');
}

/** Rounded, because the wire carries binary noise (0.020000000000000004). Null for what no exact sum can hold. */
export function toMicros(cost: number | null): number | null {
  if (cost === null) return null;
  const micros = Math.sign(cost) * Math.round(Math.abs(cost) * MICROS);
  // Adding 0 turns −0, which is nothing to a person, into 0.
  return Number.isSafeInteger(micros) ? micros + 0 : null;
}

function readMetadata(metadata: unknown): Pick<ListedTask, 'metadata' | 'tag' | 'target'> {
  if (metadata === undefined || metadata === null) return { metadata: null, tag: null, target: null };
  const fields = Array.isArray(metadata) ? undefined : objectSchema.safeParse(metadata).data;
  return {
    metadata: jsonText(metadata),
    tag: textOf(fields?.['tag']),
    target: textOf(fields?.['target']),
  };
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return plainText(value);
  return typeof value === 'number' ? String(value) : longInteger(value);
}

/** Fields that we do not know, and known ones that could not be read. @param read - The row as it was understood. */
function extraOf(raw: unknown, read: Readonly<Record<string, unknown>>): string | null {
  const received: [string, unknown][] = typeof raw === 'object' && raw !== null ? Object.entries(raw) : [];
  const unread = received
    .filter(([field, value]) => !Object.hasOwn(rowSchema.shape, field) || (value !== null && read[field] === null))
    // JSON has no infinity: a cost beyond all doubles would be written as null.
    .map(([field, value]) => [field, value === Infinity || value === -Infinity ? String(value) : value]);
  return unread.length === 0 ? null : jsonText(Object.fromEntries(unread));
}
