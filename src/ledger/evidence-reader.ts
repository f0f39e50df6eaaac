import type { AgedSegment } from '../domain/reread.ts';
import type { Grade } from '../domain/task.ts';
import type { Db } from './database.ts';
import { toMs } from './seconds.ts';

/** How a walk ended, and what it brought that the ledger did not know. */
type WalkFindings = {
  readonly outcome: string | null;
  /** What the last call of it that failed ended in. */
  readonly failure: string | null;
  readonly rows: number;
  /** Ids, the first of each kind. */
  readonly newTasks: readonly string[];
  readonly changedTasks: readonly string[];
  readonly unlistedTasks: readonly string[];
};

/** Evidence as it lies in the ledger, over a connection for reading. */
export type EvidenceReader = {
  /** What is covered, the oldest reading first. */
  readonly oldest: () => Iterable<AgedSegment>;
  readonly findings: (walkId: number) => WalkFindings;
};

const MOST_EXAMPLES = 10;

export function createEvidenceReader(database: Db): EvidenceReader {
  const sql = statements(database);
  return {
    oldest: function* () {
      for (const row of sql.oldest.iterate()) {
        const { api, grade, rows, since, until, seconds, read_at: readAt } = row;
        const range = { since: toMs(since), until: toMs(until) };
        yield { api, grade, ...range, readAt: toMs(readAt), rows: Math.ceil((rows * (until - since)) / seconds) };
      }
    },
    findings: (walkId) => {
      const walk = sql.walk.get(walkId);
      if (walk === undefined) throw new Error(`There is no walk ${walkId}.`);
      return {
        outcome: walk.outcome,
        failure: sql.failure.get(walkId) ?? null,
        rows: walk.rows ?? 0,
        newTasks: sql.newTasks.all(walkId, MOST_EXAMPLES),
        changedTasks: sql.changedTasks.all(walkId, MOST_EXAMPLES),
        // A task's doubt is recorded once: earlier ones of this slice count only while this reading had doubts too.
        unlistedTasks: sql.unlistedTasks.all(walkId, walk.doubts),
      };
    },
  };
}

type OldestRow = {
  readonly api: string;
  readonly grade: Grade;
  readonly since: number;
  readonly until: number;
  readonly read_at: number;
  readonly rows: number;
  readonly seconds: number;
};

function statements(database: Db) {
  return {
    oldest: database.prepare<[], OldestRow>(
      `select api.name as api, segment.grade, segment.since, segment.until, walk.finished_at as read_at,
         walk.distinct_rows as rows, walk.until - walk.since as seconds
       from segment join walk on walk.id = segment.walk join api on api.id = segment.api
       order by walk.finished_at, segment.since`,
    ),
    walk: database.prepare<[number], { outcome: string | null; rows: number | null; doubts: number }>(
      'select outcome, distinct_rows as rows, doubts from walk where id = ?',
    ),
    failure: database
      .prepare<[number], string>(
        `select ifnull(code, 'no answer') || ifnull(': ' || message, '') from call
         where walk = ? and code is not 20000 order by id desc limit 1`,
      )
      .pluck(),
    // A task is born with the newest call of that moment, and a call that is newer may change it at once.
    newTasks: database
      .prepare<[number, number], string>(
        `select task.id from walk join task on task.api = walk.api
           and task.posted_at >= walk.since - 1 and task.posted_at <= walk.until + 1
         where walk.id = ? and task.first_seen_at >= walk.started_at and task.changed_call >= walk.first_call
           and task.changed_at is null
         order by task.posted_at limit ?`,
      )
      .pluck(),
    changedTasks: database
      .prepare<[number, number], string>(
        `select task.id from walk join task on task.api = walk.api
           and task.posted_at >= walk.since - 1 and task.posted_at <= walk.until + 1
         where walk.id = ? and task.changed_at >= walk.started_at and task.changed_call >= walk.first_call
         order by task.posted_at limit ?`,
      )
      .pluck(),
    unlistedTasks: database
      .prepare<[number, number], string>(
        `select doubt.task_id from walk join doubt on doubt.api = walk.api and doubt.kind = 'unlisted'
           join task on task.id = doubt.task_id and task.posted_at >= walk.since and task.posted_at < walk.until
         where walk.id = ? order by doubt.seen_at desc, doubt.task_id limit ?`,
      )
      .pluck(),
  };
}
