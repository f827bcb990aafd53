-- Workspaces, tasks, runs, calls and what belongs to them.
--
-- Ids are 16 bytes, times are milliseconds since 1970 in UTC, JSON is text. Tables that are only
-- reached through their whole key have no rowid.

create table workspaces (
  id text not null primary key check (length(id) between 1 and 64),
  wrapped_key blob not null,
  created_at integer not null
) strict, without rowid;

create table nodes (
  id integer not null primary key,
  epoch integer not null,
  started_at integer not null
) strict;

create table tokens (
  hash blob not null primary key check (length(hash) = 32),
  workspace text not null,
  name text not null check (length(name) <= 200),
  created_at integer not null
) strict, without rowid;

create table task_functions (
  workspace text not null check (length(workspace) between 1 and 64),
  name text not null check (length(name) between 1 and 100),
  version integer not null check (version > 0),
  id blob not null check (length(id) = 16),
  file_name text not null,
  source text not null,
  code text not null,
  is_module integer not null check (is_module in (0, 1)),
  source_map text,
  source_hash blob not null check (length(source_hash) = 32),
  description text,
  input_schema text,
  config text,
  created_at integer not null,
  primary key (workspace, name, version),
  unique (workspace, id)
) strict;

create table task_runs (
  workspace text not null check (length(workspace) between 1 and 64),
  id blob not null check (length(id) = 16),
  task_name text not null,
  task_function_id blob not null check (length(task_function_id) = 16),
  task_version integer not null,
  input text not null,
  seed blob not null check (length(seed) = 16),
  parent_run_id blob check (length(parent_run_id) = 16),
  parent_call integer check ((parent_call is null) = (parent_run_id is null)),
  root_run_id blob not null check (length(root_run_id) = 16),
  depth integer not null,
  priority integer not null,
  start_at integer,
  created_at integer not null,
  deadline_at integer,
  status text not null check (
    status in ('queued', 'processing', 'suspended', 'paused', 'completed', 'failed', 'cancelled')
  ),
  deliveries integer not null,
  seq integer not null,
  cpu_us integer not null,
  started_at integer,
  ended_at integer,
  cancelled_at integer,
  result text,
  error text,
  owner_node integer,
  owner_epoch integer,
  primary key (workspace, id)
) strict;

-- What a node takes up when it starts.
create index task_runs_unfinished on task_runs (id)
  where status in ('queued', 'processing');
create index task_runs_due on task_runs (start_at, id)
  where start_at is not null and status = 'queued';
create index task_runs_deadline on task_runs (deadline_at, id)
  where deadline_at is not null and status in ('queued', 'processing', 'suspended', 'paused');
-- What lists filter by, newest first.
create index task_runs_status on task_runs (workspace, status, id);
create index task_runs_task on task_runs (workspace, task_name, id);
create index task_runs_parent on task_runs (workspace, parent_run_id, id)
  where parent_run_id is not null;
create index task_runs_root on task_runs (workspace, root_run_id, id)
  where parent_run_id is not null;

create table stack_runs (
  workspace text not null check (length(workspace) between 1 and 64),
  run_id blob not null check (length(run_id) = 16),
  number integer not null check (number > 0),
  service_name text not null,
  method_name text not null,
  args text not null,
  made_in integer not null,
  seq integer not null,
  created_at integer not null,
  status text not null check (
    status in (
      'pending', 'processing', 'suspended_waiting_child', 'pending_resume', 'completed', 'failed', 'cancelled'
    )
  ),
  attempts integer not null,
  due_at integer,
  awaits text,
  child_run_id blob check (length(child_run_id) = 16),
  result text,
  error text,
  delivery integer,
  delivery_clock integer check ((delivery_clock is null) = (delivery is null)),
  ended_at integer,
  end_seq integer,
  primary key (workspace, run_id, number)
) strict, without rowid;

create index stack_runs_due on stack_runs (due_at, run_id)
  where due_at is not null and status = 'pending';
-- A resumed run reads what it still waits for, however many calls it has made.
create index stack_runs_open on stack_runs (workspace, run_id, number)
  where status in ('pending', 'processing', 'suspended_waiting_child', 'pending_resume');
create index stack_runs_undelivered on stack_runs (run_id, workspace)
  where delivery is null and end_seq is null and status in ('completed', 'failed', 'pending_resume');
create index stack_runs_to_redo on stack_runs (run_id, workspace)
  where status in ('pending', 'processing') and due_at is null and awaits is null;
-- A resumed run reads its deliveries in order from its checkpoint on, however many came before.
create index stack_runs_delivered on stack_runs (workspace, run_id, delivery)
  where delivery is not null;
-- Calls begin in the order of their numbers, but end in any order.
create index stack_runs_ended on stack_runs (workspace, run_id, end_seq)
  where end_seq is not null;

create table task_logs (
  workspace text not null check (length(workspace) between 1 and 64),
  run_id blob not null check (length(run_id) = 16),
  seq integer not null,
  at integer not null,
  level text not null check (level in ('debug', 'info', 'warn', 'error')),
  message text not null,
  data text,
  primary key (workspace, run_id, seq)
) strict, without rowid;

create table checkpoints (
  workspace text not null check (length(workspace) between 1 and 64),
  run_id blob not null check (length(run_id) = 16),
  delivery integer not null,
  engine blob not null check (length(engine) = 32),
  heap_hash blob not null check (length(heap_hash) = 32),
  sealed blob not null,
  taken_at integer not null,
  primary key (workspace, run_id)
) strict;

create table sent_events (
  workspace text not null check (length(workspace) between 1 and 64),
  run_id blob not null check (length(run_id) = 16),
  number integer not null check (number > 0),
  name text not null check (length(name) <= 200),
  payload text not null,
  sent_at integer not null,
  taken_by integer,
  primary key (workspace, run_id, number)
) strict, without rowid;

create table keystore (
  workspace text not null check (length(workspace) between 1 and 64),
  namespace text not null check (length(namespace) between 1 and 200),
  name text not null check (length(name) between 1 and 200),
  kind text not null check (kind in ('value', 'secret')),
  version integer not null check (version > 0),
  sealed blob not null,
  updated_at integer not null,
  primary key (workspace, namespace, name)
) strict;

create table idempotency_keys (
  workspace text not null check (length(workspace) between 1 and 64),
  key text not null check (length(key) between 1 and 255),
  request_hash blob not null check (length(request_hash) = 32),
  run_id blob not null check (length(run_id) = 16),
  created_at integer not null,
  primary key (workspace, key)
) strict, without rowid;
