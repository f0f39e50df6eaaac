-- APIs that are refused until a person acts, while others are read. A page of one ends it; a restart does not.
create table refused_api (
  api integer primary key references api,
  since integer not null, -- the first refusal in a row
  until integer not null, -- when it is asked again
  code text not null,
  reason text not null
) strict;

-- A stretch that counted as lost, because the server listed its tasks without metadata, and that a later reading has with
-- metadata: the record stays, and says so.
alter table loss add column regained_at integer;
alter table loss add column regained_by integer references walk;

drop view losses;
create view losses as
select api.name as api, loss.since as since, loss.until as until, loss.grade as grade, loss.lost_at as lost_at, loss.reason as reason
from loss
join api on api.id = loss.api
where loss.regained_at is null;

create view losses_regained as
select api.name as api, loss.since as since, loss.until as until, loss.grade as grade, loss.lost_at as lost_at, loss.reason as reason,
  loss.regained_at as regained_at
from loss
join api on api.id = loss.api
where loss.regained_at is not null;
