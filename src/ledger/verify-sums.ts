import { counted } from '../domain/wording.ts';
import type { Db } from './database.ts';
import type { Findings } from './verify-findings.ts';
import type { VerifiedTask } from './verify-tasks.ts';
import { DAY_SECONDS } from './seconds.ts';

/** Adds up the tasks anew, day by day, and holds the result against the sums that the ledger keeps. */
export type SumCheck = {
  /** Tasks come by posted time. */
  readonly take: (task: VerifiedTask) => void;
  readonly end: () => void;
};

type Sum = { tasks: number; micros: number };
type SumRow = { readonly key: string; readonly tasks: number; readonly micros: number };
type ByKey = Map<string, Sum>;
type Kept = { readonly day: number; readonly byDay: ByKey; readonly byTag: ByKey; readonly byTarget: ByKey };

export function createSumCheck(database: Db, findings: Findings): SumCheck {
  const sql = statements(database);
  const tally = new Map<string, Sum>();
  let kept: Kept | null = null;
  let next = Number.NEGATIVE_INFINITY;
  const compare = (what: string, added: ReadonlyMap<string, Sum>, rows: readonly SumRow[]) => {
    findings.count('sums', rows.length);
    for (const text of differences(added, rows)) findings.problem('sums', `The sum of ${what}, ${text}.`);
  };
  const closeDay = ({ day, byDay, byTag, byTarget }: Kept) => {
    const date = dateOf(day);
    compare(`costs by day of ${date}`, byDay, sql.day.all(day));
    compare(`costs by tag of ${date}`, byTag, sql.tag.all(day));
    compare(`costs by target of ${date}`, byTarget, sql.target.all(day));
  };
  /** Days on which sums are kept, and no task was posted. */
  const closeEmptyDays = (until: number) => {
    for (const day of sql.days.all(next, until, next, until, next, until)) closeDay(nothingOn(day));
  };
  const closeUntil = (day: number) => {
    if (kept !== null) closeDay(kept);
    closeEmptyDays(day);
    next = day + 1;
  };
  return {
    take: (task) => {
      const day = Math.floor(task.posted_at / DAY_SECONDS);
      if (kept?.day !== day) {
        closeUntil(day);
        kept = nothingOn(day);
      }
      const { api, endpoint, state, status, metadata_state: metadataState, tag, target } = task;
      const what = `endpoint ${endpoint}, ${state}, status ${status}`;
      add(kept.byDay, `api ${api}, ${what}, ${metadataState}`, task);
      add(kept.byTag, `api ${api}, ${metadataState}, ${tag === null ? 'no tag' : `tag "${tag}"`}, ${what}`, task);
      add(kept.byTarget, `api ${api}, ${metadataState}, ${target === null ? 'no target' : `target "${target}"`}`, task);
      add(tally, `api ${api}, ${state}, ${metadataState}`, { ...task, cost_micros: 0 });
    },
    end: () => {
      closeUntil(Number.MAX_SAFE_INTEGER);
      compare('all tasks', tally, sql.tally.all());
    },
  };
}

function nothingOn(day: number): Kept {
  return { day, byDay: new Map(), byTag: new Map(), byTarget: new Map() };
}

function add(sums: Map<string, Sum>, key: string, task: Pick<VerifiedTask, 'cost_micros'>): void {
  const sum = sums.get(key);
  if (sum === undefined) {
    sums.set(key, { tasks: 1, micros: task.cost_micros ?? 0 });
    return;
  }
  sum.tasks += 1;
  sum.micros += task.cost_micros ?? 0;
}

function* differences(added: ReadonlyMap<string, Sum>, rows: readonly SumRow[]): Generator<string> {
  const left = new Map(added);
  for (const { key, tasks, micros } of rows) {
    const sum = left.get(key) ?? { tasks: 0, micros: 0 };
    left.delete(key);
    if (sum.tasks !== tasks || sum.micros !== micros) yield differing(key, { tasks, micros }, sum);
  }
  for (const [key, sum] of left) yield differing(key, { tasks: 0, micros: 0 }, sum);
}

function differing(key: string, kept: Sum, added: Sum): string {
  return `${key}, is kept as ${inWords(kept)}, the tasks make ${inWords(added)}`;
}

function inWords({ tasks, micros }: Sum): string {
  return `${counted(tasks, 'task')} for ${micros / 1e6} dollars`;
}

function dateOf(day: number): string {
  return new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, 10);
}

function statements(database: Db) {
  return {
    day: database.prepare<[number], SumRow>(
      `select 'api ' || api || ', ' || ${WHAT} || ', ' || metadata_state as key, tasks, cost_micros as micros
       from day_cost where day = ?`,
    ),
    tag: database.prepare<[number], SumRow>(
      `select 'api ' || api || ', ' || metadata_state || ', ' || iif(tag = x'', 'no tag', 'tag "' || tag || '"') || ', ' || ${WHAT} as key,
         tasks, cost_micros as micros from tag_cost where day = ?`,
    ),
    target: database.prepare<[number], SumRow>(
      `select 'api ' || api || ', ' || metadata_state || ', ' || iif(target = x'', 'no target', 'target "' || target || '"') as key,
         tasks, cost_micros as micros from target_cost where day = ?`,
    ),
    tally: database.prepare<[], SumRow>(
      `select 'api ' || api || ', ' || state || ', ' || metadata_state as key, tasks, 0 as micros from tally`,
    ),
    days: database
      .prepare<[number, number, number, number, number, number], number>(
        ['day_cost', 'tag_cost', 'target_cost']
          .map((table) => `select day from ${table} where day >= ? and day < ? and (tasks <> 0 or cost_micros <> 0)`)
          .join(' union ') + ' order by day',
      )
      .pluck(),
  };
}

const WHAT = `'endpoint ' || endpoint || ', ' || state || ', status ' || status`;
