//! From the changes of a batch to the rows to be written: several changes of one row become one.
//!
//! Groups of a batch are committed together, so writing a row's last state in the place of its
//! first change leaves the same tables. A row that is made twice is not merged: the database
//! refuses it, and the groups are then applied one by one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use fermata_model::record::{Call, CallState, Checkpoint, KeystoreEntry, Run, RunState};
use fermata_model::{CallNumber, CallStatus, Millis, RunId, WorkspaceId};

use crate::change::{Change, Group};

/// One row to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'batch> {
    /// A run and whether its node keeps it.
    InsertRun(&'batch Run, &'batch RunState, bool),
    UpdateRun(&'batch WorkspaceId, &'batch RunId, &'batch RunState, bool),
    ReleaseRun(&'batch WorkspaceId, &'batch RunId),
    InsertCall(&'batch Call, &'batch CallState),
    UpdateCall(&'batch WorkspaceId, &'batch RunId, CallNumber, &'batch CallState),
    EndChild(&'batch WorkspaceId, &'batch RunId, CallNumber, &'batch CallState),
    PutCheckpoint(&'batch WorkspaceId, &'batch RunId, &'batch Checkpoint, Millis),
    DropCheckpoint(&'batch WorkspaceId, &'batch RunId),
    InsertKeystore(&'batch WorkspaceId, &'batch KeystoreEntry),
    /// The last of several versions, and the version that the first of them was written over.
    UpdateKeystore(&'batch WorkspaceId, &'batch KeystoreEntry, u32),
    DeleteKeystore(&'batch WorkspaceId, &'batch str, &'batch str, Millis),
    /// A change that is never merged.
    Alone(&'batch Change),
}

/// A row that changes can be merged into.
#[derive(PartialEq, Eq, Hash)]
enum Row<'batch> {
    Run(&'batch WorkspaceId, RunId),
    Call(&'batch WorkspaceId, RunId, CallNumber),
    Checkpoint(&'batch WorkspaceId, RunId),
    /// One entry of that name: the next one is another row, which is made when this one is gone.
    Keystore(&'batch WorkspaceId, &'batch str, &'batch str, Millis),
}

/// The rows that the changes of `batch` come to, in order of their first change.
pub(crate) fn merged(batch: &[Group]) -> Vec<Step<'_>> {
    let most = batch.iter().map(|group| group.changes.len()).sum();
    let mut steps = Vec::with_capacity(most);
    let mut places: HashMap<Row<'_>, usize> = HashMap::with_capacity(most);
    for change in batch.iter().flat_map(|group| &group.changes) {
        let step = Step::of(change);
        let Some(row) = step.row() else {
            steps.push(step);
            continue;
        };
        match places.entry(row) {
            Entry::Vacant(place) => {
                place.insert(steps.len());
                steps.push(step);
            }
            Entry::Occupied(mut place) => match steps[*place.get()].then(step) {
                Some(both) => steps[*place.get()] = both,
                None => {
                    place.insert(steps.len());
                    steps.push(step);
                }
            },
        }
    }
    steps
}

impl<'batch> Step<'batch> {
    /// The row that `change` writes.
    pub(crate) fn of(change: &'batch Change) -> Self {
        match change {
            Change::InsertRun(run) => Self::InsertRun(run, &run.state, true),
            Change::UpdateRun { workspace, id, state } => Self::UpdateRun(workspace, id, state, true),
            Change::ReleaseRun { workspace, id } => Self::ReleaseRun(workspace, id),
            Change::InsertCall(call) => Self::InsertCall(call, &call.state),
            Change::UpdateCall { workspace, run, number, state } => {
                Self::UpdateCall(workspace, run, *number, state)
            }
            Change::EndChildCall { workspace, run, number, state } => {
                Self::EndChild(workspace, run, *number, state)
            }
            Change::PutCheckpoint { workspace, run, checkpoint, taken_at } => {
                Self::PutCheckpoint(workspace, run, checkpoint, *taken_at)
            }
            Change::DropCheckpoint { workspace, run } => Self::DropCheckpoint(workspace, run),
            Change::InsertKeystore { workspace, entry } => Self::InsertKeystore(workspace, entry),
            Change::UpdateKeystore { workspace, entry, over } => {
                Self::UpdateKeystore(workspace, entry, *over)
            }
            Change::DeleteKeystore { workspace, namespace, name, since } => {
                Self::DeleteKeystore(workspace, namespace, name, *since)
            }
            _ => Self::Alone(change),
        }
    }

    fn row(&self) -> Option<Row<'batch>> {
        match *self {
            Self::InsertRun(run, ..) => Some(Row::Run(&run.birth.workspace, run.birth.id)),
            Self::UpdateRun(workspace, id, ..) | Self::ReleaseRun(workspace, id) => {
                Some(Row::Run(workspace, *id))
            }
            Self::InsertCall(call, _) => Some(Row::Call(&call.workspace, call.run, call.number)),
            Self::UpdateCall(workspace, run, number, _) | Self::EndChild(workspace, run, number, _) => {
                Some(Row::Call(workspace, *run, number))
            }
            Self::PutCheckpoint(workspace, run, ..) | Self::DropCheckpoint(workspace, run) => {
                Some(Row::Checkpoint(workspace, *run))
            }
            Self::InsertKeystore(workspace, entry) | Self::UpdateKeystore(workspace, entry, _) => {
                Some(Row::Keystore(workspace, &entry.namespace, &entry.name, entry.since))
            }
            Self::DeleteKeystore(workspace, namespace, name, since) => {
                Some(Row::Keystore(workspace, namespace, name, since))
            }
            Self::Alone(_) => None,
        }
    }

    /// This and then `later`, of the same row, as one step, if that is possible.
    fn then(self, later: Self) -> Option<Self> {
        match (self, later) {
            (Self::InsertRun(run, _, owned), Self::UpdateRun(_, _, state, _)) => {
                Some(Self::InsertRun(run, state, owned))
            }
            (Self::InsertRun(run, state, _), Self::ReleaseRun(..)) => {
                Some(Self::InsertRun(run, state, false))
            }
            (Self::UpdateRun(workspace, id, state, _), Self::ReleaseRun(..)) => {
                Some(Self::UpdateRun(workspace, id, state, false))
            }
            (Self::InsertCall(call, _), Self::UpdateCall(_, _, _, state)) => {
                Some(Self::InsertCall(call, state))
            }
            (Self::InsertCall(call, state), Self::EndChild(_, _, _, end)) => {
                Some(Self::InsertCall(call, if waits(state, end) { end } else { state }))
            }
            (Self::UpdateCall(workspace, run, number, state), Self::EndChild(_, _, _, end)) => {
                Some(Self::UpdateCall(workspace, run, number, if waits(state, end) { end } else { state }))
            }
            // The first one ends the call; if it does not, neither does another one of the same child.
            (Self::EndChild(_, _, _, first), Self::EndChild(_, _, _, end)) if first.child == end.child => {
                Some(self)
            }
            (Self::InsertKeystore(workspace, first), Self::UpdateKeystore(_, entry, over))
                if over == first.version =>
            {
                Some(Self::InsertKeystore(workspace, entry))
            }
            (Self::UpdateKeystore(workspace, first, below), Self::UpdateKeystore(_, entry, over))
                if over == first.version =>
            {
                Some(Self::UpdateKeystore(workspace, entry, below))
            }
            (Self::UpdateRun(..), Self::UpdateRun(..))
            | (Self::UpdateCall(..) | Self::EndChild(..), Self::UpdateCall(..))
            | (
                Self::PutCheckpoint(..) | Self::DropCheckpoint(..),
                Self::PutCheckpoint(..) | Self::DropCheckpoint(..),
            )
            | (
                Self::InsertKeystore(..) | Self::UpdateKeystore(..) | Self::DeleteKeystore(..),
                Self::DeleteKeystore(..),
            ) => Some(later),
            _ => None,
        }
    }
}

/// Whether the run that `end` tells of is still waited for.
fn waits(state: &CallState, end: &CallState) -> bool {
    state.status == CallStatus::SuspendedWaitingChild && state.child == end.child
}
