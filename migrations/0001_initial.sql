-- Tables are private and named in the singular; the views, in the plural, are what people and scripts may rely on
-- (README, "Views"). Instants are epoch seconds by the server's clock unless the name says otherwise. The views use
-- nothing newer than SQLite 3.40, so that any shell can read them.

create table meta (
  key text primary key,
  value text not null
) strict, without rowid;

create table api (
  id integer primary key,
  name text not null unique
) strict;

-- Where each window begins for us. What left before `origin` was gone before this ledger was born.
create table frontier (
  api integer not null references api,
  grade text not null check (grade in ('ids', 'metadata')),
  origin integer not null,
  accounted_until integer not null, -- losses before this second are on record
  guessed integer not null default 1, -- 1: reckoned before the server's clock was known for sure
  primary key (api, grade)
) strict, without rowid;

-- How far back the server refused to go: proof that its window is narrower than this.
create table refused_width (
  id integer primary key,
  api integer not null references api,
  grade text not null check (grade in ('ids', 'metadata')),
  width integer not null, -- seconds
  seen_at integer not null,
  call integer not null
) strict;

-- What the server has shown of itself where its documentation is silent, with the call that showed it first.
create table fact (
  api integer not null references api,
  name text not null check (name in ('filter')),
  value text not null,
  seen_at integer not null,
  call integer not null,
  primary key (api, name)
) strict, without rowid;

create table endpoint (
  id integer primary key,
  name text not null unique
) strict;

create table url (
  id integer primary key,
  url text unique,
  endpoint integer not null references endpoint
) strict;

create table status (
  id integer primary key,
  status text unique,
  code integer
) strict;

create table task (
  n integer primary key,
  id text not null unique,
  api integer not null references api,
  url integer not null references url,
  posted_at integer not null,
  posted_text text, -- only where it is not the usual writing of posted_at
  done_at integer,
  done_text text, -- likewise
  status integer not null references status,
  state text not null check (state in ('finished', 'empty', 'partial', 'failed', 'pending')),
  cost_micros integer,
  tag text,
  target text,
  metadata_state text not null check (metadata_state in ('held', 'pending', 'none', 'lost')),
  first_seen_at integer not null,
  changed_at integer, -- null: as first seen
  changed_call integer not null, -- the newest call that had begun then; an answer to it or to an older one is stale
  extra text,
  metadata text -- last, so that reading the other columns never touches its overflow pages
) strict;

-- People filter by time alone, so the API comes second.
create index task_by_posted on task (posted_at, api);
create index task_by_done on task (done_at);
create index task_unfinished on task (posted_at) where state = 'pending';
create index task_failed on task (posted_at) where state = 'failed';
create index task_without_metadata on task (api, posted_at) where metadata_state = 'pending';

create table task_change (
  id integer primary key,
  task integer not null references task,
  seen_at integer not null,
  call integer not null,
  field text not null check (field in ('status', 'done', 'cost')),
  old text,
  new text
) strict;

create index task_change_by_task on task_change (task);

-- Three sums, kept in the transaction of each page.
create table tally (
  api integer not null references api,
  state text not null,
  metadata_state text not null,
  tasks integer not null,
  primary key (api, state, metadata_state)
) strict, without rowid;

create table day_cost (
  day integer not null, -- days since 1970-01-01, UTC
  api integer not null references api,
  endpoint integer not null references endpoint,
  state text not null,
  tasks integer not null,
  cost_micros integer not null,
  primary key (day, api, endpoint, state)
) strict, without rowid;

create table tag_cost (
  id integer primary key,
  day integer not null,
  api integer not null references api,
  metadata_state text not null,
  tag text,
  tasks integer not null,
  cost_micros integer not null
) strict;

-- A tag may be any text, also the empty one: a blob stands for "none" in the key.
create unique index tag_cost_key on tag_cost (day, api, metadata_state, ifnull(tag, x''));

create table boot (
  id integer primary key,
  name text not null unique
) strict;

