import { messageOf } from './codes.ts';
import type { SimulatorOptions } from './options.ts';
import type { RawQuestion } from './question.ts';

/** One answer, before it is sent. */
export type Answer = {
  readonly http: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: Iterable<string>;
  /** For the statistics: DataForSEO's code (task before envelope), or the name of the fault. */
  readonly code: string;
  /** `cut`: the socket dies in the middle · `truncated`: it ends early and says it is whole · `reset`: no byte · `hang`: never. */
  readonly ending: 'whole' | 'cut' | 'truncated' | 'reset' | 'hang';
};

const JSON_TYPE = { 'Content-Type': 'application/json; charset=utf-8' };
const HTML_TYPE = { 'Content-Type': 'text/html; charset=utf-8' };
const VERSION = '0.1.20250828';
const LIE_MS = 60_000;
/** `result` is the last field of the last field, so the last of these stands for it. */
const RESULT = '"@result@"';

/** What an answer says of itself besides rows. */
export type Frame = {
  readonly options: SimulatorOptions['answers'];
  /** How long the server worked, ms. */
  readonly elapsedMs: number;
  readonly api: string;
  /** `id_list` or `user_data` */
  readonly name: string;
  /** Of the task that this call is. */
  readonly id: string;
  /** The request, echoed; null where it could not be read. */
  readonly raw: RawQuestion | null;
};

/** A task-level answer: HTTP 200, envelope 20000. `result` is JSON in parts; null with no parts. */
export function taskAnswer(
  frame: Frame,
  outcome: { readonly code: number; readonly message?: string; readonly count: number },
  result: Iterable<string> | null,
): Answer {
  const { code, message = messageOf(code), count } = outcome;
  const time = timeField(frame);
  const task = {
    id: frame.id,
    status_code: code,
    status_message: message,
    ...time,
    cost: 0,
    result_count: count,
    path: ['v3', frame.api, frame.name],
    ...(frame.options.echo ? { data: { api: frame.api, function: frame.name, ...frame.raw } } : {}),
    result: RESULT.slice(1, -1),
  };
  const failed = code === 20000 ? 0 : 1;
  const text = JSON.stringify({
    ...head(20000, messageOf(20000), time),
    tasks_count: 1,
    tasks_error: failed,
    tasks: [task],
  });
  const at = text.lastIndexOf(RESULT);
  const chunks = concat([text.slice(0, at)], result ?? ['null'], [text.slice(at + RESULT.length)]);
  return { http: 200, headers: JSON_TYPE, chunks, code: String(code), ending: 'whole' };
}

/** An envelope without a task. */
export function envelopeAnswer(
  frame: Frame,
  outcome: { readonly code: number; readonly message?: string; readonly http?: number },
  tasks: SimulatorOptions['refusals']['tasks'] = 'null',
): Answer {
  const { code, message = messageOf(code), http = httpOf(code) } = outcome;
  const field = { null: { tasks: null }, empty: { tasks: [] }, absent: {} }[tasks];
  const envelope = { ...head(code, message, timeField(frame)), tasks_count: 0, tasks_error: 0, ...field };
  return { http, headers: JSON_TYPE, chunks: [JSON.stringify(envelope)], code: String(code), ending: 'whole' };
}

/** What a proxy in between says. */
export function pageAnswer(http: number, title: string, code: string): Answer {
  const page = `<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center></body></html>`;
  return { http, headers: HTML_TYPE, chunks: [page], code, ending: 'whole' };
}

export function silence(ending: 'reset' | 'hang'): Answer {
  return { http: 200, headers: {}, chunks: [], code: ending, ending };
}

/** A good answer with a long field behind the rows. */
export function enlarged(answer: Answer, bytes: number): Answer {
  const part = 'x'.repeat(65_536);
  const padding = function* () {
    for (let left = bytes; left > 0; left -= part.length) yield left < part.length ? part.slice(0, left) : part;
  };
  const reopened = function* () {
    let held: string | null = null;
    for (const chunk of answer.chunks) {
      if (held !== null) yield held;
      held = chunk;
    }
    yield `${(held ?? '}').slice(0, -1)},"padding":"`;
  };
  return { ...answer, chunks: concat(reopened(), padding(), ['"}']) };
}

function head(code: number, message: string, time: { readonly time?: string }): Record<string, unknown> {
  return { version: VERSION, status_code: code, status_message: message, ...time, cost: 0 };
}

function timeField({ options, elapsedMs }: Frame): { readonly time?: string } {
  if (options.time === 'absent') return {};
  const seconds = (elapsedMs + (options.time === 'lie' ? LIE_MS : 0)) / 1_000;
  return { time: `${seconds.toFixed(4)} sec.` };
}

function httpOf(code: number): number {
  if (code === 40100) return 401;
  if (code === 40200) return 402;
  return code === 40400 ? 404 : 200;
}

function* concat(...parts: readonly Iterable<string>[]): Iterable<string> {
  for (const part of parts) yield* part;
}
