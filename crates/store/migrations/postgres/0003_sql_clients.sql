-- What SQL clients can do: start runs, and ask what became of them.
--
-- A client inserts a task's name and an input; the rest of the row is filled in here. The run is there when
-- the client's transaction commits, and then the nodes are told. Nodes bring whole rows of their own: they
-- pay for none of this but two conditions.

-- An id for a run: a UUID of version 7, with the part of the millisecond where order within one matters.
create function new_run_id() returns bytea language sql volatile
return (
  select overlay(
    uuid_send(gen_random_uuid()) placing int8send(
      ((us / 1000) << 16) | 28672 | ((us % 1000) * 4096 / 1000)
    ) from 1 for 8
  )
  from (select (extract(epoch from clock_timestamp()) * 1000000)::bigint as us) as clock
);

-- A length of time as a task's config says it, `90s`, `1h30m` or milliseconds, and ten years at most;
-- nothing when there is none.
create function span_ms(span text) returns bigint language sql immutable
return case
  when span ~ '^\s*[0-9]+\s*$' then least(trim(span)::numeric, 316224000000)
  when span ~ '^\s*([0-9]+(ms|s|m|h|d|w))+\s*$' then (
    select least(316224000000, sum(part[1]::numeric * case part[2]
      when 'ms' then 1
      when 's' then 1000
      when 'm' then 60000
      when 'h' then 3600000
      when 'd' then 86400000
      else 604800000
    end))
    from regexp_matches(span, '([0-9]+)(ms|s|m|h|d|w)', 'g') as part
  )
end::bigint;

-- The moment, in milliseconds.
create function now_ms() returns bigint language sql volatile
return floor(extract(epoch from clock_timestamp()) * 1000)::bigint;

-- Ends the statement unless a run can have this input.
create function check_input(input text, task text) returns void language plpgsql immutable
set search_path = fermata, pg_temp as $$
declare
  reason text;
begin
  if octet_length(input) > 4194304 then
    raise exception 'the input for task "%" takes % bytes; the limit is 4194304', task, octet_length(input)
      using errcode = 'FM013';
  end if;
  begin
    perform input::json;
  exception when invalid_text_representation then
    get stacked diagnostics reason = pg_exception_detail;
    raise exception 'the input for task "%" is not JSON', task
      using errcode = 'FM012', detail = reason, hint = 'A text is JSON with quotes around it: ''"text"''.';
  end;
end
$$;

-- Fills in a row that says no more than which task to run, and on what. What decides how a run begins
-- may be given: its id, workspace, task_version, input, priority, start_at, deadline_at.
create function complete_run() returns trigger language plpgsql security definer
set search_path = fermata, pg_temp as $$
declare
  task record;
begin
  new.workspace := coalesce(new.workspace, 'default');
  new.input := coalesce(new.input, '{}');
  new.priority := coalesce(new.priority, 0);
  if new.priority not between -32768 and 32767 then
    raise exception 'the priority % is out of range: it is from -32768 to 32767', new.priority
      using errcode = 'FM014';
  end if;
  select f.id, f.version, f.config into task
    from task_functions as f
    where f.workspace = new.workspace and f.name = new.task_name
      and (new.task_version is null or f.version = new.task_version)
    order by f.version desc
    limit 1;
  if not found then
    raise exception 'there is no task "%"% in workspace "%"', coalesce(new.task_name, ''),
      coalesce(' with version ' || new.task_version, ''), new.workspace
      using errcode = 'FM011', hint = 'Publish it first: fermata publish PATH';
  end if;
  perform check_input(new.input, new.task_name);
  new.id := coalesce(new.id, new_run_id());
  new.task_function_id := task.id;
  new.task_version := task.version;
  new.seed := uuid_send(gen_random_uuid());
  new.parent_run_id := null;
  new.parent_call := null;
  new.root_run_id := new.id;
  new.depth := 0;
  new.created_at := now_ms();
  new.deadline_at := coalesce(new.deadline_at, new.created_at + span_ms(task.config::json ->> 'timeout'));
  new.status := 'queued';
  new.deliveries := 0;
  new.seq := 1;
  new.cpu_us := 0;
  new.started_at := null;
  new.ended_at := null;
  new.cancelled_at := null;
  new.result := null;
  new.error := null;
  new.owner_node := null;
  return new;
end
$$;

create trigger task_runs_completed before insert on task_runs
  for each row when (new.seed is null)
  execute function complete_run();

-- Tells the nodes, at the end of the transaction, that there is work for whoever takes it.
create function announce_run() returns trigger language plpgsql
set search_path = fermata, pg_temp as $$
begin
  if new.start_at is null or new.start_at <= now_ms() then
    perform pg_notify('fermata', 'work');
  else
    perform pg_notify('fermata', 'timers');
  end if;
  return null;
end
$$;

create trigger task_runs_announced after insert on task_runs
  for each row when (
    new.owner_node is null and new.status = 'queued' and coalesce(current_setting('fermata.node', true), '') = ''
  )
  execute function announce_run();

-- Starts a run when the transaction commits. The first run with an idempotency key is the answer to all
-- later ones; they must ask for the same. Nodes compare requests by a hash that SQL does not have, so
-- requests from here are marked, and are compared with each other only.
create function enqueue(
  task text,
  input jsonb default '{}',
  workspace text default 'default',
  priority int default 0,
  start_at timestamptz default null,
  idempotency_key text default null,
  task_version int default null
) returns uuid language plpgsql security definer
set search_path = fermata, pg_temp as $$
declare
  run bytea := new_run_id();
  home text := coalesce(enqueue.workspace, 'default');
  request jsonb := jsonb_build_array(
    enqueue.task, enqueue.task_version, coalesce(enqueue.priority, 0), coalesce(enqueue.input, '{}')
  );
  hash bytea := 'sql-hash'::bytea || substr(sha256(convert_to(request::text, 'UTF8')), 1, 24);
  earlier record;
begin
  if enqueue.idempotency_key is not null then
    insert into idempotency_keys (workspace, key, request_hash, run_id, created_at)
    values (home, enqueue.idempotency_key, hash, run, now_ms())
    on conflict do nothing;
    if not found then
      select k.run_id, k.request_hash into strict earlier
        from idempotency_keys as k
        where k.workspace = home and k.key = enqueue.idempotency_key;
      if substr(earlier.request_hash, 1, 8) = 'sql-hash'::bytea and earlier.request_hash <> hash then
        raise exception 'the idempotency key "%" was used for another request', enqueue.idempotency_key
          using errcode = 'FM015';
      end if;
      return encode(earlier.run_id, 'hex')::uuid;
    end if;
  end if;
  insert into task_runs (id, workspace, task_name, task_version, input, priority, start_at)
  values (
    run, home, enqueue.task, enqueue.task_version, enqueue.input::text, enqueue.priority,
    ceil(extract(epoch from enqueue.start_at) * 1000)::bigint
  );
  return encode(run, 'hex')::uuid;
end
$$;

-- What became of a run: no row when there is none. A result that lies in the object store is not shown.
create function run_status(run uuid, workspace text default 'default')
returns table (status text, result json, error json) language sql stable security definer
set search_path = fermata, pg_temp as $$
  select r.status, case when left(r.result, 1) <> '@' then r.result::json end, r.error::json
  from task_runs as r
  where r.workspace = run_status.workspace and r.id = uuid_send(run_status.run)
$$;

-- They act with the rights of the schema's owner: who may call them is to be said for each role.
revoke all on function complete_run(), enqueue(text, jsonb, text, int, timestamptz, text, int), run_status(uuid, text)
  from public;
