//! From a step to the statement and the row that write it.

use crate::change::Change;
use crate::coalesce::Step;
use crate::tables::{
    calls, checkpoints, idempotency, keystore, letters, logs, objects, runs, sent_events, tasks, tokens,
};
use crate::value::{Value, values};
use crate::write::Write;

/// The statement and the row of a step. `owner` is the node that owns the runs it writes, where there
/// are several.
pub(crate) fn of<'a>(step: &Step<'a>, owner: Option<i64>) -> (&'static Write, Vec<Value<'a>>) {
    match *step {
        Step::InsertRun(run, state, owned) => {
            (&runs::INSERT, runs::insert_row(&run.birth, state, owner.filter(|_| owned)))
        }
        Step::UpdateRun(workspace, id, state, owned) => {
            (&runs::UPDATE, runs::update_row(workspace, id, state, owner.filter(|_| owned)))
        }
        Step::ReleaseRun(workspace, id) => (&runs::RELEASE, runs::release_row(workspace, id)),
        Step::InsertCall(call, state) => (&calls::INSERT, calls::insert_row(call, state)),
        Step::UpdateCall(workspace, run, number, state) => {
            (&calls::UPDATE, calls::update_row(workspace, run, number, state))
        }
        Step::EndChild(workspace, run, number, state) => {
            (&calls::END_CHILD, calls::update_row(workspace, run, number, state))
        }
        Step::PutCheckpoint(workspace, run, checkpoint, taken_at) => {
            (&checkpoints::PUT, checkpoints::row(workspace, run, checkpoint, taken_at))
        }
        Step::DropCheckpoint(workspace, run) => (&checkpoints::DELETE, checkpoints::key(workspace, run)),
        Step::PutKeystore(workspace, entry) => (&keystore::PUT, keystore::row(workspace, entry)),
        Step::DeleteKeystore(workspace, namespace, name) => {
            (&keystore::DELETE, keystore::key(workspace, namespace, name))
        }
        Step::Alone(change) => of_alone(change),
    }
}

fn of_alone(change: &Change) -> (&'static Write, Vec<Value<'_>>) {
    match change {
        Change::PutTask(task) => (&tasks::INSERT, tasks::row(task)),
        Change::Log { workspace, run, line } => (&logs::INSERT, logs::row(workspace, run, line)),
        Change::PutSentEvent { workspace, run, event } => {
            (&sent_events::INSERT, sent_events::row(workspace, run, event))
        }
        Change::TakeSentEvent { workspace, run, number, taken_by } => {
            (&sent_events::TAKE, values![workspace.as_str(), run.as_bytes(), *number, *taken_by].to_vec())
        }
        Change::PutIdempotency { workspace, key, request_hash, run, created_at } => {
            let row = values![workspace.as_str(), key, request_hash, run.as_bytes(), *created_at];
            (&idempotency::INSERT, row.to_vec())
        }
        Change::PutToken { hash, workspace, name, created_at } => {
            (&tokens::PUT, values![hash, workspace.as_str(), name, *created_at].to_vec())
        }
        Change::PutLetter(letter) => (&letters::INSERT, letters::row(letter)),
        Change::AnswerLetter { id, answer, answered_at } => {
            (&letters::ANSWER, values![id, answer.get(), *answered_at].to_vec())
        }
        Change::DropLetter { id } => (&letters::DELETE, values![id].to_vec()),
        Change::PutObject { workspace, id, run, bytes, created_at } => {
            let row = values![workspace.as_str(), id, run.as_bytes(), *bytes, *created_at];
            (&objects::INSERT, row.to_vec())
        }
        Change::DropObject { workspace, id } => (&objects::DELETE, values![workspace.as_str(), id].to_vec()),
        Change::InsertRun(_)
        | Change::UpdateRun { .. }
        | Change::ReleaseRun { .. }
        | Change::InsertCall(_)
        | Change::UpdateCall { .. }
        | Change::EndChildCall { .. }
        | Change::PutCheckpoint { .. }
        | Change::DropCheckpoint { .. }
        | Change::PutKeystore { .. }
        | Change::DeleteKeystore { .. } => unreachable!("these have steps of their own"),
    }
}
