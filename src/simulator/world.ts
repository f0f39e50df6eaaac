import type { Clock } from '../time.ts';
import { type Arrivals, arrivedInFlow, createTimeline } from './arrivals.ts';
import { createTaskModel, seedOf, type TaskModel } from './model.ts';
import { patchOptions, type SimulatorOptions, type SimulatorPatch } from './options.ts';
import { hash32 } from './random.ts';

const FLICKER = 70;

/** The simulated account: its options, its clock, its tasks. All that changes here is the options and who arrived since. */
export type World = {
  readonly options: () => SimulatorOptions;
  /** The simulated clock, epoch ms. */
  readonly now: () => number;
  readonly set: (patch: unknown) => void;
  /** Posts so many tasks at this moment, all in the current second. */
  readonly post: (api: string, count: number) => void;
  /** Null for an API without tasks. */
  readonly model: (api: string) => TaskModel | null;
  /** Indices of the tasks that are hidden from a call. */
  readonly hidden: (model: TaskModel, call: { readonly number: number; readonly at: number }) => ReadonlySet<number>;
};

export function createWorld(patch: SimulatorPatch, clock: Clock): World {
  let options = patchOptions(null, patch);
  const now = () => clock.now() + options.skewMs;
  let startedAt = options.startedAt ?? now();
  const live = new Map<string, readonly Arrivals[]>();
  const models = new Map<string, TaskModel>();

  const flow = (firstIndex: number, firstAt: number): Arrivals => ({
    kind: 'flow',
    firstIndex,
    firstAt,
    perMinute: options.tasksPerMinute,
  });
  const liveOf = (api: string) => live.get(api) ?? [flow(options.tasks, startedAt)];
  const model = (api: string): TaskModel | null => {
    if (!options.apis.some((known) => known === api)) return null;
    const known = models.get(api);
    if (known !== undefined) return known;
    const seed = seedOf(options, api);
    const built = createTaskModel(api, options, seed, createTimeline(options, seed, startedAt, liveOf(api)));
    models.set(api, built);
    return built;
  };
  /** Ends the current flow at `at`, so that whatever comes next begins with the next index. */
  const nextIndex = (api: string, at: number): number => {
    const last = liveOf(api).at(-1);
    if (last === undefined) return options.tasks;
    return last.firstIndex + (last.kind === 'burst' ? last.count : arrivedInFlow(last, seedOf(options, api), at));
  };
  const set = (change: unknown): void => {
    const next = patchOptions(options, change);
    const rebuilt = next.seed !== options.seed || next.tasks !== options.tasks || next.startedAt !== options.startedAt;
    const at = now();
    const begun = options.apis.map((api) => [api, nextIndex(api, at)] as const);
    const before = new Map(options.apis.map((api) => [api, liveOf(api)]));
    const changedFlow = next.tasksPerMinute !== options.tasksPerMinute;
    options = next;
    models.clear();
    if (rebuilt) live.clear();
    if (rebuilt) startedAt = options.startedAt ?? startedAt;
    if (rebuilt || !changedFlow) return;
    for (const [api, index] of begun) live.set(api, [...(before.get(api) ?? []), flow(index, at)]);
  };
  const post = (api: string, count: number): void => {
    const at = now();
    const firstIndex = nextIndex(api, at);
    live.set(api, [...liveOf(api), { kind: 'burst', firstIndex, firstAt: at, count }, flow(firstIndex + count, at)]);
    models.delete(api);
  };
  return { options: () => options, now, set, post, model, hidden: (of, call) => hiddenTasks(options, of, call) };
}

function hiddenTasks(
  { listing }: SimulatorOptions,
  model: TaskModel,
  call: { readonly number: number; readonly at: number },
): ReadonlySet<number> {
  const round = Math.floor(call.number / listing.flickerEveryCalls);
  const size = Math.max(1, model.countBefore(call.at + 1));
  const flickering = Array.from(
    { length: listing.flickerTasks },
    (_, k) => hash32(model.seed ^ round, k, FLICKER) % size,
  );
  return new Set([...listing.hidden, ...flickering]);
}
