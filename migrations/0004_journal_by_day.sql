-- What the oldest calls add up to (src/ledger/fold-journal.ts): one by one they would fill the disk, a minute at a time.
create table call_day (
  day integer not null, -- days since 1970-01-01, UTC, of sent_at
  api integer not null references api,
  purpose text not null,
  calls integer not null,
  failed integer not null, -- ended in anything but a page
  throttled integer not null,
  rows integer not null,
  primary key (day, api, purpose)
) strict, without rowid;

create index call_by_walk on call (walk);

create view calls_by_day as
select
  api.name as api,
  date(every_call.day * 86400, 'unixepoch') as day,
  every_call.purpose as purpose,
  sum(every_call.calls) as calls,
  sum(every_call.failed) as failed,
  sum(every_call.throttled) as throttled,
  sum(every_call.rows) as rows
from (
  select day, api, purpose, calls, failed, throttled, rows from call_day
  union all
  select sent_at / 86400, api, purpose, 1, code is not 20000, throttled, ifnull(rows, 0) from call
) as every_call
join api on api.id = every_call.api
group by every_call.day, every_call.api, every_call.purpose;
