-- Many nodes share a ledger; letters between them; objects too large for a row.

create table nodes_of_2 (
  id integer not null primary key,
  name text not null unique check (length(name) between 1 and 100),
  epoch integer not null,
  state text not null check (state in ('up', 'draining', 'down')),
  version text not null,
  started_at integer not null,
  seen_at integer not null,
  lease_ms integer not null
) strict;

insert into nodes_of_2 (id, name, epoch, state, version, started_at, seen_at, lease_ms)
select id, 'embedded', epoch, 'down', '', started_at, started_at, 0
from nodes;

drop table nodes;

alter table nodes_of_2 rename to nodes;

alter table task_runs drop column owner_epoch;

-- What one node asks of a run that another node owns.
create table letters (
  id blob not null primary key check (length(id) = 16),
  workspace text not null check (length(workspace) between 1 and 64),
  run_id blob not null check (length(run_id) = 16),
  kind text not null check (kind in ('event', 'cancel', 'kill')),
  name text not null,
  payload text not null,
  sent_at integer not null,
  answer text,
  answered_at integer
) strict, without rowid;

create index letters_unanswered on letters (run_id, workspace, id)
  where answered_at is null;
create index letters_answered on letters (answered_at)
  where answered_at is not null;

-- What is removed with its run.
create index letters_run on letters (workspace, run_id);
create index task_runs_ended on task_runs (ended_at, id)
  where ended_at is not null;

-- What lies in the object store, by the run it belongs to.
create table objects (
  workspace text not null check (length(workspace) between 1 and 64),
  id blob not null check (length(id) = 16),
  run_id blob not null check (length(run_id) = 16),
  kind text not null check (kind in ('payload', 'checkpoint')),
  bytes integer not null,
  created_at integer not null,
  primary key (workspace, id)
) strict, without rowid;

create index objects_run on objects (workspace, run_id);
