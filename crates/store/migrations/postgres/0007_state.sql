-- What tasks keep between their runs, and what runs and calls have used.
create table task_state (
  workspace text collate "C" not null check (length(workspace) between 1 and 64),
  task_name text collate "C" not null check (length(task_name) between 1 and 100),
  key text collate "C" not null check (length(key) between 1 and 200),
  value text collate "C" not null,
  version bigint not null check (version > 0),
  updated_at bigint not null,
  primary key (workspace, task_name, key)
) with (fillfactor = 80);

alter table task_runs add column used_calls bigint not null default 0;
alter table task_runs add column used_bytes bigint not null default 0;
alter table task_runs add column used_tokens bigint not null default 0;
alter table task_runs add column used_cost_micros bigint not null default 0;
-- Attempts that failed, and what the provider counted, as JSON.
alter table stack_runs add column failures bigint not null default 0;
alter table stack_runs add column usage text collate "C";
