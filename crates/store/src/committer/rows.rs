//! From a step to the statement and the row that write it.

use fermata_model::RunId;

use crate::change::{Change, Removal, Removed};
use crate::coalesce::Step;
use crate::spill::Carrying;
use crate::tables::keystore::versions;
use crate::tables::{
    calls, checkpoints, idempotency, keystore, letters, logs, objects, runs, sent_events, state, tasks,
    tokens,
};
use crate::value::{Value, values};
use crate::write::Write;

/// Calls `put` with the statement and the row for each row that a step comes to. `owner` is the node that
/// owns the runs it writes, where there are several; `carrying` is what its batch has in the object store.
pub(crate) fn each<'a, E>(
    step: &Step<'a>,
    owner: Option<i64>,
    carrying: &Carrying<'a>,
    mut put: impl FnMut(&'static Write, Vec<Value<'a>>) -> Result<(), E>,
) -> Result<(), E> {
    if let Step::Alone(Change::Remove(Removal(removed))) = *step {
        return each_removed(removed, put);
    }
    let (write, mut row) = of(step, owner);
    if carrying.is_empty() {
        return put(write, row);
    }
    let mut referred = Vec::new();
    let run = run_of(step);
    if let Some(run) = run {
        carrying.refer(run, &mut row, |upload| referred.push(objects::row(run, upload)));
    }
    put(write, row)?;
    referred.into_iter().try_for_each(|row| put(&objects::INSERT, row))
}

/// An ended run takes everything with it that is found by its id.
fn each_removed<'a, E>(
    removed: &'a Removed,
    mut put: impl FnMut(&'static Write, Vec<Value<'a>>) -> Result<(), E>,
) -> Result<(), E> {
    match removed {
        Removed::Run { workspace, id } => {
            let key = || values![workspace.as_str(), id.as_bytes()].to_vec();
            let of_run: [&'static Write; 7] = [
                &calls::DELETE_OF_RUN,
                &logs::DELETE_OF_RUN,
                &sent_events::DELETE_OF_RUN,
                &letters::DELETE_OF_RUN,
                &objects::DELETE_OF_RUN,
                &checkpoints::DELETE,
                &idempotency::DELETE_OF_RUN,
            ];
            of_run.into_iter().try_for_each(|write| put(write, key()))?;
            put(&runs::DELETE, key())
        }
        Removed::Object { workspace, id } => put(&objects::DELETE, values![workspace.as_str(), id].to_vec()),
    }
}

/// The run that a step's values belong to, if it has values that can be objects.
fn run_of<'a>(step: &Step<'a>) -> Option<&'a RunId> {
    match *step {
        Step::InsertRun(run, ..) => Some(&run.birth.id),
        Step::UpdateRun(_, id, ..) => Some(id),
        Step::InsertCall(call, _) => Some(&call.run),
        Step::UpdateCall(_, run, ..) | Step::EndChild(_, run, ..) | Step::PutCheckpoint(_, run, ..) => {
            Some(run)
        }
        Step::Alone(Change::PutSentEvent { run, .. } | Change::EndCall { run, .. }) => Some(run),
        _ => None,
    }
}

fn of<'a>(step: &Step<'a>, owner: Option<i64>) -> (&'static Write, Vec<Value<'a>>) {
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
        Step::InsertKeystore(workspace, entry) => (&keystore::INSERT, keystore::row(workspace, entry)),
        Step::UpdateKeystore(workspace, entry, over) => {
            (&keystore::UPDATE, keystore::update_row(workspace, entry, over))
        }
        Step::DeleteKeystore(workspace, namespace, name, since) => {
            (&keystore::DELETE, keystore::key(workspace, namespace, name, since))
        }
        Step::Alone(change) => of_alone(change),
    }
}

/// Every statement there is.
pub(crate) fn all() -> Vec<&'static Write> {
    vec![
        &tasks::INSERT,
        &runs::INSERT,
        &runs::UPDATE,
        &runs::RELEASE,
        &calls::INSERT,
        &calls::UPDATE,
        &calls::END_CHILD,
        &calls::END,
        &logs::INSERT,
        &checkpoints::PUT,
        &checkpoints::DELETE,
        &sent_events::INSERT,
        &sent_events::TAKE,
        &state::INSERT,
        &state::UPDATE,
        &state::DELETE,
        &keystore::INSERT,
        &keystore::UPDATE,
        &keystore::USE,
        &keystore::DELETE,
        &versions::KEEP,
        &versions::FORGET,
        &letters::INSERT,
        &letters::ANSWER,
        &letters::REFUSE,
        &letters::DELETE,
        &objects::INSERT,
        &objects::DELETE,
        &calls::DELETE_OF_RUN,
        &logs::DELETE_OF_RUN,
        &sent_events::DELETE_OF_RUN,
        &letters::DELETE_OF_RUN,
        &objects::DELETE_OF_RUN,
        &runs::DELETE,
        &idempotency::INSERT,
        &idempotency::DELETE_OF_RUN,
        &tokens::PUT,
    ]
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
        Change::EndCall { workspace, run, number, state } => {
            (&calls::END, calls::update_row(workspace, run, *number, state))
        }
        Change::InsertState { workspace, task, entry } => {
            (&state::INSERT, state::row(workspace, task, entry))
        }
        Change::UpdateState { workspace, task, entry } => {
            (&state::UPDATE, state::row(workspace, task, entry))
        }
        Change::DeleteState { workspace, task, key, version } => {
            (&state::DELETE, state::key(workspace, task, key, *version))
        }
        Change::KeepKeystore { workspace, entry } => (&versions::KEEP, versions::row(workspace, entry)),
        Change::ForgetKeystore { workspace, namespace, name, since, up_to } => {
            (&versions::FORGET, versions::key(workspace, namespace, name, *since, *up_to))
        }
        Change::UseKeystore { workspace, namespace, name, at } => {
            (&keystore::USE, keystore::use_row(workspace, namespace, name, *at))
        }
        Change::PutLetter(letter) => (&letters::INSERT, letters::row(letter)),
        Change::AnswerLetter { id, answer, answered_at } => {
            (&letters::ANSWER, values![id, answer.get(), *answered_at].to_vec())
        }
        Change::RefuseLetter { id, answer, answered_at } => {
            (&letters::REFUSE, values![id, answer.get(), *answered_at].to_vec())
        }
        Change::DropLetter { id } => (&letters::DELETE, values![id].to_vec()),
        Change::InsertRun(_)
        | Change::UpdateRun { .. }
        | Change::ReleaseRun { .. }
        | Change::InsertCall(_)
        | Change::UpdateCall { .. }
        | Change::EndChildCall { .. }
        | Change::PutCheckpoint { .. }
        | Change::DropCheckpoint { .. }
        | Change::InsertKeystore { .. }
        | Change::UpdateKeystore { .. }
        | Change::DeleteKeystore { .. }
        | Change::Remove(_) => unreachable!("these are not written here"),
    }
}
