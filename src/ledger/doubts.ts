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
  /** @returns The doubt's number and whether it is new; the same doubt is recorded once. */
  readonly record: (doubt: Doubt, seenAt: number) => { readonly id: number; readonly isNew: boolean };
};

/** Wherever the server contradicted itself (glossary, "doubt"). */
export function createDoubtBook(database: Db): DoubtBook {
  const insert = database.prepare(
    `insert into doubt (api, kind, since, until, task_id, seen_at, call, detail, fingerprint) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (fingerprint) do nothing`,
  );
  const find = database.prepare<[string], number>('select id from doubt where fingerprint = ?').pluck();
  return {
    record: (doubt, seenAt) => {
      const since = doubt.range === undefined ? null : toSeconds(doubt.range.since);
      const until = doubt.range === undefined ? null : toSeconds(doubt.range.until);
      const fingerprint = fingerprintOf(doubt, since, until);
      const { api, kind, detail } = doubt;
      const taskId = doubt.taskId ?? null;
      const written = insert.run(
        api,
        kind,
        since,
        until,
        taskId,
        toSeconds(seenAt),
        doubt.call ?? null,
        detail,
        fingerprint,
      );
      return { id: find.get(fingerprint) ?? 0, isNew: written.changes === 1 };
    },
  };
}

/** A task's doubt is the same whatever its details; a quarantined row is known by its raw text alone. */
function fingerprintOf(doubt: Doubt, since: number | null, until: number | null): string {
  const what = doubt.kind === 'quarantined' ? doubt.detail : `${since ?? ''}|${until ?? ''}|${doubt.taskId ?? ''}`;
  return createHash('sha256').update(`${doubt.api}|${doubt.kind}|${what}`).digest('base64url').slice(0, 22);
}
