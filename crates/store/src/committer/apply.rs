//! One step of a batch: which statement writes it, and what its failure means.

use rusqlite::Connection;

use crate::change::Change;
use crate::coalesce::Step;
use crate::error::CommitError;
use crate::tables::{calls, checkpoints, idempotency, keystore, logs, runs, sent_events, tasks, tokens};

/// Writes one step. Belongs inside a transaction.
pub(super) fn apply(connection: &Connection, step: &Step<'_>) -> Result<(), CommitError> {
    match *step {
        Step::InsertRun(run, state) => written("run", runs::insert(connection, &run.birth, state)),
        Step::UpdateRun(workspace, id, state) => {
            written("run", runs::update(connection, workspace, id, state))
        }
        Step::InsertCall(call, state) => written("call", calls::insert(connection, call, state)),
        Step::UpdateCall(workspace, run, number, state) => {
            written("call", calls::update(connection, workspace, run, number, state))
        }
        Step::PutCheckpoint(workspace, run, checkpoint, taken_at) => {
            written("checkpoint", checkpoints::put(connection, workspace, run, checkpoint, taken_at))
        }
        Step::DropCheckpoint(workspace, run) => {
            gone("checkpoint", checkpoints::delete(connection, workspace, run))
        }
        Step::Alone(change) => apply_alone(connection, change),
    }
}

fn apply_alone(connection: &Connection, change: &Change) -> Result<(), CommitError> {
    match change {
        Change::PutTask(task) => written("task version", tasks::insert(connection, task)),
        Change::Log { workspace, run, line } => {
            written("log line", logs::insert(connection, workspace, *run, line))
        }
        Change::PutSentEvent { workspace, run, event } => {
            written("event", sent_events::insert(connection, workspace, *run, event))
        }
        Change::TakeSentEvent { workspace, run, number, taken_by } => {
            written("event", sent_events::take(connection, workspace, *run, *number, *taken_by))
        }
        Change::PutKeystore { workspace, entry } => {
            written("keystore entry", keystore::put(connection, workspace, entry))
        }
        Change::DeleteKeystore { workspace, namespace, name } => {
            gone("keystore entry", keystore::delete(connection, workspace, namespace, name))
        }
        Change::PutIdempotency { workspace, key, request_hash, run, created_at } => written(
            "idempotency key",
            idempotency::insert(connection, workspace, key, request_hash, *run, *created_at),
        ),
        Change::PutToken { hash, workspace, name, created_at } => {
            written("token", tokens::put(connection, hash, workspace, name, *created_at))
        }
        Change::InsertRun(_)
        | Change::UpdateRun { .. }
        | Change::InsertCall(_)
        | Change::UpdateCall { .. }
        | Change::PutCheckpoint { .. }
        | Change::DropCheckpoint { .. } => unreachable!("these have steps of their own"),
    }
}

/// A statement that must have written its row.
fn written(what: &'static str, rows: rusqlite::Result<usize>) -> Result<(), CommitError> {
    match rows {
        Ok(0) => Err(CommitError::Missing { what }),
        Ok(_) => Ok(()),
        Err(error) => Err(CommitError::naming(what, error)),
    }
}

/// A statement after which its row is not there, whether it was before or not.
fn gone(what: &'static str, rows: rusqlite::Result<usize>) -> Result<(), CommitError> {
    rows.map(drop).map_err(|error| CommitError::naming(what, error))
}
