//! `idempotency_keys`: the requests that have been answered, by the key they came with.

use fermata_model::{Millis, RunId, WorkspaceId};
use rusqlite::{Connection, params};

use crate::cells::Cells;

/// Writes the first use of a key.
pub(crate) fn insert(
    connection: &Connection,
    workspace: &WorkspaceId,
    key: &str,
    request_hash: &[u8; 32],
    run: RunId,
    created_at: Millis,
) -> rusqlite::Result<usize> {
    let sql = "
        insert into idempotency_keys (workspace, key, request_hash, run_id, created_at)
        values (?1, ?2, ?3, ?4, ?5)";
    let values = params![workspace.as_str(), key, request_hash, run.as_bytes(), created_at];
    connection.prepare_cached(sql)?.execute(values)
}

/// The request a key was first used with, by its hash, and the run it started.
pub(crate) fn get(
    connection: &Connection,
    workspace: &WorkspaceId,
    key: &str,
) -> rusqlite::Result<Option<([u8; 32], RunId)>> {
    let sql = "
        select request_hash, run_id
        from idempotency_keys
        where workspace = ?1 and key = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![workspace.as_str(), key])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut cells = Cells::new(row);
    Ok(Some((cells.take()?, cells.run_id()?)))
}
