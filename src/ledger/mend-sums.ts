import type { Db } from './database.ts';

/**
 * Adds up all tasks anew in the place of the kept sums. A task that was deleted by hand and read again has been counted twice,
 * and no page that is saved later would ever put that right. The caller holds the transaction.
 */
export function mendSums(database: Db): void {
  database.exec(`
    delete from tally;
    insert into tally (api, state, metadata_state, tasks)
      select api, state, metadata_state, count(*) from task group by 1, 2, 3;
    delete from day_cost;
    insert into day_cost (day, api, endpoint, state, tasks, cost_micros)
      select ${DAY}, task.api, url.endpoint, task.state, count(*), sum(ifnull(task.cost_micros, 0))
      from task join url on url.id = task.url group by 1, 2, 3, 4;
    delete from tag_cost;
    insert into tag_cost (day, api, metadata_state, tag, tasks, cost_micros)
      select ${DAY}, api, metadata_state, tag, count(*), sum(ifnull(cost_micros, 0)) from task group by 1, 2, 3, 4;
  `);
}

/** Rounded down also before 1970. */
const DAY = '(posted_at - ((posted_at % 86400) + 86400) % 86400) / 86400';
