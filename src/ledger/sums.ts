import type { MetadataState } from '../domain/merge-task.ts';
import type { TaskState } from '../domain/task.ts';
import type { Db } from './database.ts';

/** What of a task enters the sums. `endpoint` and `api` are numbers of the dictionary. */
export type Summand = {
  readonly api: number;
  readonly endpoint: number;
  readonly postedAt: number; // epoch seconds
  readonly state: TaskState;
  readonly metadataState: MetadataState;
  readonly tag: string | null;
  readonly costMicros: number | null;
};

/** Costs by day and by tag and the tally, gathered over a page and written once, in the page's own transaction. */
export type Sums = {
  readonly add: (summand: Summand) => void;
  readonly remove: (summand: Summand) => void;
  readonly flush: () => void;
  /** Drops what was gathered for a transaction that was rolled back. */
  readonly forget: () => void;
};

type Delta = { readonly summand: Summand; readonly day: number; tasks: number; micros: number };

const DAY_SECONDS = 86_400;

export function createSums(database: Db): Sums {
  const write = statements(database);
  const byDay = new Map<string, Delta>();
  const byTag = new Map<string, Delta>();
  const tally = new Map<string, Delta>();
  const gather = (summand: Summand, sign: 1 | -1) => {
    const day = Math.floor(summand.postedAt / DAY_SECONDS);
    const { api, endpoint, state, metadataState, tag } = summand;
    addTo(byDay, `${day}|${api}|${endpoint}|${state}`, { summand, day, sign });
    // A tag may hold any character, so it goes last, and its absence cannot be mistaken for the empty one.
    addTo(byTag, `${day}|${api}|${metadataState}|${tag === null ? '' : `=${tag}`}`, { summand, day, sign });
    addTo(tally, `${api}|${state}|${metadataState}`, { summand, day, sign });
  };
  const forget = () => {
    for (const deltas of [byDay, byTag, tally]) deltas.clear();
  };
  return {
    add: (summand) => gather(summand, 1),
    remove: (summand) => gather(summand, -1),
    flush: () => {
      for (const delta of changed(byDay)) write.day(delta);
      for (const delta of changed(byTag)) write.tag(delta);
      for (const delta of changed(tally)) write.tally(delta);
      forget();
    },
    forget,
  };
}

function addTo(deltas: Map<string, Delta>, key: string, of: { summand: Summand; day: number; sign: 1 | -1 }): void {
  let delta = deltas.get(key);
  if (delta === undefined) {
    delta = { summand: of.summand, day: of.day, tasks: 0, micros: 0 };
    deltas.set(key, delta);
  }
  delta.tasks += of.sign;
  delta.micros += of.sign * (of.summand.costMicros ?? 0);
}

function changed(deltas: Map<string, Delta>): Delta[] {
  return [...deltas.values()].filter((delta) => delta.tasks !== 0 || delta.micros !== 0);
}

function statements(database: Db) {
  const day = database.prepare(
    `insert into day_cost (day, api, endpoint, state, tasks, cost_micros) values (?, ?, ?, ?, ?, ?)
     on conflict (day, api, endpoint, state)
     do update set tasks = tasks + excluded.tasks, cost_micros = cost_micros + excluded.cost_micros`,
  );
  const tag = database.prepare(
    `insert into tag_cost (day, api, metadata_state, tag, tasks, cost_micros) values (?, ?, ?, ?, ?, ?)
     on conflict (day, api, metadata_state, ifnull(tag, x''))
     do update set tasks = tasks + excluded.tasks, cost_micros = cost_micros + excluded.cost_micros`,
  );
  const tally = database.prepare(
    `insert into tally (api, state, metadata_state, tasks) values (?, ?, ?, ?)
     on conflict (api, state, metadata_state) do update set tasks = tasks + excluded.tasks`,
  );
  return {
    day: ({ summand: { api, endpoint, state }, ...delta }: Delta) =>
      day.run(delta.day, api, endpoint, state, delta.tasks, delta.micros),
    tag: ({ summand: { api, metadataState, tag: name }, ...delta }: Delta) =>
      tag.run(delta.day, api, metadataState, name, delta.tasks, delta.micros),
    tally: ({ summand: { api, state, metadataState }, ...delta }: Delta) =>
      tally.run(api, state, metadataState, delta.tasks),
  };
}
