//! `task_state`: what tasks keep between their runs.

use std::sync::LazyLock;

use fermata_model::WorkspaceId;
use fermata_model::record::StateEntry;

use crate::cells::Cells;
use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Int, Text};
use crate::value::{Value, values};
use crate::write::{Column, Guard, Write};

const KEY: [Column; 3] = [("workspace", Text), ("task_name", Text), ("key", Text)];
const VERSION: [Column; 1] = [("version", Int)];
const REST: [Column; 2] = [("value", Text), ("updated_at", Int)];

/// A new entry.
pub(crate) static INSERT: LazyLock<Write> =
    LazyLock::new(|| Write::insert("state entry", "task_state", &[&KEY[..], &VERSION, &REST].concat()));

/// The next version of an entry. Missing when the one before it is not there.
pub(crate) static UPDATE: LazyLock<Write> = LazyLock::new(|| {
    let follows = Guard { sqlite: "t.version = ?4 - 1", postgres: "t.version = v.version - 1", brought: &[] };
    Write::update("state entry", "task_state", 3, &[&KEY[..], &VERSION, &REST].concat(), follows)
});

/// Removes a version of an entry. Missing when that is not there.
pub(crate) static DELETE: LazyLock<Write> = LazyLock::new(|| {
    let write = Write::delete("state entry", "task_state", &[&KEY[..], &VERSION].concat());
    Write { must_hit: true, ..write }
});

/// The row of an entry.
pub(crate) fn row<'a>(workspace: &'a WorkspaceId, task: &'a str, entry: &'a StateEntry) -> Vec<Value<'a>> {
    let mut row = key(workspace, task, &entry.key, entry.version);
    row.extend_from_slice(values![entry.value.get(), entry.updated_at]);
    row
}

/// The row that names a version of an entry.
pub(crate) fn key<'a>(
    workspace: &'a WorkspaceId,
    task: &'a str,
    key: &'a str,
    version: i64,
) -> Vec<Value<'a>> {
    values![workspace.as_str(), task, key, version].to_vec()
}

/// One entry.
pub(crate) fn get(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    task: &str,
    key: &str,
) -> Result<Option<StateEntry>, DbError> {
    let sql = "
        select key, value, version, updated_at
        from task_state
        where workspace = ?1 and task_name = ?2 and key = ?3";
    db.row(sql, values![workspace.as_str(), task, key], read)
}

fn read(cells: &mut Cells<'_>) -> Result<StateEntry, DbError> {
    Ok(StateEntry {
        key: cells.take()?,
        value: cells.json()?,
        version: cells.take()?,
        updated_at: cells.take()?,
    })
}

/// The keys of a task from `from` on, in order.
pub(crate) fn list_keys(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    task: &str,
    from: &str,
    limit: u32,
) -> Result<Vec<String>, DbError> {
    let sql = "
        select key
        from task_state
        where workspace = ?1 and task_name = ?2 and key >= ?3
        order by key
        limit ?4";
    db.rows(sql, values![workspace.as_str(), task, from, limit], |cells| cells.take())
}

/// How many entries a task has, counted up to `most`.
pub(crate) fn count(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    task: &str,
    most: u32,
) -> Result<u32, DbError> {
    let sql = "
        select count(*)
        from (
          select key
          from task_state
          where workspace = ?1 and task_name = ?2
          limit ?3
        ) as counted";
    Ok(db.row(sql, values![workspace.as_str(), task, most], |cells| cells.take())?.unwrap_or(0))
}
