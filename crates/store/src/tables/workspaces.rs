//! `workspaces`: the tenants and their wrapped data keys.

use std::sync::LazyLock;

use fermata_model::WorkspaceId;

use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::values;
use crate::write::Write;

/// A new workspace.
pub(crate) static INSERT: LazyLock<Write> = LazyLock::new(|| {
    let columns = [("id", Text), ("wrapped_key", Blob), ("created_at", Int)];
    Write::insert("workspace", "workspaces", &columns)
});

/// A workspace's data key, wrapped by the master key.
pub(crate) fn wrapped_key(db: &mut dyn Read, id: &WorkspaceId) -> Result<Option<Vec<u8>>, DbError> {
    let sql = "
        select wrapped_key
        from workspaces
        where id = ?1";
    db.row(sql, values![id.as_str()], |cells| cells.take())
}
