import type { Db } from './database.ts';
import { defineLikeness } from './likeness.ts';
import { DAY_OF_TASK } from './seconds.ts';

/**
 * Adds up all tasks anew in the place of the kept sums, and tells anew which are alike. A task that was deleted by hand and read again
 * has been counted twice, and no page that is saved later would ever put that right. The caller holds the transaction.
 */
export function mendSums(database: Db): void {
  defineLikeness(database);
  database.exec(`
    delete from tally;
    insert into tally (api, state, metadata_state, tasks)
      select api, state, metadata_state, 1 from task where true
      on conflict do update set tasks = tasks + 1;
    delete from day_cost;
    insert into day_cost (day, api, endpoint, state, status, metadata_state, tasks, cost_micros)
      select ${DAY_OF_TASK}, task.api, url.endpoint, task.state, task.status, task.metadata_state, 1, ${COST}
      from task join url on url.id = task.url where true ${ADD};
    delete from tag_cost;
    insert into tag_cost (day, api, metadata_state, tag, endpoint, state, status, tasks, cost_micros)
      select ${DAY_OF_TASK}, task.api, task.metadata_state, ifnull(task.tag, x''), url.endpoint, task.state, task.status, 1, ${COST}
      from task join url on url.id = task.url where true ${ADD};
    delete from target_cost;
    insert into target_cost (day, api, metadata_state, target, tasks, cost_micros)
      select ${DAY_OF_TASK}, api, metadata_state, ifnull(target, x''), 1, ${COST} from task where true ${ADD};
    delete from likeness;
    insert into likeness (task, digest)
      select task.n, likeness_of(url.endpoint, task.metadata) from task cross join url on url.id = task.url
      where task.metadata is not null order by task.n;
  `);
}

const COST = 'ifnull(cost_micros, 0)';
/** One by one: to sort all tasks first would take as much room again in a temporary file. */
const ADD = 'on conflict do update set tasks = tasks + 1, cost_micros = cost_micros + excluded.cost_micros';
