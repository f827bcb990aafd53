-- What tasks keep between their runs, and what runs and calls have used.
create table task_state (
  workspace text not null check (length(workspace) between 1 and 64),
  task_name text not null check (length(task_name) between 1 and 100),
  key text not null check (length(key) between 1 and 200),
  value text not null,
  version integer not null check (version > 0),
  updated_at integer not null,
  primary key (workspace, task_name, key)
) strict, without rowid;

alter table task_runs add column used_calls integer not null default 0;
alter table task_runs add column used_bytes integer not null default 0;
alter table task_runs add column used_tokens integer not null default 0;
alter table task_runs add column used_cost_micros integer not null default 0;
-- Attempts that failed, and what the provider counted, as JSON.
alter table stack_runs add column failures integer not null default 0;
alter table stack_runs add column usage text;
