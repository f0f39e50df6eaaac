import { duplicatesIn, type Posting, type Repeated } from '../../domain/duplicates.ts';
import { likenessOf } from '../../domain/parameters.ts';
import type { DuplicateGroup, DuplicateReport, ReportFilter } from '../../domain/report.ts';
import type { Db } from '../database.ts';
import { toMs } from '../seconds.ts';
import { costs } from './costs.ts';
import { secondsOf, taskConditions, type Piece } from './pieces.ts';

const DAY_MS = 86_400_000;
/** Few, so that what is not kept is gone before it would be moved to where the long-lived lie. */
const PAGE_ROWS = 500;

/**
 * Tasks with the same endpoint and parameters within a day, and the money that the repeats have cost. A failed task has brought no
 * result, so to post it again is no waste. Tasks whose metadata the ledger lacks cannot be compared.
 *
 * @param most - So many groups at most, those that wasted most.
 */
export function duplicates(database: Db, filter: ReportFilter, most: number): DuplicateReport {
  let compared = 0;
  const counted = function* () {
    for (const posting of postings(database, filter)) {
      if (filter.since === null || posting.postedAt >= filter.since) compared += 1;
      yield posting;
    }
  };
  const metadataOf = database.prepare<[number], string | null>('select metadata from task where n = ?').pluck();
  const terms = { since: filter.since, bareOf: (n: number) => likenessOf(metadataOf.get(n) ?? '{}').bare };
  const totals = { groups: 0, repeats: 0, wastedMicros: 0 };
  let groups: Repeated[] = [];
  for (const group of duplicatesIn(counted(), terms)) {
    totals.groups += 1;
    totals.repeats += group.count;
    totals.wastedMicros += group.micros;
    groups.push(group);
    // Kept short on the way, so that memory does not grow with the ledger.
    if (groups.length >= 2 * most + 1_000) groups = dearest(groups, most);
  }
  // Tasks that come meanwhile are compared and not counted.
  const unknown = Math.max(tasksWith(database, filter) - compared, 0);
  const told = teller(database);
  return { groups: dearest(groups, most).map(told), totals: { ...totals, compared, unknown } };
}

function dearest(groups: readonly Repeated[], most: number): Repeated[] {
  return groups
    .toSorted((a, b) => b.micros - a.micros || b.count - a.count || a.firstPostedAt - b.firstPostedAt)
    .slice(0, most);
}

type Named = { readonly id: string; readonly target: string | null; readonly tag: string | null };

/** Looks up what people know the tasks of a group by; only of the groups that are told. */
function teller(database: Db): (group: Repeated) => DuplicateGroup {
  const endpointOf = database.prepare<[number], string>('select name from endpoint where id = ?').pluck();
  const task = database.prepare<[number], Named>('select id, target, tag from task where n = ?');
  const named = (n: number): Named => task.get(n) ?? { id: '', target: null, tag: null };
  return ({ endpoint, first, repeats, count, micros, firstPostedAt, lastPostedAt }) => {
    const [origin, later] = [named(first), repeats.map(named)];
    return {
      endpoint: endpointOf.get(endpoint) ?? '',
      target: origin.target,
      firstId: origin.id,
      firstPostedAt,
      lastPostedAt,
      repeats: count,
      wastedMicros: micros,
      repeatedIds: later.map(({ id }) => id),
      tags: [...new Set([origin, ...later].map(({ tag }) => tag))],
    };
  };
}

/** All that could be compared if their metadata were there. */
function tasksWith(database: Db, filter: ReportFilter): number {
  const tasks = (state: ReportFilter['state']) => costs(database, { ...filter, state }, [])[0]?.tasks ?? 0;
  return filter.state === null ? tasks(null) - tasks('failed') : tasks(filter.state);
}

/** From a day before, for the tasks that later ones repeat. */
function* postings(database: Db, filter: ReportFilter): Generator<Posting> {
  const earlier = { ...filter, since: filter.since === null ? null : filter.since - DAY_MS };
  const { sql, values } = pageQuery(earlier);
  const page = database.prepare<unknown[], PostingRow>(sql).raw();
  let [lastAt, lastN] = [secondsOf(earlier).since ?? -1, -1];
  for (;;) {
    const rows = page.all(...values, lastAt, lastAt, lastN, PAGE_ROWS);
    for (const [n, endpoint, postedAt, costMicros, metadata] of rows) {
      [lastAt, lastN] = [postedAt, n];
      const { digest, bare } = likenessOf(metadata);
      yield { n, endpoint, postedAt: toMs(postedAt), costMicros, digest, bare };
    }
    if (rows.length < PAGE_ROWS) return;
  }
}

/** As an array, because a million objects take twice as long. */
type PostingRow = [n: number, endpoint: number, postedAt: number, costMicros: number, metadata: string];

function pageQuery(filter: ReportFilter): Piece {
  // The border that moves is the only one on its side (src/ledger/reports/task-lines.ts).
  const { sql, values } = taskConditions(filter, { since: null, until: secondsOf(filter).until });
  const notFailed = filter.state === null ? `task.state <> 'failed'` : 'true';
  return {
    sql: `select task.n, url.endpoint, task.posted_at, ifnull(task.cost_micros, 0), task.metadata
      from task join url on url.id = task.url
      where ${sql} and ${notFailed} and task.metadata_state = 'held' and task.metadata is not null
        and task.posted_at >= ? and (task.posted_at > ? or task.n > ?)
      order by task.posted_at, task.n limit ?`,
    values,
  };
}
