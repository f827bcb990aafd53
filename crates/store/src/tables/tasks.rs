//! `task_functions`: the published versions of tasks.

use std::sync::LazyLock;

use fermata_model::record::TaskVersion;
use fermata_model::{Json, Millis, VersionId, WorkspaceId};

use crate::cells::Cells;
use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::{Value, values};
use crate::write::Write;

/// A version without its source and code, which may be large.
#[derive(Debug, Clone)]
pub struct TaskSummary {
    /// Name of the task.
    pub name: String,
    /// Number of the version.
    pub version: u32,
    /// Identity of the version.
    pub id: VersionId,
    /// The author's file name.
    pub file_name: String,
    /// BLAKE3 of the source and the file name.
    pub source_hash: [u8; 32],
    /// What the task does.
    pub description: Option<String>,
    /// JSON Schema of the input.
    pub input_schema: Option<Json>,
    /// The `config` the task exports.
    pub config: Option<Json>,
    /// When it was published.
    pub created_at: Millis,
}

/// What a publish compares with, to tell whether it changes anything.
#[derive(Debug, Clone)]
pub struct LatestSource {
    /// Identity of the newest version.
    pub id: VersionId,
    /// Its number.
    pub version: u32,
    /// BLAKE3 of its source and file name.
    pub source_hash: [u8; 32],
    /// Its file name.
    pub file_name: String,
    /// Its text.
    pub source: String,
}

/// A new version.
pub(crate) static INSERT: LazyLock<Write> = LazyLock::new(|| {
    let columns = [
        ("workspace", Text),
        ("name", Text),
        ("version", Int),
        ("id", Blob),
        ("file_name", Text),
        ("source", Text),
        ("code", Text),
        ("is_module", Int),
        ("source_map", Text),
        ("source_hash", Blob),
        ("description", Text),
        ("input_schema", Text),
        ("config", Text),
        ("created_at", Int),
    ];
    Write::insert("task version", "task_functions", &columns)
});

/// The row of a version.
pub(crate) fn row(task: &TaskVersion) -> Vec<Value<'_>> {
    values![
        task.workspace.as_str(),
        &task.name,
        task.version,
        task.id.as_bytes(),
        &task.file_name,
        &task.source,
        &task.code,
        task.is_module,
        task.source_map.as_ref(),
        &task.source_hash,
        task.description.as_ref(),
        task.input_schema.as_ref().map(|json| json.get()),
        task.config.as_ref().map(|json| json.get()),
        task.created_at,
    ]
    .to_vec()
}

/// A `select` of whole versions, up to its conditions.
macro_rules! select_versions {
    ($rest:literal) => {
        concat!(
            "
        select name, version, id, file_name, source, code, is_module, source_map, source_hash, description,
          input_schema, config, created_at
        from task_functions
        where workspace = ?1",
            $rest
        )
    };
}

/// One version of a task, the newest when no number is given.
pub(crate) fn get(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    name: &str,
    version: Option<u32>,
) -> Result<Option<TaskVersion>, DbError> {
    match version {
        Some(version) => {
            let sql = select_versions!(" and name = ?2 and version = ?3");
            select_one(db, workspace, sql, values![workspace.as_str(), name, version])
        }
        None => {
            let sql = select_versions!(
                " and name = ?2
        order by version desc
        limit 1"
            );
            select_one(db, workspace, sql, values![workspace.as_str(), name])
        }
    }
}

/// The version with this identity.
pub(crate) fn get_by_id(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    id: VersionId,
) -> Result<Option<TaskVersion>, DbError> {
    let sql = select_versions!(" and id = ?2");
    select_one(db, workspace, sql, values![workspace.as_str(), id.as_bytes()])
}

fn select_one(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    sql: &str,
    values: &[Value<'_>],
) -> Result<Option<TaskVersion>, DbError> {
    db.row(sql, values, |cells| read(workspace, cells))
}

fn read(workspace: &WorkspaceId, cells: &mut Cells<'_>) -> Result<TaskVersion, DbError> {
    Ok(TaskVersion {
        workspace: workspace.clone(),
        name: cells.take()?,
        version: cells.take()?,
        id: cells.version_id()?,
        file_name: cells.take()?,
        source: cells.take()?,
        code: cells.take()?,
        is_module: cells.take()?,
        source_map: cells.take()?,
        source_hash: cells.take()?,
        description: cells.take()?,
        input_schema: cells.json_if_any()?,
        config: cells.json_if_any()?,
        created_at: cells.take()?,
    })
}

/// The newest version of each task after `after`, by name.
pub(crate) fn list(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<TaskSummary>, DbError> {
    let sql = "
        select t.name, t.version, t.id, t.file_name, t.source_hash, t.description, t.input_schema, t.config,
          t.created_at
        from task_functions as t
        where t.workspace = ?1 and t.name > ?2
          and t.version = (
            select max(n.version)
            from task_functions as n
            where n.workspace = t.workspace and n.name = t.name
          )
        order by t.name
        limit ?3";
    db.rows(sql, values![workspace.as_str(), after.unwrap_or_default(), limit], read_summary)
}

/// The versions of a task below `before`, newest first.
pub(crate) fn list_versions(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    name: &str,
    before: Option<u32>,
    limit: u32,
) -> Result<Vec<TaskSummary>, DbError> {
    let sql = "
        select name, version, id, file_name, source_hash, description, input_schema, config, created_at
        from task_functions
        where workspace = ?1 and name = ?2 and version < ?3
        order by version desc
        limit ?4";
    let before = before.map_or(i64::MAX, i64::from);
    db.rows(sql, values![workspace.as_str(), name, before, limit], read_summary)
}

fn read_summary(cells: &mut Cells<'_>) -> Result<TaskSummary, DbError> {
    Ok(TaskSummary {
        name: cells.take()?,
        version: cells.take()?,
        id: cells.version_id()?,
        file_name: cells.take()?,
        source_hash: cells.take()?,
        description: cells.take()?,
        input_schema: cells.json_if_any()?,
        config: cells.json_if_any()?,
        created_at: cells.take()?,
    })
}

/// The text of a task's newest version.
pub(crate) fn latest_source(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    name: &str,
) -> Result<Option<LatestSource>, DbError> {
    let sql = "
        select id, version, source_hash, file_name, source
        from task_functions
        where workspace = ?1 and name = ?2
        order by version desc
        limit 1";
    db.row(sql, values![workspace.as_str(), name], |cells| {
        Ok(LatestSource {
            id: cells.version_id()?,
            version: cells.take()?,
            source_hash: cells.take()?,
            file_name: cells.take()?,
            source: cells.take()?,
        })
    })
}
