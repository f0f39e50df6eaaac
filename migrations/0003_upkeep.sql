-- Stretches that showed something new or changed when they were read again: they are read once more at `due_at`, and no longer
-- kept once a reading finds nothing. Disjoint.
create table recheck (
  api integer not null references api,
  since integer not null,
  until integer not null check (until > since),
  due_at integer not null check (due_at > until),
  walk integer not null references walk, -- the reading that found it
  primary key (api, since)
) strict, without rowid;

-- Rows a page, of APIs whose whole pages proved too large; readings that begin anew each time start with it.
create table page_limit (
  api integer primary key references api,
  row_limit integer not null check (row_limit between 2 and 1000),
  failed_limit integer check (failed_limit > row_limit),
  pages_since_failed integer not null
) strict;

-- Tasks that a walk added or changed.
alter table walk add column found integer not null default 0;
