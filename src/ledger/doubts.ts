import { createHash } from 'node:crypto';
import type { TimeRange } from '../domain/time-range.ts';
import type { DoubtKind } from '../domain/walk.ts';
import type { Db } from './database.ts';
import { toSeconds } from './seconds.ts';

export type Doubt = {
  readonly api: number;
  readonly kind: DoubtKind;
  readonly range?: TimeRange;
  readonly taskId?: string | null;
  readonly call?: number;
  /** For people; the raw row for `quarantined`. */
  readonly detail: string;
};

export type DoubtBook = {
  /**
   * The same doubt is recorded once: of a task by API, kind and id, of a quarantined row by its raw text, of a stretch by
   * API and kind, so that a doubt seen again over a range that has slid on makes the first one wider.
   *
   * @returns The doubt's number and whether it is new.
   */
  readonly record: (doubt: Doubt, seenAt: number) => { readonly id: number; readonly isNew: boolean };
};

/** Wherever the server contradicted itself (glossary, "doubt"). */
export function createDoubtBook(database: Db): DoubtBook {
  const sql = statements(database);
  return {
    record: (doubt, seenAt) => {
      const { api, kind, detail, range } = doubt;
      const taskId = doubt.taskId ?? null;
      const since = range === undefined ? null : toSeconds(range.since);
      const until = range === undefined ? null : toSeconds(range.until);
      if (taskId === null && since !== null && until !== null) {
        const reach = REACH_SECONDS[kind] ?? 0;
        const known = sql.near.get(api, kind, since - reach, until + reach);
        if (known !== undefined) {
          sql.widen.run(since, until, known);
          return { id: known, isNew: false };
        }
      }
      const fingerprint = fingerprintOf(doubt, since, until);
      const at = toSeconds(seenAt);
      const written = sql.insert.run(api, kind, since, until, taskId, at, doubt.call ?? null, detail, fingerprint);
      return { id: sql.find.get(fingerprint) ?? 0, isNew: written.changes === 1 };
    },
  };
}

/** A server that leaves metadata out brings a stretch without it at every reading of the tail; where exactly, the losses tell. */
const REACH_SECONDS: Partial<Record<DoubtKind, number>> = { no_metadata: 3_600 };

function fingerprintOf({ api, kind, taskId, detail }: Doubt, since: number | null, until: number | null): string {
  const what = kind === 'quarantined' ? detail : (taskId ?? `${since ?? ''}|${until ?? ''}`);
  return createHash('sha256').update(`${api}|${kind}|${what}`).digest('base64url').slice(0, 22);
}

function statements(database: Db) {
  return {
    insert: database.prepare(
      `insert into doubt (api, kind, since, until, task_id, seen_at, call, detail, fingerprint) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (fingerprint) do nothing`,
    ),
    find: database.prepare<[string], number>('select id from doubt where fingerprint = ?').pluck(),
    near: database
      .prepare<[number, string, number, number], number>(
        `select id from doubt where task_id is null and api = ? and kind = ? and until >= ? and since <= ? limit 1`,
      )
      .pluck(),
    widen: database.prepare('update doubt set since = min(since, ?), until = max(until, ?) where id = ?'),
  };
}
