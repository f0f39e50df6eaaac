import type { SimulatorPatch } from '../src/simulator/options.ts';
import { median, type BenchPlan, type Figure } from './figure.ts';
import { backfillInProcess, REAL_TERMS, type Terms } from './in-process.ts';

const HOUR_MS = 3_600_000;
/** So many calls a period that no slice near an edge has to be short. */
const RICH_TERMS: Terms = { calls: 1_000, periodMs: 60_000 };

const SHAPES: readonly { readonly what: string; readonly patch: SimulatorPatch }[] = [
  { what: 'uniform', patch: { arrivals: 'uniform' } },
  { what: 'bursty', patch: { arrivals: 'bursty' } },
  { what: 'heavy-tailed', patch: { arrivals: 'heavy_tailed' } },
  { what: '6,000 in a minute', patch: { arrivals: 'crowded_minute', crowdTasks: 6_000 } },
  { what: '6,000 in a second', patch: { arrivals: 'crowded_second', crowdTasks: 6_000 } },
  {
    what: '6,000 in a second, reshuffled',
    patch: { arrivals: 'crowded_second', crowdTasks: 6_000, listing: { ties: 'reshuffled' } },
  },
  { what: 'sparse', patch: { arrivals: 'sparse' } },
];

/** Accounts of less than this are measured by the calls above the floor: a share of twenty calls says little. */
const SMALL = 20_000;

/** Calls of a first backfill over the floor of a thousand tasks a call. */
export async function* benchCalls({ isQuick, wants }: BenchPlan): AsyncIterable<Figure> {
  const seeds = isQuick ? [1] : [1, 2, 3];
  if (wants('empty')) yield* above('empty account', { tasks: 0 }, seeds);
  if (wants('uniform')) for (const tasks of [100, 5_000]) yield* above(`uniform, ${tasks} tasks`, { tasks }, seeds);
  const shapes = SHAPES.filter(({ what }) => wants(what));
  for (const { what, patch } of shapes) yield* above(`${what}, 19,000 tasks`, { ...patch, tasks: 19_000 }, seeds);
  const tasks = isQuick ? 200_000 : 1_000_000;
  for (const { what, patch } of shapes) yield* over(what, { ...patch, tasks }, [1]);
  if (wants('uniform')) yield* over('uniform, 1,000 calls a minute', { tasks }, [1], RICH_TERMS);
}

/** @returns Calls for listing, and those that the server refused because they asked for more than its window. */
async function measure(
  patch: SimulatorPatch,
  terms: Terms,
): Promise<{ calls: number; refused: number; floor: number }> {
  const { tasks = 0 } = patch;
  const { result, stats } = await backfillInProcess(
    { newestAgoMs: HOUR_MS, metadata: { bytes: 100 }, ...patch },
    terms,
  );
  if (result.newTasks !== tasks) throw new Error(`${result.newTasks} of ${tasks} tasks were found.`);
  return { calls: result.calls, refused: stats.perCode['40501'] ?? 0, floor: Math.ceil(tasks / 1_000) };
}

async function* above(what: string, patch: SimulatorPatch, seeds: readonly number[]): AsyncIterable<Figure> {
  const runs = await all(patch, seeds, REAL_TERMS);
  const more = runs.map(({ calls, floor }) => calls - floor);
  yield { what: `calls above the floor: ${what}, median`, value: median(more), unit: 'calls' };
  const target = (patch.tasks ?? 0) < SMALL ? { target: { atMost: 4 } } : {};
  yield { what: `calls above the floor: ${what}, worst`, value: Math.max(...more), unit: 'calls', ...target };
  const listing = Math.max(...runs.map(({ calls, refused, floor }) => calls - refused - floor));
  yield { what: `… without the calls that found the window's edges, worst`, value: listing, unit: 'calls', ...target };
}

async function* over(
  what: string,
  patch: SimulatorPatch,
  seeds: readonly number[],
  terms: Terms = REAL_TERMS,
): AsyncIterable<Figure> {
  const runs = await all(patch, seeds, terms);
  const ratios = runs.map(({ calls, floor }) => calls / floor);
  const name = `calls over the floor: ${what}, ${patch.tasks ?? 0} tasks`;
  yield { what: `${name}, median`, value: median(ratios), unit: '' };
  yield { what: `${name}, worst`, value: Math.max(...ratios), unit: '', target: { atMost: 1.03 } };
}

async function all(patch: SimulatorPatch, seeds: readonly number[], terms: Terms) {
  const runs = [];
  for (const seed of seeds) runs.push(await measure({ ...patch, seed }, terms));
  return runs;
}