-- The journal: a row is durable before its request leaves.
create table call (
  id integer primary key autoincrement,
  walk integer not null,
  api integer not null references api,
  purpose text not null,
  grade text not null,
  since integer not null,
  until integer not null,
  row_offset integer not null,
  row_limit integer not null,
  sent_at integer not null,
  sent_wall_ms real not null,
  sent_mono_ms real not null,
  wall_offset_ms real not null, -- wall less monotonic clock; a jump of it betrays a step of the wall clock
  boot integer not null references boot,
  period_ms real not null, -- of the budget with which its token's return was reckoned
  answered_at integer,
  answered_wall_ms real,
  token_back_mono_ms real,
  http_status integer,
  code any,
  message text,
  rows integer,
  throttled integer not null default 0
) strict;

create index call_unanswered on call (id) where token_back_mono_ms is null;
create index call_by_token on call (boot, token_back_mono_ms);
create index call_throttled on call (id) where throttled = 1;
create index call_failed on call (id) where answered_at is not null and code is not 20000;

-- A slice being read, and afterwards the evidence of its reading. Its bounds and grade never change.
create table walk (
  id integer primary key autoincrement,
  api integer not null references api,
  purpose text not null,
  grade text not null check (grade in ('ids', 'metadata')),
  since integer not null,
  until integer not null check (until > since),
  row_limit integer not null, -- rows a page; halved when pages prove too large, and raised again
  failed_limit integer, -- what proved too large last: tried again only when some pages below it have succeeded
  pages_since_failed integer not null default 0,
  opening integer not null, -- 0, or how many pages a walk into the unknown may take; given up when its first page shows more
  started_at integer not null,
  first_page_at integer, -- the server's clock when the first page of the present reading was answered

  reading integer not null default 1,
  next_offset integer not null default 0,
  pages integer not null default 0,
  rows integer not null default 0, -- rows received in this reading, overlaps included
  link text, -- key of the last row: the next page must begin with it
  link_posted_at integer,
  ordered integer not null default 1, -- 1: posted times have not descended so far
  doubtful text not null default '[]', -- [[since, until], …]: where links broke or ids came twice
  flaws text not null default '[]', -- what made this reading unsound as a whole
  finished_rows integer not null default 0,
  described_rows integer not null default 0, -- of those, with metadata
  previous_length integer, -- of the reading before
  first_posted_at integer,
  last_posted_at integer,

  failures integer not null default 0, -- in a row
  retry_at integer,
  failure text,

  finished_at integer,
  outcome text check (outcome in ('covered', 'given_up', 'halved', 'expired', 'shifted', 'dropped')),
  length integer, -- the server's own count of the slice and its two margins
  distinct_rows integer, -- ids posted inside the slice
  digest text, -- sum mod 2^128 of the ids' SHA-256, of the ids posted inside the slice
  first_call integer,
  last_call integer,
  calls integer not null default 0,
  doubts integer not null default 0
) strict;

create index walk_open on walk (since) where finished_at is null;
create index walk_cut_short on walk (api) where outcome in ('given_up', 'expired');

-- What the present slice has listed: positive: task.n, negative: -doubt.id of a quarantined row.
create table walk_row (
  walk integer not null references walk,
  row integer not null,
  occurrence integer not null, -- 1, but for rows without id that one page lists more than once: the first, the second, …
  reading integer not null,
  primary key (walk, row, occurrence)
) strict, without rowid;

-- Disjoint stretches of each API and the walk that proves them.
create table segment (
  api integer not null references api,
  since integer not null,
  until integer not null check (until > since),
  grade text not null check (grade in ('ids', 'metadata')),
  walk integer not null references walk, -- the latest reading
  settled_at integer,
  rows integer not null, -- ids that the reading listed in this stretch
  digest text not null, -- as in walk, of these ids
  primary key (api, since)
) strict, without rowid;

create table gap (
  api integer not null references api,
  since integer not null,
  until integer not null,
  grade text not null,
  expires_at integer not null,
  as_of integer not null,
  primary key (api, grade, since)
) strict, without rowid;

create table loss (
  id integer primary key,
  api integer not null references api,
  since integer not null,
  until integer not null check (until > since),
  grade text not null check (grade in ('ids', 'metadata')),
  lost_at integer not null,
  reason text not null
) strict;

