-- Sums that tell more apart, so that no report but one by target and something else has to read the tasks. All are of days since
-- 1970-01-01, UTC. Where a tag or a target may be missing, an empty blob stands for none: it may itself be any text, also the empty one.
drop view costs_by_day;
drop view costs_by_tag;
drop table day_cost;
drop table tag_cost;

create table day_cost (
  day integer not null,
  api integer not null references api,
  endpoint integer not null references endpoint,
  state text not null,
  status integer not null references status,
  metadata_state text not null,
  tasks integer not null,
  cost_micros integer not null,
  primary key (day, api, endpoint, state, status, metadata_state)
) strict, without rowid;

create table tag_cost (
  day integer not null,
  api integer not null references api,
  metadata_state text not null,
  tag any not null,
  endpoint integer not null references endpoint,
  state text not null,
  status integer not null references status,
  tasks integer not null,
  cost_micros integer not null,
  primary key (day, api, metadata_state, tag, endpoint, state, status)
) strict, without rowid;

create table target_cost (
  day integer not null,
  api integer not null references api,
  metadata_state text not null,
  target any not null,
  tasks integer not null,
  cost_micros integer not null,
  primary key (day, api, metadata_state, target)
) strict, without rowid;

-- Of tasks whose metadata is held: the same number for the same endpoint and parameters (src/ledger/likeness.ts). No
-- reference: what a task that was deleted by hand leaves here does no harm, and goes when its number is given again.
create table likeness (
  task integer primary key,
  digest integer not null
) strict;

-- Each task by itself: to sort five million of them first would take a temporary file, and a container has no place for one.
insert into day_cost
select (posted_at - ((posted_at % 86400) + 86400) % 86400) / 86400, task.api, url.endpoint, task.state, task.status, task.metadata_state,
  1, ifnull(task.cost_micros, 0)
from task join url on url.id = task.url
where true
on conflict do update set tasks = tasks + 1, cost_micros = cost_micros + excluded.cost_micros;

insert into tag_cost
select (posted_at - ((posted_at % 86400) + 86400) % 86400) / 86400, task.api, task.metadata_state, ifnull(task.tag, x''), url.endpoint,
  task.state, task.status, 1, ifnull(task.cost_micros, 0)
from task join url on url.id = task.url
where true
on conflict do update set tasks = tasks + 1, cost_micros = cost_micros + excluded.cost_micros;

insert into target_cost
select (posted_at - ((posted_at % 86400) + 86400) % 86400) / 86400, api, metadata_state, ifnull(target, x''), 1, ifnull(cost_micros, 0)
from task
where true
on conflict do update set tasks = tasks + 1, cost_micros = cost_micros + excluded.cost_micros;

insert into likeness
select task.n, likeness_of(url.endpoint, task.metadata)
from task cross join url on url.id = task.url
where task.metadata is not null
order by task.n;

create view costs_by_day as
select
  api.name as api,
  endpoint.name as endpoint,
  date(sums.day * 86400, 'unixepoch') as day,
  sums.state as state,
  sums.tasks as tasks,
  sums.cost_micros / 1e6 as cost,
  sums.cost_micros as cost_micros
from (
  select day, api, endpoint, state, sum(tasks) as tasks, sum(cost_micros) as cost_micros
  from day_cost
  where tasks <> 0
  group by day, api, endpoint, state
) as sums
join api on api.id = sums.api
join endpoint on endpoint.id = sums.endpoint;

create view costs_by_tag as
select
  api.name as api,
  nullif(sums.tag, x'') as tag,
  sums.metadata_state as metadata_state,
  date(sums.day * 86400, 'unixepoch') as day,
  sums.tasks as tasks,
  sums.cost_micros / 1e6 as cost,
  sums.cost_micros as cost_micros
from (
  select day, api, metadata_state, tag, sum(tasks) as tasks, sum(cost_micros) as cost_micros
  from tag_cost
  where tasks <> 0
  group by day, api, metadata_state, tag
) as sums
join api on api.id = sums.api;
