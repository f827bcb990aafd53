-- Workspaces, tasks, runs, calls and what belongs to them.
--
-- Ids are 16 bytes, times are milliseconds since 1970 in UTC, JSON is text, and text is ordered by its
-- bytes. Pages keep room for new versions of their rows.

create table workspaces (
  id text collate "C" not null primary key check (length(id) between 1 and 64),
  wrapped_key bytea not null,
  created_at bigint not null
) with (fillfactor = 90);

create table nodes (
  id bigint not null primary key,
  epoch bigint not null,
  started_at bigint not null
) with (fillfactor = 80);

create table tokens (
  hash bytea not null primary key check (length(hash) = 32),
  workspace text collate "C" not null,
  name text collate "C" not null check (length(name) <= 200),
  created_at bigint not null
) with (fillfactor = 90);

create table task_functions (
  workspace text collate "C" not null check (length(workspace) between 1 and 64),
  name text collate "C" not null check (length(name) between 1 and 100),
  version bigint not null check (version > 0),
  id bytea not null check (length(id) = 16),
  file_name text collate "C" not null,
  source text collate "C" not null,
  code text collate "C" not null,
  is_module bigint not null check (is_module in (0, 1)),
  source_map text collate "C",
  source_hash bytea not null check (length(source_hash) = 32),
  description text collate "C",
  input_schema text collate "C",
  config text collate "C",
  created_at bigint not null,
  primary key (workspace, name, version),
  unique (workspace, id)
) with (fillfactor = 80);

create table task_runs (
  workspace text collate "C" not null check (length(workspace) between 1 and 64),
  id bytea not null check (length(id) = 16),
  task_name text collate "C" not null,
  task_function_id bytea not null check (length(task_function_id) = 16),
  task_version bigint not null,
  input text collate "C" not null,
  seed bytea not null check (length(seed) = 16),
  parent_run_id bytea check (length(parent_run_id) = 16),
  parent_call bigint check ((parent_call is null) = (parent_run_id is null)),
  root_run_id bytea not null check (length(root_run_id) = 16),
  depth bigint not null,
  priority bigint not null,
  start_at bigint,
  created_at bigint not null,
  deadline_at bigint,
  status text collate "C" not null check (
    status in ('queued', 'processing', 'suspended', 'paused', 'completed', 'failed', 'cancelled')
  ),
  deliveries bigint not null,
  seq bigint not null,
  cpu_us bigint not null,
  started_at bigint,
  ended_at bigint,
  cancelled_at bigint,
  result text collate "C",
  error text collate "C",
  owner_node bigint,
  owner_epoch bigint,
  primary key (workspace, id)
) with (fillfactor = 80);

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
  workspace text collate "C" not null check (length(workspace) between 1 and 64),
  run_id bytea not null check (length(run_id) = 16),
  number bigint not null check (number > 0),
  service_name text collate "C" not null,
  method_name text collate "C" not null,
  args text collate "C" not null,
  made_in bigint not null,
  seq bigint not null,
  created_at bigint not null,
  status text collate "C" not null check (
    status in (
      'pending', 'processing', 'suspended_waiting_child', 'pending_resume', 'completed', 'failed', 'cancelled'
    )
  ),
  attempts bigint not null,
  due_at bigint,
  awaits text collate "C",
  child_run_id bytea check (length(child_run_id) = 16),
  result text collate "C",
  error text collate "C",
  delivery bigint,
  delivery_clock bigint check ((delivery_clock is null) = (delivery is null)),
  ended_at bigint,
  end_seq bigint,
  primary key (workspace, run_id, number)
) with (fillfactor = 90);

create index stack_runs_due on stack_runs (due_at, run_id)
  where due_at is not null and status = 'pending';
-- A resumed run reads what it still waits for, however many calls it has made.
create index stack_runs_open on stack_runs (workspace, run_id, number)
  where status in ('pending', 'processing', 'suspended_waiting_child', 'pending_resume');
create index stack_runs_undelivered on stack_runs (run_id, workspace, number)
  where delivery is null and end_seq is null and status in ('completed', 'failed', 'pending_resume');
create index stack_runs_to_redo on stack_runs (run_id, workspace, number)
  where status in ('pending', 'processing') and due_at is null and awaits is null;
-- A resumed run reads its deliveries in order from its checkpoint on, however many came before.
create index stack_runs_delivered on stack_runs (workspace, run_id, delivery)
  where delivery is not null;
-- Calls begin in the order of their numbers, but end in any order.
create index stack_runs_ended on stack_runs (workspace, run_id, end_seq)
  where end_seq is not null;

create table task_logs (
  workspace text collate "C" not null check (length(workspace) between 1 and 64),
  run_id bytea not null check (length(run_id) = 16),
  seq bigint not null,
  at bigint not null,
  level text collate "C" not null check (level in ('debug', 'info', 'warn', 'error')),
  message text collate "C" not null,
  data text collate "C",
  primary key (workspace, run_id, seq)
) with (fillfactor = 90);

create table checkpoints (
  workspace text collate "C" not null check (length(workspace) between 1 and 64),
  run_id bytea not null check (length(run_id) = 16),
  delivery bigint not null,
  engine bytea not null check (length(engine) = 32),
  heap_hash bytea not null check (length(heap_hash) = 32),
  sealed bytea not null,
  taken_at bigint not null,
  primary key (workspace, run_id)
) with (fillfactor = 80);

create table sent_events (
  workspace text collate "C" not null check (length(workspace) between 1 and 64),
  run_id bytea not null check (length(run_id) = 16),
  number bigint not null check (number > 0),
  name text collate "C" not null check (length(name) <= 200),
  payload text collate "C" not null,
  sent_at bigint not null,
  taken_by bigint,
  primary key (workspace, run_id, number)
) with (fillfactor = 90);

create table keystore (
  workspace text collate "C" not null check (length(workspace) between 1 and 64),
  namespace text collate "C" not null check (length(namespace) between 1 and 200),
  name text collate "C" not null check (length(name) between 1 and 200),
  kind text collate "C" not null check (kind in ('value', 'secret')),
  version bigint not null check (version > 0),
  sealed bytea not null,
  updated_at bigint not null,
  primary key (workspace, namespace, name)
) with (fillfactor = 80);

create table idempotency_keys (
  workspace text collate "C" not null check (length(workspace) between 1 and 64),
  key text collate "C" not null check (length(key) between 1 and 255),
  request_hash bytea not null check (length(request_hash) = 32),
  run_id bytea not null check (length(run_id) = 16),
  created_at bigint not null,
  primary key (workspace, key)
) with (fillfactor = 90);
