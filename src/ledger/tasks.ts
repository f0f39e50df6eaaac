import { mergeTask, newTask, type KnownTask, type MetadataState, type Sighting } from '../domain/merge-task.ts';
import type { ListedTask, TaskState } from '../domain/task.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { formatWireTime } from '../time.ts';
import type { Db } from './database.ts';
import type { Dictionary } from './dictionary.ts';
import { likenessOf } from './likeness.ts';
import { toMs, toMsOrNull, toSeconds, toSecondsOrNull } from './seconds.ts';
import type { Sums, Summand } from './sums.ts';

/** The circumstances of a page, for each of its rows. */
export type PageSighting = Sighting & {
  readonly api: number;
  /** The server's clock, epoch ms. */
  readonly seenAt: number;
  /** The newest call that has begun: answers to it or to older ones are stale from now on. */
  readonly newestCall: number;
};

type SavedTask = {
  /** The row's number in the ledger. */
  readonly n: number;
  readonly isNew: boolean;
  readonly altered: boolean;
  readonly reverted: boolean;
  /** It is known under another posted time: which one the server means cannot be told. */
  readonly moved: boolean;
};

export type TaskStore = {
  readonly save: (listed: ListedTask, sighting: PageSighting) => SavedTask;
  /** Seconds of a range in which tasks were posted that have finished and whose metadata is not held. */
  readonly bareSeconds: (api: number, range: TimeRange) => TimeRange[];
  /** Marks tasks whose metadata is still awaited although it has left the month; that counts as a change of theirs. */
  readonly loseMetadata: (lost: LostMetadata) => void;
};

/** Writes tasks as a page lists them (I3). Call it inside the page's transaction, and flush the sums before its end. */
export function createTaskStore(database: Db, dictionary: Dictionary, sums: Sums): TaskStore {
  const sql = statements(database);
  const liken = (n: number, endpoint: number, metadata: string | null) => {
    if (metadata === null) sql.unlike.run(n);
    else sql.liken.run(n, likenessOf(endpoint, metadata));
  };
  const insert = (listed: ListedTask, sighting: PageSighting): SavedTask => {
    const task = newTask(listed, sighting);
    const url = dictionary.url(listed.url, listed.endpoint);
    const status = dictionary.status(listed.status, listed.statusCode);
    const postedAt = toSeconds(listed.postedAt);
    const { lastInsertRowid } = sql.insert.run(
      listed.id, sighting.api, url, postedAt, unusual(listed.postedText, listed.postedAt),
      toSecondsOrNull(task.doneAt), unusual(task.doneText, task.doneAt), status, task.state, task.costMicros,
      task.tag, task.target, task.metadataState, toSeconds(sighting.seenAt), sighting.newestCall, task.extra, task.metadata,
    ); // prettier-ignore
    const n = Number(lastInsertRowid);
    const endpoint = sql.endpointOf.get(url) ?? 0;
    sums.add({ ...task, api: sighting.api, endpoint, postedAt, status });
    liken(n, endpoint, task.metadata);
    return { n, isNew: true, altered: true, reverted: false, moved: false };
  };
  const update = (row: TaskRow, listed: ListedTask, sighting: PageSighting): SavedTask => {
    const known = knownTask(row, sql.statusOf.get(row.status) ?? null);
    const { next, changes, altered, reverted } = mergeTask(known, listed, sighting);
    const saved = { n: row.n, isNew: false, altered, reverted, moved: toSeconds(listed.postedAt) !== row.posted_at };
    if (!altered) return saved;
    const seenAt = toSeconds(sighting.seenAt);
    const status = next.status === known.status ? row.status : dictionary.status(next.status, listed.statusCode);
    sql.update.run(
      toSecondsOrNull(next.doneAt), unusual(next.doneText, next.doneAt), status, next.state, next.costMicros, next.tag,
      next.target, next.metadataState, seenAt, sighting.newestCall, next.extra, next.metadata, row.n,
    ); // prettier-ignore
    for (const change of changes) {
      sql.change.run(row.n, seenAt, sighting.callId, change.field, change.old, change.new);
    }
    const fixed = { api: row.api, endpoint: sql.endpointOf.get(row.url) ?? 0, postedAt: row.posted_at };
    sums.remove({ ...known, ...fixed, status: row.status });
    sums.add({ ...next, ...fixed, status });
    if (next.metadata !== known.metadata) liken(row.n, fixed.endpoint, next.metadata);
    return saved;
  };
  return {
    save: (listed, sighting) => {
      const row = sql.select.get(listed.id);
      return row === undefined ? insert(listed, sighting) : update(row, listed, sighting);
    },
    bareSeconds: (api, { since, until }) =>
      sql.bare
        .all(api, toSeconds(since), toSeconds(until))
        .map((second) => ({ since: toMs(second), until: toMs(second + 1) })),
    loseMetadata: createMetadataLoser(database, sums),
  };
}

