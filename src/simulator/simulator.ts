import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Clock } from '../time.ts';
import { createFaultBook } from './faults.ts';
import type { SimulatedCall } from './id-list.ts';
import { listPage } from './listing.ts';
import { type SimulatorOptions, type SimulatorPatch } from './options.ts';
import { windowEdge } from './question.ts';
import { createRate } from './rate.ts';
import { rowAt, type SimulatedTask, taskAt, type WireRow } from './rows.ts';
import { createSimulatorServer } from './server.ts';
import { createStatsBook, type SimulatorStats } from './stats.ts';
import { createWorld } from './world.ts';

export type Simulator = {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The options now in force. */
  readonly options: SimulatorOptions;
  /**
   * Changes anything but the port while it runs; groups are merged key by key, lists replaced. A change of `seed` or `tasks` makes other tasks.
   *
   * @throws {SimulatorOptionsError} and then nothing has changed.
   */
  readonly set: (patch: SimulatorPatch) => void;
  /** Posts so many tasks of an API in the current second. */
  readonly post: (api: string, count: number) => void;
  /** Every task posted by now, by index, so by posted time; what is true, not what is listed. Needs no memory. */
  readonly tasks: (api: string) => Iterable<SimulatedTask>;
  /** What `id_list` lists of [fromAt, toAt] at the moment `at` (default: now), ascending, with metadata; no window, no budget, no call. */
  readonly rows: (
    api: string,
    range: { readonly fromAt: number; readonly toAt: number; readonly at?: number },
  ) => WireRow[];
  /** The oldest `datetime_from` that is answered now, with (`metadata`) or without (`ids`) metadata; epoch ms. */
  readonly windowEdge: (grade: 'ids' | 'metadata') => number;
  readonly stats: () => SimulatorStats;
  /** Ends every connection, hanging calls too. */
  readonly close: () => Promise<void>;
};

/**
 * Serves a strict, seeded model of `POST /v3/{api}/id_list` and of `GET /v3/appendix/user_data` on 127.0.0.1 over real HTTP.
 *
 * @param setup.clock - Its `now` is the simulated clock less `skewMs`, its `monotonic` counts the budget, its `sleep` makes answers slow.
 * @param setup.onCall - Called for each call that the budget lets through, before it is worked on.
 * @throws {SimulatorOptionsError} Options that make no sense, all problems at once.
 */
export async function startSimulator(
  setup: SimulatorPatch & { readonly clock: Clock; readonly onCall?: (call: SimulatedCall) => void },
): Promise<Simulator> {
  const { clock, onCall = () => undefined, ...patch } = setup;
  const world = createWorld(patch, clock);
  const stats = createStatsBook();
  let faults = createFaultBook(world.options().faults, world.options().seed);
  const set = (change: unknown): void => {
    world.set(change);
    const { faults: rules, seed } = world.options();
    if (hasFaults(change)) faults = createFaultBook(rules, seed);
  };
  const tasks = function* (api: string): Iterable<SimulatedTask> {
    const model = world.model(api);
    const end = model?.countBefore(world.now() + 1) ?? 0;
    for (let index = 0; index < end && model !== null; index += 1) yield taskAt(model, world.options(), index);
  };
  const rows: Simulator['rows'] = (api, { fromAt, toAt, at = world.now() }) => {
    const model = world.model(api);
    if (model === null) return [];
    const options = world.options();
    const hidden = new Set(options.listing.hidden);
    const asked = { fromAt, toAt, descending: false, offset: 0, limit: Infinity, now: at, call: 0, hidden };
    return listPage(model, options.listing, asked).map((index) =>
      rowAt(model, options, index, { now: at, metadata: true }),
    );
  };
  const readStats = () => stats.read(world.options().rate.periodMs);
  const control = { options: world.options, set, stats: readStats, tasks, post: world.post };
  const closing = new AbortController();
  const desk = { clock, world, rate: createRate(), stats, faults: () => faults, onCall };
  const server = createSimulatorServer(desk, control, closing.signal);
  server.listen(world.options().port, '127.0.0.1');
  await once(server, 'listening');
  const closed = new Promise<void>((resolve) => {
    server.once('close', () => resolve());
  });
  return {
    url: urlOf(server),
    get options() {
      return world.options();
    },
    set,
    post: world.post,
    tasks,
    rows,
    windowEdge: (grade) => windowEdge(world.options().windows, grade, world.now()),
    stats: readStats,
    close: () => {
      closing.abort();
      server.close();
      server.closeAllConnections();
      return closed;
    },
  };
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The simulator has no port.');
  return `http://127.0.0.1:${address.port}`;
}

function hasFaults(patch: unknown): boolean {
  return typeof patch === 'object' && patch !== null && 'faults' in patch;
}
