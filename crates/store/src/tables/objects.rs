//! `objects`: what lies in the object store, by the run it belongs to. Written with what refers to
//! it, so that an object without a row is an orphan.

use std::sync::LazyLock;

use fermata_model::{RunId, WorkspaceId};

use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::values;
use crate::write::Write;

/// An object that something refers to.
pub(crate) static INSERT: LazyLock<Write> = LazyLock::new(|| {
    let columns = [("workspace", Text), ("id", Blob), ("run_id", Blob), ("bytes", Int), ("created_at", Int)];
    Write::insert("object", "objects", &columns)
});

/// Nothing refers to an object any more.
pub(crate) static DELETE: LazyLock<Write> =
    LazyLock::new(|| Write::delete("object", "objects", &[("workspace", Text), ("id", Blob)]));

/// Whether something refers to an object.
pub(crate) fn is_known(db: &mut dyn Read, workspace: &WorkspaceId, id: &[u8; 16]) -> Result<bool, DbError> {
    let sql = "
        select 1
        from objects
        where workspace = ?1 and id = ?2";
    Ok(db.row(sql, values![workspace.as_str(), id], |cells| cells.take::<i64>())?.is_some())
}

/// The objects of a run.
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
