-- A run that is changed is found by its key, and by nothing else, however small the table was when that was
-- planned: an index that leaves out what cannot be is only for those who ask for its column.
drop index task_runs_status;
drop index task_runs_task;
create index task_runs_status on task_runs (workspace, status, id)
  where status is not null;
create index task_runs_task on task_runs (workspace, task_name, id)
  where task_name is not null;
