import { createFaultBook } from '../src/simulator/faults.ts';
import { createIdList } from '../src/simulator/id-list.ts';
import type { SimulatorPatch } from '../src/simulator/options.ts';
import { chance } from '../src/simulator/random.ts';
import { createRate } from '../src/simulator/rate.ts';
import { createStatsBook, type SimulatorStats } from '../src/simulator/stats.ts';
import { createWorld } from '../src/simulator/world.ts';
import type { Clock } from '../src/time.ts';

export type Service = {
  /** Stands in the place of the global one: the simulated service without sockets, so that a virtual clock can drive it. */
  readonly fetch: typeof fetch;
  readonly stats: () => SimulatorStats;
  /** Changes options while it runs. */
  readonly set: (patch: SimulatorPatch) => void;
};

const TRAVEL = 82;

/** The simulator's own model of the endpoint behind a `fetch`; calls and answers travel as its option `transitMs` says. */
export function createService(patch: SimulatorPatch, clock: Clock): Service {
  const world = createWorld(patch, clock);
  const stats = createStatsBook();
  const bookOf = () => createFaultBook(world.options().faults, world.options().seed);
  let faults = bookOf();
  const onCall = () => undefined;
  const idList = createIdList({ clock, world, rate: createRate(), stats, faults: () => faults, onCall });
  let legs = 0;
  const travel = async (signal: AbortSignal) => {
    const { latency, seed } = world.options();
    legs += 1;
    if (latency.transitMs > 0) await clock.sleep(latency.transitMs * chance(seed, legs, TRAVEL), signal);
  };
  const answer = async (input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> => {
    const signal = init?.signal ?? new AbortController().signal;
    await travel(signal);
    const api = /\/v3\/([^/]+)\/id_list$/.exec(urlOf(input))?.[1] ?? '';
    const instant = { mono: clock.monotonic(), at: world.now() };
    const authorization = new Headers(init?.headers).get('authorization') ?? undefined;
    const body = () => Promise.resolve(typeof init?.body === 'string' ? init.body : '');
    const { http, headers, chunks } = await idList({ api, instant, authorization, body }, signal);
    await travel(signal);
    const date = new Date(world.now()).toUTCString();
    return new Response([...chunks].join(''), { status: http, headers: { ...headers, date } });
  };
  return {
    fetch: answer,
    stats: () => stats.read(world.options().rate.periodMs),
    set: (change) => {
      world.set(change);
      if (change.faults !== undefined) faults = bookOf();
    },
  };
}

function urlOf(input: Parameters<typeof fetch>[0]): string {
  if (typeof input === 'string') return input;
  return input instanceof URL ? input.href : input.url;
}
