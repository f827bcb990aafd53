//! `workspaces`: the tenants and their wrapped data keys.

use fermata_model::{Millis, WorkspaceId};
use rusqlite::{Connection, params};

/// Writes a new workspace.
pub(crate) fn insert(
    connection: &Connection,
    id: &WorkspaceId,
    wrapped_key: &[u8],
    created_at: Millis,
) -> rusqlite::Result<usize> {
    let sql = "
        insert into workspaces (id, wrapped_key, created_at)
        values (?1, ?2, ?3)";
    connection.prepare_cached(sql)?.execute(params![id.as_str(), wrapped_key, created_at])
}

/// A workspace's data key, wrapped by the master key.
pub(crate) fn wrapped_key(connection: &Connection, id: &WorkspaceId) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "
        select wrapped_key
        from workspaces
        where id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![id.as_str()])?;
    rows.next()?.map(|row| row.get(0)).transpose()
}
