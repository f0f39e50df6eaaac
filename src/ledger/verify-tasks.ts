import { classifyStatus } from '../domain/codes.ts';
import type { MetadataState } from '../domain/merge-task.ts';
import type { TaskState } from '../domain/task.ts';
import type { Db } from './database.ts';
import { likenessOf } from './likeness.ts';
import type { VerifyScene } from './verify.ts';
import { misdescriptionsIn } from './verify-described.ts';
import { createSumCheck } from './verify-sums.ts';

export type VerifiedTask = {
  readonly id: string;
  readonly posted_at: number;
  readonly api: number;
  readonly endpoint: number;
  readonly status: number;
  readonly state: TaskState;
  readonly metadata_state: MetadataState;
  readonly tag: string | null;
  readonly target: string | null;
  readonly cost_micros: number | null;
  readonly is_done: number;
  readonly metadata: string | null;
  /** As the report of duplicates has it. */
  readonly digest: number | null;
};

/** Each task's fields agree with each other, and all of them together with the sums of costs. */
export function* verifyTasks({ database, findings }: VerifyScene): Generator<void> {
  const statuses = readStatuses(database);
  for (const text of misreadStatuses(statuses)) findings.problem('tasks', text);
  const sums = createSumCheck(database, findings);
  for (const task of allTasks(database).iterate()) {
    findings.count('tasks');
    for (const text of contradictionsIn(task, statuses)) findings.problem('tasks', `Task ${task.id} ${text}.`);
    if (!isLikenessKept(task))
      findings.problem('sums', `Task ${task.id} is kept as like others than those with its endpoint and parameters.`);
    sums.take(task);
    yield;
  }
  sums.end();
}

type Status = { readonly id: number; readonly status: string | null; readonly code: number | null };

function readStatuses(database: Db): ReadonlyMap<number, Status> {
  const all = database.prepare<[], Status>('select id, status, code from status').all();
  return new Map(all.map((status) => [status.id, status]));
}

function misreadStatuses(statuses: ReadonlyMap<number, Status>): string[] {
  return [...statuses.values()]
    .filter(({ status, code }) => classifyStatus(status, false).statusCode !== code)
    .map(
      ({ status, code }) => `The status "${status ?? ''}" has the code ${code ?? 'none'}, which is not what it says.`,
    );
}

function contradictionsIn(task: VerifiedTask, statuses: ReadonlyMap<number, Status>): string[] {
  const found: string[] = [];
  const isHeld = task.metadata_state === 'held';
  if (isHeld !== (task.metadata !== null))
    found.push(
      isHeld ? 'should have its metadata, and has none' : `has metadata, though it counts as ${task.metadata_state}`,
    );
  if (task.metadata !== null) found.push(...misdescriptionsIn({ ...task, metadata: task.metadata }));
  else if (task.tag !== null || task.target !== null)
    found.push('has a tag or a target without the metadata that they come from');
  const status = statuses.get(task.status)?.status ?? null;
  if (!agrees(task, status)) found.push(`is ${task.state}, though its status is "${status ?? ''}"`);
  return found;
}

function isLikenessKept(task: VerifiedTask): boolean {
  const { metadata, endpoint, digest } = task;
  return metadata === null ? digest === null : digest === likenessOf(endpoint, metadata);
}

/** A row without status that names its completion finishes a task, whatever status an earlier row gave it. */
function agrees({ state, is_done: isDone }: VerifiedTask, status: string | null): boolean {
  if (classifyStatus(status, isDone === 1).state === state) return true;
  return isDone === 1 && state === 'finished';
}

/** By posted time, so that the sums of a day are complete when the next day begins. */
function allTasks(database: Db) {
  return database.prepare<[], VerifiedTask>(
    `select task.id, posted_at, api, url.endpoint, status, state, metadata_state, tag, target, cost_micros,
       done_at is not null or done_text is not null as is_done, metadata, likeness.digest
     from task left join url on url.id = task.url left join likeness on likeness.task = task.n order by posted_at`,
  );
}
