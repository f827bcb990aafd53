-- A run that is removed takes its idempotency key with it, which is found by the run. Ids of runs grow with
-- time, so the index grows at its end.
create index idempotency_keys_of_run on idempotency_keys (workspace, run_id);
