//! `tokens`: API tokens, known by their hashes. A token is what tells the workspace, so this table
//! is read across workspaces.

use fermata_model::{Millis, WorkspaceId};
use rusqlite::{Connection, params};

use crate::cells::Cells;

/// Writes a token, or gives a known one another name. A token never moves to another workspace:
/// then nothing changes.
pub(crate) fn put(
    connection: &Connection,
    hash: &[u8; 32],
    workspace: &WorkspaceId,
    name: &str,
    created_at: Millis,
) -> rusqlite::Result<usize> {
    let sql = "
        insert into tokens (hash, workspace, name, created_at)
        values (?1, ?2, ?3, ?4)
        on conflict (hash) do update
        set name = excluded.name
        where tokens.workspace = excluded.workspace";
    connection.prepare_cached(sql)?.execute(params![hash, workspace.as_str(), name, created_at])
}

/// The workspace a token opens.
pub(crate) fn workspace(connection: &Connection, hash: &[u8; 32]) -> rusqlite::Result<Option<WorkspaceId>> {
    let sql = "
        select workspace
        from tokens
        where hash = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![hash])?;
    rows.next()?.map(|row| Cells::new(row).workspace()).transpose()
}

/// Whether there are tokens at all.
pub(crate) fn any(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "
        select exists (select 1 from tokens)";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}
