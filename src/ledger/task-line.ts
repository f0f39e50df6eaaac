import type { MetadataState } from '../domain/merge-task.ts';
import type { TaskLine } from '../domain/report.ts';
import type { TaskState } from '../domain/task.ts';
import { toMs, toMsOrNull } from './seconds.ts';

/** Of `task`, `api`, `endpoint` and `status`, joined under these names. */
export const LINE_COLUMNS = `task.n, task.id, api.name as api, endpoint.name as endpoint, task.posted_at, task.done_at,
  status.status, status.code, task.state, task.cost_micros, task.tag, task.target, task.metadata_state`;

export type LineRow = {
  readonly n: number;
  readonly id: string;
  readonly api: string;
  readonly endpoint: string;
  readonly posted_at: number;
  readonly done_at: number | null;
  readonly status: string | null;
  readonly code: number | null;
  readonly state: TaskState;
  readonly cost_micros: number | null;
  readonly tag: string | null;
  readonly target: string | null;
  readonly metadata_state: MetadataState;
};

export function lineOf(row: LineRow): TaskLine {
  return {
    id: row.id,
    api: row.api,
    endpoint: row.endpoint,
    postedAt: toMs(row.posted_at),
    doneAt: toMsOrNull(row.done_at),
    status: row.status,
    statusCode: row.code,
    state: row.state,
    costMicros: row.cost_micros,
    tag: row.tag,
    target: row.target,
    metadataState: row.metadata_state,
  };
}
