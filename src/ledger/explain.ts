import type { Explanation, FirstListing, Question, TaskStory } from '../domain/explanation.ts';
import type { MetadataState } from '../domain/merge-task.ts';
import type { Cutting } from '../domain/plan.ts';
import type { TaskState } from '../domain/task.ts';
import type { Db } from './database.ts';
import { callMade, explainMoment, openScene, type CallRow, type ExplainScene } from './explain-moment.ts';
import { isoOf, isoOrNull } from './in-words.ts';
import { toMs, toSeconds } from './seconds.ts';

export type ExplainTerms = {
  /** The APIs of the settings; those that the ledger has begun to read are told in any case. */
  readonly apis: readonly string[];
  readonly lagMs: number;
  readonly cutting: Cutting;
};

/** Which call covered a task or a moment, and when, or why none did; one reading transaction, beside a daemon or without one. */
export function explain(database: Db, question: Question, terms: ExplainTerms): Explanation {
  return database.transaction(() => answer(openScene(database, terms), question))();
}

function answer(scene: ExplainScene, question: Question): Explanation {
  const at = isoOf(toSeconds(scene.cutting.now));
  switch (question.kind) {
    case 'task':
      return { kind: 'task', id: question.id, at, task: storyOf(scene, question.id) };
    case 'moment': {
      const apis = scene.apis.map((api) => explainMoment(scene, api, question.at));
      return { kind: 'moment', moment: isoOf(toSeconds(question.at)), at, apis };
    }
  }
}

type TaskRow = {
  readonly n: number;
  readonly id: string;
  readonly api: string;
  readonly endpoint: string;
  readonly url: string | null;
  readonly posted_at: number;
  readonly done_at: number | null;
  readonly status: string | null;
  readonly state: TaskState;
  readonly cost: number | null;
  readonly tag: string | null;
  readonly target: string | null;
  readonly metadata_state: MetadataState;
  readonly first_seen_at: number;
  readonly own_changed_at: number | null;
};

function storyOf(scene: ExplainScene, id: string): TaskStory | null {
  const { database } = scene;
  const task = database
    .prepare<[string], TaskRow>(
      `select task.n, tasks.id, tasks.api, tasks.endpoint, tasks.url, tasks.posted_at, tasks.done_at, tasks.status, tasks.state,
         tasks.cost, tasks.tag, tasks.target, tasks.metadata_state, tasks.first_seen_at, task.changed_at as own_changed_at
       from task join tasks on tasks.id = task.id where task.id = ?`,
    )
    .get(id);
  if (task === undefined) return null;
  return {
    api: task.api,
    endpoint: task.endpoint,
    url: task.url,
    postedAt: isoOf(task.posted_at),
    doneAt: isoOrNull(task.done_at),
    status: task.status,
    state: task.state,
    cost: task.cost,
    tag: task.tag,
    target: task.target,
    metadataState: task.metadata_state,
    firstSeenAt: isoOf(task.first_seen_at),
    changedAt: isoOrNull(task.own_changed_at),
    firstListed: firstListing(database, task),
    posted: explainMoment(scene, task.api, toMs(task.posted_at)),
    changes: changesOf(database, task.n),
    doubts: doubtsOf(database, id),
  };
}

/** So far apart the journal and the row may have seen one second of the server's clock. */
const CLOCK_GRAIN_SECONDS = 3;

/**
 * A row keeps the second in which it was first seen, not its call: the call that was answered then, of a slice that holds the
 * task by either of its times (the bounds are asked a second wider).
 */
function firstListing(database: Db, task: TaskRow): FirstListing | null {
  const seen = task.first_seen_at;
  const calls = database
    .prepare<(number | string | null)[], CallRow & { walk: number; purpose: string; apart: number }>(
      `select call.id, sent_at, answered_at, row_offset, rows, walk, purpose, abs(answered_at - ?) as apart
       from call join api on api.id = call.api
       where api.name = ? and code is 20000 and rows > 0 and answered_at between ? and ?
         and (? between since - 2 and until + 2 or ? between since - 2 and until + 2)
       order by apart, call.id`,
    )
    .all(seen, task.api, seen - CLOCK_GRAIN_SECONDS, seen + CLOCK_GRAIN_SECONDS, task.posted_at, task.done_at);
  const first = calls[0];
  if (first === undefined) return null;
  const sameSecond = calls.filter((call) => call.walk === first.walk && call.apart === first.apart);
  return { walk: first.walk, purpose: first.purpose, calls: sameSecond.map(callMade) };
}

type ChangeRow = {
  readonly seen_at: number;
  readonly field: string;
  readonly old: string | null;
  readonly new: string | null;
};

function changesOf(database: Db, n: number): TaskStory['changes'] {
  return database
    .prepare<[number], ChangeRow>('select seen_at, field, old, new from task_change where task = ? order by id')
    .all(n)
    .map(({ seen_at: seenAt, field, old, new: next }) => ({ seenAt: isoOf(seenAt), field, old, new: next }));
}

function doubtsOf(database: Db, id: string): TaskStory['doubts'] {
  return database
    .prepare<[string], { kind: string; seen_at: number; detail: string }>(
      'select kind, seen_at, detail from doubt where task_id = ? order by id',
    )
    .all(id)
    .map(({ kind, seen_at: seenAt, detail }) => ({ kind, seenAt: isoOf(seenAt), detail }));
}
