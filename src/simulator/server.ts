import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../time.ts';
import { type Answer, envelopeAnswer, type Frame } from './answer.ts';
import { answerControl, type Control } from './control.ts';
import { createIdList, type Desk, isAuthorized } from './id-list.ts';
import { APIS, type SimulatorOptions } from './options.ts';
import { chance } from './random.ts';
import { createRate } from './rate.ts';
import { send } from './send.ts';
import { USER_DATA_CALLS, userDataAnswer } from './user-data.ts';

const ID_LIST = /^\/v3\/([^/]+)\/id_list\/?$/;
const USER_DATA = /^\/v3\/appendix\/user_data\/?$/;
const MOST_BODY_BYTES = 1_000_000;
/** As long as a proxy usually keeps an idle connection; Node's five seconds would be shorter than a pause between calls. */
const KEEP_ALIVE_MS = 75_000;
const TRAVEL = 90;

/** The thin HTTP shell: reads what was asked, lets the model answer, sends it. */
export function createSimulatorServer(desk: Desk, control: Control, signal: AbortSignal): Server {
  const idList = createIdList(desk);
  const userData = createUserData(desk);
  const travel = createTravel(desk, signal);
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    await travel();
    const instant = { mono: desk.clock.monotonic(), at: desk.world.now() };
    const path = pathOf(request);
    const authorization = request.headers.authorization;
    const api = ID_LIST.exec(path)?.[1];
    const isPost = request.method === 'POST';
    if (api !== undefined && isPost && APIS.some((known) => known === api))
      return await idList({ api, instant, authorization, body: () => bodyOf(request) }, signal);
    await bodyOf(request);
    const frame = plainFrame(desk.world.options(), api ?? 'appendix', desk.clock);
    if (USER_DATA.test(path) && request.method === 'GET') return userData(frame, instant, authorization);
    return envelopeAnswer(frame, { code: 40400 });
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (pathOf(request).startsWith('/_simulator/')) {
      await answerControl(control, request, response, () => bodyOf(request));
      return;
    }
    const ready = await answer(request);
    await travel();
    const { answers } = desk.world.options();
    const gzip = answers.gzip && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    const date = answers.dateHeader ? new Date(desk.world.now()).toUTCString() : null;
    await send(response, ready, { gzip, date });
  };
  return createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    // Only a caller that went away, or the simulator's own end, comes here; neither leaves anyone to answer.
    serve(request, response).catch(() => response.destroy());
  });
}

/** The way of a packet: what it costs, the budget does not see. */
function createTravel({ world, clock }: Desk, signal: AbortSignal): () => Promise<void> {
  let legs = 0;
  return async () => {
    const { latency, seed } = world.options();
    legs += 1;
    if (latency.transitMs > 0) await clock.sleep(latency.transitMs * chance(seed, legs, TRAVEL), signal);
  };
}

function createUserData({ world, stats, clock }: Desk) {
  const rate = createRate();
  return (frame: Frame, instant: { mono: number; at: number }, authorization: string | undefined): Answer => {
    const options = world.options();
    stats.userData();
    if (!isAuthorized(options, authorization)) return envelopeAnswer(frame, { code: 40100 }, options.refusals.tasks);
    const budget = { ...options.rate, calls: USER_DATA_CALLS, scope: 'account' } as const;
    if (!rate.admit('', instant, budget).admitted) return envelopeAnswer(frame, { code: 40202 });
    const { account, tasks } = options.refusals;
    if (account !== null) return envelopeAnswer(frame, { code: account }, tasks);
    return userDataAnswer({ ...frame, elapsedMs: clock.monotonic() - instant.mono }, world, instant.at);
  };
}

function plainFrame(options: SimulatorOptions, api: string, clock: Clock): Frame {
  const tail = Math.floor(clock.monotonic() * 1_000)
    .toString(16)
    .padStart(12, '0')
    .slice(-12);
  const id = `01010000-1535-0064-0000-${tail}`;
  return { options: options.answers, elapsedMs: 0, api, name: 'user_data', id, raw: null };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').split('?')[0] ?? '/';
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) continue;
    size += part.length;
    if (size > MOST_BODY_BYTES) throw new Error('The request is larger than a megabyte.');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
