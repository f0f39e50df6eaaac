import type { ReportFilter, RetrievableLine } from '../../domain/report.ts';
import { daysKept } from '../../domain/retrievable.ts';
import type { Db } from '../database.ts';
import { toSeconds } from '../seconds.ts';
import type { Piece } from './pieces.ts';
import { taskLines } from './task-lines.ts';

const DAY_MS = 86_400_000;

/**
 * Tasks whose result the server still keeps, what leaves first at the front. Reckoned from when a task was posted, which is the
 * earliest that it can be, so what is promised holds. Only of tasks that have a result: finished, or finished in part.
 *
 * @param now - The server's clock, epoch ms.
 */
export function* retrievable(database: Db, filter: ReportFilter, now: number): Generator<RetrievableLine> {
  const asked = askedOf(database, filter, now);
  if (asked === null) return;
  for (const line of taskLines(database, asked.filter, { order: 'oldest_first', also: asked.also }))
    yield { ...line, until: line.postedAt + daysKept(line.endpoint) * DAY_MS };
}

/** The tasks whose result the server still keeps, as a filter and a condition beside it; null: it keeps none of any. */
export function askedOf(database: Db, filter: ReportFilter, now: number): { filter: ReportFilter; also: Piece } | null {
  const kept = database
    .prepare<[], { id: number; name: string }>('select id, name from endpoint')
    .all()
    .flatMap(({ id, name }) => {
      const days = daysKept(name);
      return days === 0 ? [] : [{ id, days }];
    });
  if (kept.length === 0) return null;
  const oldest = now - Math.max(...kept.map(({ days }) => days)) * DAY_MS;
  // The plus keeps SQLite from searching by this border instead of by the one that moves from page to page.
  const conditions = kept.map(() => '(url.endpoint = ? and +task.posted_at > ?)').join(' or ');
  const also = {
    sql: `task.state in ('finished', 'partial') and (${conditions})`,
    values: kept.flatMap(({ id, days }) => [id, toSeconds(now - days * DAY_MS)]),
  };
  return { filter: { ...filter, since: Math.max(filter.since ?? oldest, oldest) }, also };
}
