import { createFaultBook } from '../src/simulator/faults.ts';
import { createIdList } from '../src/simulator/id-list.ts';
import type { TaskModel } from '../src/simulator/model.ts';
import type { SimulatorOptions, SimulatorPatch } from '../src/simulator/options.ts';
import { windowEdge } from '../src/simulator/question.ts';
import { chance } from '../src/simulator/random.ts';
import { createRate } from '../src/simulator/rate.ts';
import { type Arrival, createStatsBook, type SimulatorStats, type StatsBook } from '../src/simulator/stats.ts';
import { createWorld } from '../src/simulator/world.ts';
import { DAY_MS, type Clock } from '../src/time.ts';

/** The simulated service without sockets, so that a virtual clock can drive it. */
export type Service = {
  /** Stands in the place of the global one. */
  readonly fetch: typeof fetch;
  readonly stats: () => SimulatorStats;
  /** The newest calls, oldest first. */
  readonly newest: () => readonly Readonly<Arrival>[];
  readonly options: () => SimulatorOptions;
  readonly set: (patch: SimulatorPatch) => void;
  readonly post: (api: string, count: number) => void;
  readonly model: (api: string) => TaskModel | null;
  /** The simulated service's own clock, epoch ms. */
  readonly now: () => number;
  /** The oldest `datetime_from` that it answers now. */
  readonly windowEdge: (grade: 'ids' | 'metadata') => number;
  /** When an instant leaves the window, epoch ms of the service's clock. */
  readonly leavesAt: (grade: 'ids' | 'metadata', instant: number) => number;
  /** Another program uses the account: one call of its own. */
  readonly foreignCall: () => void;
  /** While it cannot be reached no call arrives. */
  readonly setReachable: (isReachable: boolean) => void;
  /** The `Date` of the next answer is off by so much. */
  readonly lieOnce: (ms: number) => void;
};

export type ServiceSetup = {
  /** Its `sleep` carries calls and answers; the caller's signal does not end it. */
  readonly clock: Clock;
  /** Hears of each call as it arrives, monotonic ms. */
  readonly onArrival?: (mono: number) => void;
};

/** Longer than any window. */
const LONGEST_WINDOW_MS = 200 * DAY_MS;
const TRAVEL = 82;
const NEWEST = 4;

/** The simulator's own model of the endpoint behind a `fetch`; calls and answers travel as its option `transitMs` says. */
export function createService(patch: SimulatorPatch, { clock, onArrival = () => undefined }: ServiceSetup): Service {
  const world = createWorld(patch, clock);
  const newest: Arrival[] = [];
  const stats = heard(createStatsBook(), (arrival) => {
    newest.push(arrival);
    if (newest.length > NEWEST) newest.shift();
    onArrival(arrival.monoMs);
  });
  const rate = createRate();
  let faults = createFaultBook(world.options().faults, world.options().seed);
  let isReachable = true;
  const reach = () => {
    if (!isReachable) throw new TypeError('fetch failed');
  };
  let lieMs = 0;
  const idList = createIdList({ clock, world, rate, stats, faults: () => faults, onCall: () => undefined });
  let legs = 0;
  const travel = async () => {
    const { latency, seed } = world.options();
    legs += 1;
    if (latency.transitMs > 0) await clock.sleep(latency.transitMs * chance(seed, legs, TRAVEL));
  };
  const ask = async (url: string, init: RequestInit | undefined): Promise<Response> => {
    await travel();
    reach();
    const api = /\/v3\/([^/]+)\/id_list$/.exec(url)?.[1] ?? '';
    const instant = { mono: clock.monotonic(), at: world.now() };
    const authorization = new Headers(init?.headers).get('authorization') ?? undefined;
    const body = () => Promise.resolve(typeof init?.body === 'string' ? init.body : '');
    const { http, headers, chunks, ending } = await idList({ api, instant, authorization, body }, NEVER.signal);
    if (ending === 'hang') await new Promise(() => undefined);
    await travel();
    reach();
    if (ending === 'reset') throw new TypeError('fetch failed');
    const date = new Date(world.now() + lieMs).toUTCString();
    lieMs = 0;
    return new Response(bodyOf([...chunks].join(''), ending), { status: http, headers: { ...headers, date } });
  };
  return {
    fetch: (input, init) => unlessAborted(ask(urlOf(input), init), init?.signal ?? NEVER.signal),
    newest: () => newest,
    stats: () => stats.read(world.options().rate.periodMs),
    options: world.options,
    set: (change) => {
      world.set(change);
      const { faults: rules, seed } = world.options();
      if (change.faults !== undefined) faults = createFaultBook(rules, seed + rules.length);
    },
    post: world.post,
    model: world.model,
    now: world.now,
    windowEdge: (grade) => windowEdge(world.options().windows, grade, world.now()),
    leavesAt: (grade, instant) => {
      // By halves: a calendar month is of no constant length. At the end of a long one its edge goes back by hours, so this may be late by
      // a few days; then more calm time counts than there was.
      let [before, after] = [instant, instant + LONGEST_WINDOW_MS];
      while (after - before > 1_000) {
        const middle = (before + after) / 2;
        if (windowEdge(world.options().windows, grade, middle) < instant) before = middle;
        else after = middle;
      }
      return after;
    },
    foreignCall: () => void rate.admit('', { mono: clock.monotonic(), at: world.now() }, world.options().rate),
    setReachable: (reachable) => {
      isReachable = reachable;
    },
    lieOnce: (ms) => {
      lieMs = ms;
    },
  };
}

const NEVER = new AbortController();

function heard(book: StatsBook, onArrival: (arrival: Arrival) => void): StatsBook {
  return {
    ...book,
    arrive: (api, instant) => {
      const arrival = book.arrive(api, instant);
      onArrival(arrival);
      return arrival;
    },
  };
}

/** What has left arrives, whether or not somebody still waits for its answer. */
function unlessAborted(answer: Promise<Response>, signal: AbortSignal): Promise<Response> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function bodyOf(text: string, ending: 'whole' | 'cut' | 'truncated' | 'reset' | 'hang'): string | ReadableStream {
  if (ending === 'whole') return text;
  const half = text.slice(0, Math.floor(text.length / 2));
  if (ending === 'truncated') return half;
  return new ReadableStream({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode(half));
      controller.error(new TypeError('terminated'));
    },
  });
}

function urlOf(input: Parameters<typeof fetch>[0]): string {
  if (typeof input === 'string') return input;
  return input instanceof URL ? input.href : input.url;
}
