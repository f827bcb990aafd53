-- When a keystore entry was made, which tells it from others of its name before it, and who wrote it last.
alter table keystore add column since bigint not null default 0;
alter table keystore add column written_by text collate "C";

-- Its earlier versions, sealed as they were.
create table keystore_versions (
  workspace text collate "C" not null check (length(workspace) between 1 and 64),
  namespace text collate "C" not null check (length(namespace) between 1 and 200),
  name text collate "C" not null check (length(name) between 1 and 200),
  since bigint not null,
  version bigint not null check (version > 0),
  kind text collate "C" not null check (kind in ('value', 'secret')),
  sealed bytea not null,
  grants text collate "C" not null,
  written_at bigint not null,
  written_by text collate "C",
  primary key (workspace, namespace, name, since, version)
);
