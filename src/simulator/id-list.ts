import type { Clock } from '../time.ts';
import { type Answer, envelopeAnswer, type Frame, taskAnswer } from './answer.ts';
import { type FaultBook, type FaultRule } from './faults.ts';
import { faultAnswer, spoil, spoilRows } from './fault-answers.ts';
import { listPage } from './listing.ts';
import type { TaskModel } from './model.ts';
import type { SimulatorOptions } from './options.ts';
import { isRefusal, type Question, type RawQuestion, readBody, readQuestion, type Refusal } from './question.ts';
import { chance } from './random.ts';
import type { Instant, Rate } from './rate.ts';
import { rowAt } from './rows.ts';
import type { Arrival, StatsBook } from './stats.ts';
import type { World } from './world.ts';

const SALT = { tail: 80, latency: 81 };
/** Rows go out in parts of about this many characters, so a page of gigabytes needs no memory. */
const PART = 65_536;

/** One call as a test sees it just before it is worked on; what the test then changes already holds for it. */
export type SimulatedCall = {
  /** Counts the calls that the budget let through, from 1. */
  readonly number: number;
  readonly api: string;
  /** Null where the request is not valid. */
  readonly question: Question | null;
  /** The simulated clock at its arrival, epoch ms. */
  readonly at: number;
  /** The fault that it meets. */
  readonly fault: string | null;
};

export type Desk = {
  readonly clock: Clock;
  readonly world: World;
  readonly rate: Rate;
  readonly stats: StatsBook;
  readonly faults: () => FaultBook;
  readonly onCall: (call: SimulatedCall) => void;
};

export type IncomingCall = {
  readonly api: string;
  readonly instant: Instant;
  readonly authorization: string | undefined;
  readonly body: () => Promise<string>;
};

/** Answers calls of `id_list`; the budget is counted by arrival, before the body is read. */
export function createIdList(desk: Desk): (call: IncomingCall, signal: AbortSignal) => Promise<Answer> {
  let admitted = 0;
  return async (call, signal) => {
    const arrival = desk.stats.arrive(call.api, call.instant);
    const atDoor = turnedAway(desk, call, arrival);
    if (atDoor === null) admitted += 1;
    const answer = atDoor ?? (await worked(desk, call, admitted, signal));
    desk.stats.answered(arrival, answer.code);
    return answer;
  };
}

export function isAuthorized({ login, password }: SimulatorOptions, authorization: string | undefined): boolean {
  const [scheme = '', credentials = ''] = (authorization ?? '').split(' ');
  return (
    scheme.toLowerCase() === 'basic' && Buffer.from(credentials, 'base64').toString('utf8') === `${login}:${password}`
  );
}

function turnedAway({ world, rate, clock }: Desk, call: IncomingCall, arrival: Arrival): Answer | null {
  const options = world.options();
  const frame = frameOf(options, call, null, clock.monotonic());
  if (!isAuthorized(options, call.authorization)) return envelopeAnswer(frame, { code: 40100 }, options.refusals.tasks);
  const verdict = rate.admit(call.api, call.instant, options.rate);
  if (verdict.admitted) return null;
  arrival.admitted = false;
  switch (options.rate.answer) {
    case 'envelope40202':
      return envelopeAnswer(frame, { code: 40202 });
    case 'task40202':
      return taskAnswer(frame, { code: 40202, count: 0 }, null);
    case 'http429': {
      const answer = envelopeAnswer(frame, { code: 40202, http: 429 });
      const seconds = Math.max(1, Math.ceil(verdict.waitMs / 1_000));
      return { ...answer, headers: { ...answer.headers, 'Retry-After': String(seconds) } };
    }
  }
}

