-- When a keystore entry was made, which tells it from others of its name before it, and who wrote it last.
alter table keystore add column since integer not null default 0;
alter table keystore add column written_by text;

-- Its earlier versions, sealed as they were.
create table keystore_versions (
  workspace text not null check (length(workspace) between 1 and 64),
  namespace text not null check (length(namespace) between 1 and 200),
  name text not null check (length(name) between 1 and 200),
  since integer not null,
  version integer not null check (version > 0),
  kind text not null check (kind in ('value', 'secret')),
  sealed blob not null,
  grants text not null,
  written_at integer not null,
  written_by text,
  primary key (workspace, namespace, name, since, version)
) strict;
