-- What the operator was told of (LEDGER_ALERT_URL), so that a restart neither repeats nor forgets it.
create table alert (
  kind text not null check (kind in ('parked', 'behind', 'loss_ahead', 'doubt', 'disk')),
  api text not null, -- empty where it concerns the whole account
  since integer not null,
  seen_at integer not null,
  clear_since integer, -- null while it holds
  told integer not null check (told in (0, 1, 2)), -- the worst severity that was told; 0: none yet
  told_at integer,
  count integer not null, -- as many doubts were told of
  primary key (kind, api)
) strict, without rowid;

-- What the receiver of alerts has not taken yet.
create table alert_letter (
  n integer primary key,
  id text not null unique,
  body text not null,
  made_at integer not null -- by this machine's clock
) strict;