async function worked(desk: Desk, call: IncomingCall, number: number, signal: AbortSignal): Promise<Answer> {
  const { world, clock } = desk;
  const { api, instant } = call;
  const raw = readBody(await call.body());
  const read = isRefusal(raw) ? raw : readQuestion(raw, world.options().windows, instant.at);
  const question = isRefusal(read) ? null : read;
  const fault = desk.faults().match({ api, request: question });
  desk.onCall({ number, api, question, at: instant.at, fault: fault?.fault ?? null });
  const options = world.options();
  const pause = latencyMs(options, number) + (fault?.fault === 'slow' ? fault.ms : 0);
  if (pause > 0) await clock.sleep(pause, signal);
  const frame = frameOf(options, call, isRefusal(raw) ? null : raw, clock.monotonic());
  const fatal = fault === null ? null : faultAnswer(frame, fault);
  if (fatal !== null) return fatal;
  const refusal = refusedByAccount(options, api);
  if (refusal !== null) return refusalAnswer(frame, options, refusal);
  if (isRefusal(read)) return refusalAnswer(frame, options, read);
  return page(desk, frame, read, { number, at: instant.at, fault });
}

/** The list as it was when the call arrived, however long the answer then takes. */
function page(
  { world }: Desk,
  frame: Frame,
  question: Question,
  call: { readonly number: number; readonly at: number; readonly fault: FaultRule | null },
): Answer {
  const options = world.options();
  const { sandbox, pageCap } = options.listing;
  const model = world.model(frame.api);
  const limit = Math.min(question.limit, pageCap);
  const offset = sandbox ? 0 : question.offset;
  const hidden = model === null ? new Set<number>() : world.hidden(model, call);
  const asked = { ...question, limit, offset, now: call.at, call: call.number, hidden };
  const indices = spoilRows(model === null ? [] : listPage(model, options.listing, asked), call.fault);
  const nothing = options.answers.emptyResult === 'null' ? null : ['[]'];
  const moment = { now: call.at, metadata: question.metadata };
  const isEmpty = model === null || indices.length === 0;
  return spoil(frame, indices.length, isEmpty ? nothing : rowTexts(model, options, indices, moment), call.fault);
}

function* rowTexts(
  model: TaskModel,
  options: SimulatorOptions,
  indices: readonly number[],
  asked: { readonly now: number; readonly metadata: boolean },
): Iterable<string> {
  let part = '[';
  for (const [at, index] of indices.entries()) {
    part += `${at === 0 ? '' : ','}${JSON.stringify(rowAt(model, options, index, asked))}`;
    if (part.length < PART) continue;
    yield part;
    part = '';
  }
  yield `${part}]`;
}

function refusedByAccount({ refusals }: SimulatorOptions, api: string): Refusal | null {
  if (refusals.account !== null) return { level: refusals.level, code: refusals.account };
  const code = refusals.apis[api] ?? null;
  return code === null ? null : { level: refusals.level, code };
}

function refusalAnswer(frame: Frame, { refusals }: SimulatorOptions, { level, ...outcome }: Refusal): Answer {
  const hasHttpStatus = [40100, 40200, 40400].includes(outcome.code);
  if (level === 'envelope' || hasHttpStatus) return envelopeAnswer(frame, outcome, refusals.tasks);
  return taskAnswer(frame, { ...outcome, count: 0 }, null);
}

function frameOf(options: SimulatorOptions, call: IncomingCall, raw: RawQuestion | null, mono: number): Frame {
  const elapsedMs = Math.max(0, mono - call.instant.mono);
  const stamp = new Date(call.instant.at).toISOString().slice(5, 16).replace(/[-T:]/g, '');
  const tail = Math.floor(call.instant.mono * 1_000)
    .toString(16)
    .padStart(12, '0')
    .slice(-12);
  return {
    options: options.answers,
    elapsedMs,
    api: call.api,
    name: 'id_list',
    id: `${stamp}-1535-0158-0000-${tail}`,
    raw,
  };
}

function latencyMs({ latency, seed }: SimulatorOptions, number: number): number {
  if (chance(seed, number, SALT.tail) < latency.tailShare) return latency.tailMs;
  return latency.meanMs * -Math.log(1 - chance(seed, number, SALT.latency));
}
