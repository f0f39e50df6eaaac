import type Database from 'better-sqlite3';
import { claim } from './failure.ts';

const SUMS = [
  {
    what: 'costs_by_day',
    kept: 'select api, endpoint, day, state, tasks, cost_micros from day_cost where tasks <> 0 order by 1, 2, 3, 4',
    added: `select task.api, url.endpoint, posted_at / 86400 as day, state, count(*) as tasks, sum(ifnull(cost_micros, 0)) as cost_micros
      from task join url on url.id = task.url group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  },
  {
    what: 'costs_by_tag',
    kept: 'select api, tag, metadata_state, day, tasks, cost_micros from tag_cost where tasks <> 0 order by 1, 2, 3, 4',
    added: `select api, tag, metadata_state, posted_at / 86400 as day, count(*) as tasks, sum(ifnull(cost_micros, 0)) as cost_micros
      from task group by 1, 2, 3, 4 order by 1, 2, 3, 4`,
  },
  {
    what: 'the tally',
    kept: 'select api, state, metadata_state, tasks from tally where tasks <> 0 order by 1, 2, 3',
    added: 'select api, state, metadata_state, count(*) as tasks from task group by 1, 2, 3 order by 1, 2, 3',
  },
] as const;

/** The kept sums are those of the tasks. */
export function checkSums(database: Database.Database): void {
  for (const { what, kept, added } of SUMS) {
    const have = database
      .prepare(kept)
      .all()
      .map((row) => JSON.stringify(row));
    const want = database
      .prepare(added)
      .all()
      .map((row) => JSON.stringify(row));
    const at = want.findIndex((row, index) => row !== have[index]);
    claim(
      at < 0 && have.length === want.length,
      () =>
        `${what} has ${have[Math.max(at, 0)] ?? 'nothing'}, the tasks add up to ${want[Math.max(at, 0)] ?? 'nothing'}.`,
    );
  }
}