create table doubt (
  id integer primary key autoincrement,
  api integer not null references api,
  kind text not null,
  since integer,
  until integer,
  task_id text,
  seen_at integer not null,
  call integer,
  detail text not null,
  fingerprint text not null unique -- the same doubt is recorded once
) strict;

create index doubt_by_range on doubt (api, kind, until) where task_id is null;

-- The daemon's own word on what it is doing, for other processes.
create table daemon (
  id integer primary key check (id = 1),
  state text not null,
  reason text not null,
  until integer,
  at integer not null,
  pid integer not null,
  version text not null
) strict;

create view tasks as
select
  task.id as id,
  api.name as api,
  endpoint.name as endpoint,
  url.url as url,
  ifnull(task.posted_text, strftime('%Y-%m-%d %H:%M:%S +00:00', task.posted_at, 'unixepoch')) as datetime_posted,
  ifnull(task.done_text, strftime('%Y-%m-%d %H:%M:%S +00:00', task.done_at, 'unixepoch')) as datetime_done,
  task.posted_at as posted_at,
  task.done_at as done_at,
  status.status as status,
  status.code as status_code,
  task.state as state,
  task.cost_micros / 1e6 as cost,
  task.cost_micros as cost_micros,
  task.tag as tag,
  task.target as target,
  task.metadata as metadata,
  task.metadata_state as metadata_state,
  task.extra as extra,
  task.first_seen_at as first_seen_at,
  ifnull(task.changed_at, task.first_seen_at) as changed_at
from task
join api on api.id = task.api
join url on url.id = task.url
join endpoint on endpoint.id = url.endpoint
join status on status.id = task.status;

create view costs_by_day as
select
  api.name as api,
  endpoint.name as endpoint,
  date(day_cost.day * 86400, 'unixepoch') as day,
  day_cost.state as state,
  day_cost.tasks as tasks,
  day_cost.cost_micros / 1e6 as cost,
  day_cost.cost_micros as cost_micros
from day_cost
join api on api.id = day_cost.api
join endpoint on endpoint.id = day_cost.endpoint
where day_cost.tasks <> 0;

create view costs_by_tag as
select
  api.name as api,
  tag_cost.tag as tag,
  tag_cost.metadata_state as metadata_state,
  date(tag_cost.day * 86400, 'unixepoch') as day,
  tag_cost.tasks as tasks,
  tag_cost.cost_micros / 1e6 as cost,
  tag_cost.cost_micros as cost_micros
from tag_cost
join api on api.id = tag_cost.api
where tag_cost.tasks <> 0;

create view coverage as
select
  api.name as api,
  segment.since as since,
  segment.until as until,
  segment.grade as grade,
  walk.finished_at as read_at,
  segment.settled_at as settled_at,
  walk.calls as calls,
  segment.rows as rows,
  segment.digest as digest,
  walk.doubts as doubts
from segment
join api on api.id = segment.api
join walk on walk.id = segment.walk;

create view gaps as
select api.name as api, gap.since as since, gap.until as until, gap.grade as grade, gap.expires_at as expires_at, gap.as_of as as_of
from gap
join api on api.id = gap.api;

create view losses as
select api.name as api, loss.since as since, loss.until as until, loss.grade as grade, loss.lost_at as lost_at, loss.reason as reason
from loss
join api on api.id = loss.api;

create view doubts as
select
  doubt.id as id,
  api.name as api,
  doubt.kind as kind,
  doubt.since as since,
  doubt.until as until,
  doubt.task_id as task_id,
  doubt.seen_at as seen_at,
  doubt.detail as detail
from doubt
join api on api.id = doubt.api;

create view calls as
select
  call.id as id,
  api.name as api,
  call.purpose as purpose,
  call.since as since,
  call.until as until,
  call.row_offset as row_offset,
  call.row_limit as row_limit,
  call.sent_at as sent_at,
  call.answered_at as answered_at,
  call.http_status as http_status,
  call.code as code,
  call.rows as rows
from call
join api on api.id = call.api;

create view task_changes as
select task.id as task_id, task_change.seen_at as seen_at, task_change.field as field, task_change.old as old, task_change.new as new
from task_change
join task on task.n = task_change.task;