type TaskRow = {
  readonly n: number;
  readonly api: number;
  readonly url: number;
  readonly posted_at: number;
  readonly done_at: number | null;
  readonly done_text: string | null;
  readonly status: number;
  readonly state: TaskState;
  readonly cost_micros: number | null;
  readonly tag: string | null;
  readonly target: string | null;
  readonly metadata_state: MetadataState;
  readonly changed_call: number;
  readonly extra: string | null;
  readonly metadata: string | null;
};

function knownTask(row: TaskRow, status: string | null): KnownTask {
  const doneAt = toMsOrNull(row.done_at);
  return {
    status,
    state: row.state,
    doneAt,
    doneText: row.done_text ?? (doneAt === null ? null : formatWireTime(doneAt)),
    costMicros: row.cost_micros,
    metadata: row.metadata,
    metadataState: row.metadata_state,
    tag: row.tag,
    target: row.target,
    extra: row.extra,
    changedCall: row.changed_call,
  };
}

/** The text is kept only where it cannot be worked out from the second. */
function unusual(text: string | null, at: number | null): string | null {
  return text !== null && at !== null && text === formatWireTime(at) ? null : text;
}

function statements(database: Db) {
  return {
    bare: database
      .prepare<[number, number, number], number>(
        `select distinct posted_at from task
         where api = ? and posted_at >= ? and posted_at < ? and metadata_state <> 'held' and state <> 'pending'`,
      )
      .pluck(),
    // Without a join: SQLite would plan that anew for each row, which takes ten times as long as to find it.
    select: database.prepare<[string], TaskRow>(
      `select n, api, url, posted_at, done_at, done_text, status, state, cost_micros, tag, target, metadata_state, changed_call,
         extra, metadata
       from task where id = ?`,
    ),
    insert: database.prepare(
      `insert into task (id, api, url, posted_at, posted_text, done_at, done_text, status, state, cost_micros, tag, target,
         metadata_state, first_seen_at, changed_call, extra, metadata)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    update: database.prepare(
      `update task set done_at = ?, done_text = ?, status = ?, state = ?, cost_micros = ?, tag = ?, target = ?,
         metadata_state = ?, changed_at = ?, changed_call = ?, extra = ?, metadata = ? where n = ?`,
    ),
    change: database.prepare(
      'insert into task_change (task, seen_at, call, field, old, new) values (?, ?, ?, ?, ?, ?)',
    ),
    // A number that a task deleted by hand had may be given again, and what that was like is still there.
    unlike: database.prepare<[number]>('delete from likeness where task = ?'),
    liken: database.prepare<[number, number]>('insert or replace into likeness (task, digest) values (?, ?)'),
    endpointOf: database.prepare<[number], number>('select endpoint from url where id = ?').pluck(),
    statusOf: database.prepare<[number], string | null>('select status from status where id = ?').pluck(),
  };
}

/** So many tasks a call, that a transaction stays short; those that are left have their turn at the next one. */
const MOST_MARKED = 5_000;

/** The metadata that can no longer be had: of tasks of `api` posted before `edge`. Both instants are epoch ms. */
type LostMetadata = { readonly api: number; readonly edge: number; readonly now: number };

type AwaitedRow = {
  readonly n: number;
  readonly endpoint: number;
  readonly posted_at: number;
  readonly state: TaskState;
  readonly status: number;
  readonly tag: string | null;
  readonly target: string | null;
  readonly cost_micros: number | null;
};

function createMetadataLoser(database: Db, sums: Sums): TaskStore['loseMetadata'] {
  const awaited = database.prepare<[number, number, number], AwaitedRow>(
    `select task.n, url.endpoint, task.posted_at, task.state, task.status, task.tag, task.target, task.cost_micros
     from task join url on url.id = task.url
     where task.metadata_state = 'pending' and task.api = ? and task.posted_at < ? limit ?`,
  );
  const mark = database.prepare(`update task set metadata_state = 'lost', changed_at = ? where n = ?`);
  return ({ api, edge, now }) => {
    for (const row of awaited.all(api, toSeconds(edge), MOST_MARKED)) {
      mark.run(toSeconds(now), row.n);
      const summand: Summand = {
        api,
        endpoint: row.endpoint,
        postedAt: row.posted_at,
        state: row.state,
        status: row.status,
        metadataState: 'pending',
        tag: row.tag,
        target: row.target,
        costMicros: row.cost_micros,
      };
      sums.remove(summand);
      sums.add({ ...summand, metadataState: 'lost' });
    }
  };
}
