import { originAt } from '../src/domain/gaps.ts';
import { pagesOfRows } from '../src/domain/slicing.ts';
import { createTimeline } from '../src/simulator/arrivals.ts';
import { patchOptions, type SimulatorPatch } from '../src/simulator/options.ts';
import { median, type BenchPlan, type Figure } from './figure.ts';
import { backfillInProcess, REAL_TERMS, STARTED_AT, type Terms } from './in-process.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
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
const PAGE_ROWS = 1_000;
/** Islands differ so much from one account to the next that three of them tell little. */
const MANY_SEEDS = Array.from({ length: 50 }, (_, index) => index + 1);
const ISLANDS = 'sparse';

/** Calls of a first backfill over the floor of a thousand tasks a call. */
export async function* benchCalls({ isQuick, wants }: BenchPlan): AsyncIterable<Figure> {
  const seeds = isQuick ? [1] : [1, 2, 3];
  if (wants('empty')) yield* above('empty account', { tasks: 0 }, seeds);
  if (wants('uniform')) for (const tasks of [100, 5_000]) yield* above(`uniform, ${tasks} tasks`, { tasks }, seeds);
  const shapes = SHAPES.filter(({ what }) => wants(what));
  for (const { what, patch } of shapes) {
    const ofShape = what === ISLANDS && !isQuick ? MANY_SEEDS : seeds;
    yield* above(`${what}, 19,000 tasks`, { ...patch, tasks: 19_000 }, ofShape);
  }
  const tasks = isQuick ? 200_000 : 1_000_000;
  for (const { what, patch } of shapes) yield* over(what, { ...patch, tasks }, [1]);
  if (wants('uniform')) yield* over('uniform, 1,000 calls a minute', { tasks }, [1], RICH_TERMS);
}

type Measured = {
  readonly calls: number;
  /** Of those, what the server refused because they asked for more than its window. */
  readonly refused: number;
  readonly floor: number;
  /** What a planner would need that knew every task beforehand, the widths of both windows excepted. */
  readonly informed: number;
};

async function measure(patch: SimulatorPatch, terms: Terms): Promise<Measured> {
  const { tasks = 0 } = patch;
  const account = { newestAgoMs: HOUR_MS, metadata: { bytes: 100 }, ...patch };
  const { result, stats } = await backfillInProcess(account, terms);
  if (result.newTasks !== tasks) throw new Error(`${result.newTasks} of ${tasks} tasks were found.`);
  const refused = stats.perCode['40501'] ?? 0;
  const floor = Math.ceil(tasks / PAGE_ROWS);
  return { calls: result.calls, refused, floor, informed: refused + leastPages(account, tasks) };
}

/** One walk for each of the two windows, each to its end. */
function leastPages(account: SimulatorPatch, tasks: number): number {
  const options = patchOptions(null, account);
  const { postedAt } = createTimeline(options, options.seed, STARTED_AT, []);
  const refused = { grade: 'metadata', widthMs: 31 * DAY_MS - 60_000, seenAt: STARTED_AT } as const;
  const policy = { tokens: REAL_TERMS.calls, periodMs: REAL_TERMS.periodMs, limit: PAGE_ROWS };
  const monthSince = originAt('metadata', STARTED_AT, [refused], policy);
  let older = 0;
  while (older < tasks && postedAt(older) < monthSince) older += 1;
  return pagesOfRows(older, PAGE_ROWS) + pagesOfRows(tasks - older, PAGE_ROWS);
}

async function* above(what: string, patch: SimulatorPatch, seeds: readonly number[]): AsyncIterable<Figure> {
  const runs = await all(patch, seeds, REAL_TERMS);
  const more = runs.map(({ calls, floor }) => calls - floor);
  yield { what: `calls above the floor: ${what}, median`, value: median(more), unit: 'calls' };
  const target = (patch.tasks ?? 0) < SMALL ? { target: { atMost: 4 } } : {};
  yield { what: `calls above the floor: ${what}, worst`, value: Math.max(...more), unit: 'calls', ...target };
  const listing = Math.max(...runs.map(({ calls, refused, floor }) => calls - refused - floor));
  yield { what: `… without the calls that found the window's edges, worst`, value: listing, unit: 'calls', ...target };
  const informed = Math.max(...runs.map(({ informed: least, floor }) => least - floor));
  yield { what: '… of a planner that knew every task beforehand, worst', value: informed, unit: 'calls' };
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
