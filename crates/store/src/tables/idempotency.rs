//! `idempotency_keys`: the requests that have been answered, by the key they came with.

use std::sync::LazyLock;

use fermata_model::{RunId, WorkspaceId};

use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::values;
use crate::write::Write;

/// What the request's hash begins with when the key was first used by an SQL client. The others are
/// random there.
pub const SQL_REQUEST: &[u8] = b"sql-hash";

/// The first use of a key.
pub(crate) static INSERT: LazyLock<Write> = LazyLock::new(|| {
    let columns =
        [("workspace", Text), ("key", Text), ("request_hash", Blob), ("run_id", Blob), ("created_at", Int)];
    Write::insert("idempotency key", "idempotency_keys", &columns)
});

/// Removes the keys of a run.
pub(crate) static DELETE_OF_RUN: LazyLock<Write> = LazyLock::new(|| {
    Write::delete("idempotency key", "idempotency_keys", &[("workspace", Text), ("run_id", Blob)])
});

/// The request a key was first used with, by its hash, and the run it started.
pub(crate) fn get(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    key: &str,
) -> Result<Option<([u8; 32], RunId)>, DbError> {
    let sql = "
        select request_hash, run_id
        from idempotency_keys
        where workspace = ?1 and key = ?2";
    db.row(sql, values![workspace.as_str(), key], |cells| Ok((cells.take()?, cells.run_id()?)))
}
