//! `checkpoints`: the newest checkpoint of each run that is put down.

use fermata_model::record::Checkpoint;
use fermata_model::{Millis, RunId, WorkspaceId};
use rusqlite::{Connection, params};

use crate::cells::Cells;

/// Writes a run's checkpoint over the one before.
pub(crate) fn put(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
    checkpoint: &Checkpoint,
    taken_at: Millis,
) -> rusqlite::Result<usize> {
    let sql = "
        insert into checkpoints (workspace, run_id, delivery, engine, heap_hash, sealed, taken_at)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        on conflict (workspace, run_id) do update
        set delivery = excluded.delivery, engine = excluded.engine, heap_hash = excluded.heap_hash,
          sealed = excluded.sealed, taken_at = excluded.taken_at";
    connection.prepare_cached(sql)?.execute(params![
        workspace.as_str(),
        run.as_bytes(),
        checkpoint.delivery,
        checkpoint.engine,
        checkpoint.heap_hash,
        checkpoint.sealed,
        taken_at,
    ])
}

/// Removes a run's checkpoint.
pub(crate) fn delete(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
) -> rusqlite::Result<usize> {
    let sql = "
        delete from checkpoints
        where workspace = ?1 and run_id = ?2";
    connection.prepare_cached(sql)?.execute(params![workspace.as_str(), run.as_bytes()])
}

/// A run's checkpoint.
pub(crate) fn get(
    connection: &Connection,
    workspace: &WorkspaceId,
    run: RunId,
) -> rusqlite::Result<Option<Checkpoint>> {
    let sql = "
        select delivery, engine, heap_hash, sealed
        from checkpoints
        where workspace = ?1 and run_id = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![workspace.as_str(), run.as_bytes()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut cells = Cells::new(row);
    Ok(Some(Checkpoint {
        delivery: cells.take()?,
        engine: cells.take()?,
        heap_hash: cells.take()?,
        sealed: cells.take()?,
    }))
}
