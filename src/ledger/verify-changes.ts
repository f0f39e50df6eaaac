import { formatWireTime } from '../time.ts';
import type { Db } from './database.ts';
import { toMs } from './seconds.ts';
import type { VerifyScene } from './verify.ts';

type ChangeRow = {
  readonly task: number;
  readonly id: string;
  readonly field: 'status' | 'done' | 'cost';
  readonly old: string | null;
  readonly new: string | null;
  readonly changed_at: number | null;
  readonly status: string | null;
  readonly done_at: number | null;
  readonly done_text: string | null;
  readonly cost_micros: number | null;
};

/** Each change begins with the value that the one before it left, and the last one with what the task has now (I3). */
export function* verifyChanges({ database, findings }: VerifyScene): Generator<void> {
  let task: ChangeRow | null = null;
  let last = new Map<ChangeRow['field'], string | null>();
  const complain = (text: string) => findings.problem('changes', text);
  const closeTask = () => {
    if (task !== null) for (const text of flawsOfTask(task, last)) complain(text);
  };
  for (const change of changes(database).iterate()) {
    findings.count('changes');
    if (task?.task !== change.task) {
      closeTask();
      last = new Map();
    }
    task = change;
    const before = last.get(change.field);
    if (before !== undefined && before !== change.old)
      complain(
        `The ${change.field} of task ${change.id} changed from ${quoted(change.old)}, but it had been ${quoted(before)}.`,
      );
    last.set(change.field, change.new);
    yield;
  }
  closeTask();
}

function* flawsOfTask(task: ChangeRow, last: ReadonlyMap<ChangeRow['field'], string | null>): Generator<string> {
  for (const [field, value] of last) {
    const now = valueOf(task, field);
    if (now !== value) yield `The ${field} of task ${task.id} changed to ${quoted(value)} last, but is ${quoted(now)}.`;
  }
  if (task.changed_at === null) yield `Task ${task.id} has a history, but counts as never changed.`;
}

function valueOf(task: ChangeRow, field: ChangeRow['field']): string | null {
  switch (field) {
    case 'status':
      return task.status;
    case 'done':
      return task.done_text ?? (task.done_at === null ? null : formatWireTime(toMs(task.done_at)));
    case 'cost':
      return task.cost_micros === null ? null : String(task.cost_micros / 1e6);
  }
}

function quoted(value: string | null): string {
  return value === null ? 'nothing' : `"${value}"`;
}

/** In the order of the index, so nothing is sorted. */
function changes(database: Db) {
  return database.prepare<[], ChangeRow>(
    `select task_change.task, task.id, field, old, new, task.changed_at, status.status, task.done_at, task.done_text,
       task.cost_micros
     from task_change join task on task.n = task_change.task left join status on status.id = task.status
     order by task_change.task, task_change.id`,
  );
}
