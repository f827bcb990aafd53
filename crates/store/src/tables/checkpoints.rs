//! `checkpoints`: the newest checkpoint of each run that is put down.

use std::sync::LazyLock;

use fermata_model::record::Checkpoint;
use fermata_model::{Millis, RunId, WorkspaceId};

use crate::db_error::DbError;
use crate::sql::Read;
use crate::value::Kind::{Blob, Int, Text};
use crate::value::{Value, values};
use crate::write::{Column, Write};

const KEY: [Column; 2] = [("workspace", Text), ("run_id", Blob)];
const REST: [Column; 5] =
    [("delivery", Int), ("engine", Blob), ("heap_hash", Blob), ("sealed", Blob), ("taken_at", Int)];

/// A run's checkpoint, over the one before.
pub(crate) static PUT: LazyLock<Write> =
    LazyLock::new(|| Write::put("checkpoint", "checkpoints", 2, &[&KEY[..], &REST].concat(), None));

/// Removes a run's checkpoint.
pub(crate) static DELETE: LazyLock<Write> =
    LazyLock::new(|| Write::delete("checkpoint", "checkpoints", &KEY));

/// The row of a checkpoint.
pub(crate) fn row<'a>(
    workspace: &'a WorkspaceId,
    run: &'a RunId,
    checkpoint: &'a Checkpoint,
    taken_at: Millis,
) -> Vec<Value<'a>> {
    let Checkpoint { delivery, engine, heap_hash, sealed } = checkpoint;
    values![workspace.as_str(), run.as_bytes(), *delivery, engine, heap_hash, sealed, taken_at].to_vec()
}

/// The row that names a run's checkpoint.
pub(crate) fn key<'a>(workspace: &'a WorkspaceId, run: &'a RunId) -> Vec<Value<'a>> {
    values![workspace.as_str(), run.as_bytes()].to_vec()
}

/// A run's checkpoint.
pub(crate) fn get(
    db: &mut dyn Read,
    workspace: &WorkspaceId,
    run: RunId,
) -> Result<Option<Checkpoint>, DbError> {
    let sql = "
        select delivery, engine, heap_hash, sealed
        from checkpoints
        where workspace = ?1 and run_id = ?2";
    db.row(sql, values![workspace.as_str(), run.as_bytes()], |cells| {
        Ok(Checkpoint {
            delivery: cells.take()?,
            engine: cells.take()?,
            heap_hash: cells.take()?,
            sealed: cells.checkpoint_bytes()?,
        })
    })
}
