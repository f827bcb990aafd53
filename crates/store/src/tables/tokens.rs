//! `tokens`: API tokens, known by their hashes. A token is what tells the workspace, so this table
//! is read across workspaces.

use std::sync::LazyLock;

use fermata_model::WorkspaceId;

use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::values;
use crate::write::Write;

/// A token, or another name for a known one. A token never moves to another workspace: then nothing
/// is hit.
pub(crate) static PUT: LazyLock<Write> = LazyLock::new(|| {
    let columns = [("hash", Blob), ("workspace", Text), ("name", Text), ("created_at", Int)];
    Write::insert("token", "tokens", &columns).with_rest(
        " on conflict (hash) do update set name = excluded.name where tokens.workspace = excluded.workspace",
    )
});

/// The workspace a token opens.
pub(crate) fn workspace(db: &mut dyn Read, hash: &[u8; 32]) -> Result<Option<WorkspaceId>, DbError> {
    let sql = "
        select workspace
        from tokens
        where hash = ?1";
    db.row(sql, values![hash], |cells| cells.workspace())
}

/// Whether there are tokens at all.
pub(crate) fn any(db: &mut dyn Read) -> Result<bool, DbError> {
    let sql = "
        select exists (select 1 from tokens)";
    Ok(db.row(sql, values![], |cells| cells.take())?.unwrap_or(false))
}
