//! `objects`: what lies in the object store, by the run it belongs to. Written with what refers to
//! it, so that an object without a row is an orphan.
//!
//! [`list`] reads across workspaces.

use std::sync::LazyLock;

use fermata_model::{Millis, RunId, WorkspaceId};

use crate::cells::Cells;
use crate::db_error::DbError;
use crate::spill::{Reference, Upload};
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::{Value, values};
use crate::write::Write;

/// An object that something refers to. The same content of a run is one object, also when it is
/// referred to twice.
pub(crate) static INSERT: LazyLock<Write> = LazyLock::new(|| {
    let columns = [
        ("workspace", Text),
        ("id", Blob),
        ("run_id", Blob),
        ("kind", Text),
        ("bytes", Int),
        ("created_at", Int),
    ];
    Write::insert("object", "objects", &columns)
        .with_rest(" on conflict (workspace, id) do nothing")
        .or_nothing()
});

/// Nothing refers to an object any more.
pub(crate) static DELETE: LazyLock<Write> =
    LazyLock::new(|| Write::delete("object", "objects", &[("workspace", Text), ("id", Blob)]));

/// Removes what is known of the objects of a run. Walks `objects_run`.
pub(crate) static DELETE_OF_RUN: LazyLock<Write> =
    LazyLock::new(|| Write::delete("object", "objects", &[("workspace", Text), ("run_id", Blob)]));

/// The row of an object.
pub(crate) fn row<'a>(run: &'a RunId, upload: &'a Upload) -> Vec<Value<'a>> {
    let Upload { reference, kind, bytes, at } = upload;
    let name = &reference.name;
    values![name.workspace().as_str(), name.id(), run.as_bytes(), kind.as_str(), *bytes, *at].to_vec()
}

/// An object that something refers to or referred to.
#[derive(Debug, Clone)]
pub(crate) struct KnownObject {
    pub(crate) workspace: WorkspaceId,
    pub(crate) id: [u8; 16],
    pub(crate) bytes: u64,
    pub(crate) created_at: Millis,
    /// Whether something refers to it.
    pub(crate) is_needed: bool,
}

/// Whether something refers to an object.
pub(crate) fn is_known(db: &mut dyn Read, workspace: &WorkspaceId, id: &[u8; 16]) -> Result<bool, DbError> {
    let sql = "
        select 1
        from objects
        where workspace = ?1 and id = ?2";
    Ok(db.row(sql, values![workspace.as_str(), id], |cells| cells.take::<i64>())?.is_some())
}

/// The objects of a run. Walks `objects_run`.
pub(crate) fn list_of_run(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
) -> Result<Vec<[u8; 16]>, DbError> {
    let sql = "
        select id
        from objects
        where workspace = ?1 and run_id = ?2";
    db.rows(sql, values![workspace.as_str(), run.as_bytes()], |cells| cells.take())
}

/// The objects of all workspaces after one of them, by workspace and id. A payload is needed for as long
/// as its run is there; a checkpoint, while it is its run's newest.
pub(crate) fn list(
    db: &mut dyn Read,
    after: Option<&(WorkspaceId, [u8; 16])>,
    limit: u32,
) -> Result<Vec<KnownObject>, DbError> {
    let sql = "
        select o.workspace, o.id, o.bytes, o.created_at, o.kind, r.id is not null,
          case when length(c.sealed) <= 200 then c.sealed end
        from objects as o
        left join task_runs as r on r.workspace = o.workspace and r.id = o.run_id
        left join checkpoints as c on c.workspace = o.workspace and c.run_id = o.run_id and o.kind = 'checkpoint'
        where (o.workspace, o.id) > (?1, ?2)
        order by o.workspace, o.id
        limit ?3";
    let (workspace, id) = after.map_or(("", &[][..]), |(workspace, id)| (workspace.as_str(), id));
    db.rows(sql, values![workspace, id, limit], read)
}

fn read(cells: &mut Cells<'_>) -> Result<KnownObject, DbError> {
    let (workspace, id) = (cells.workspace()?, cells.take()?);
    let (bytes, created_at) = (cells.take()?, cells.take()?);
    let is_checkpoint = cells.take::<String>()? == "checkpoint";
    let has_run: bool = cells.take()?;
    let sealed: Option<Vec<u8>> = cells.take()?;
    let referred = sealed.as_deref().and_then(Reference::from_blob);
    let is_newest = referred.is_some_and(|reference| *reference.name.id() == id);
    let is_needed = has_run && (is_newest || !is_checkpoint);
    Ok(KnownObject { workspace, id, bytes, created_at, is_needed })
}
