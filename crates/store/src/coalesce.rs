//! From the changes of a batch to the rows to be written: several changes of one row become one.
//!
//! Groups of a batch are committed together, so writing a row's last state in the place of its
//! first change leaves the same tables. A row that is made twice is not merged: the database
//! refuses it, and the groups are then applied one by one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use fermata_model::record::{Call, CallState, Checkpoint, Run, RunState};
use fermata_model::{CallNumber, Millis, RunId, WorkspaceId};

use crate::change::{Change, Group};

/// One row to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'batch> {
    InsertRun(&'batch Run, &'batch RunState),
    UpdateRun(&'batch WorkspaceId, RunId, &'batch RunState),
    InsertCall(&'batch Call, &'batch CallState),
    UpdateCall(&'batch WorkspaceId, RunId, CallNumber, &'batch CallState),
    PutCheckpoint(&'batch WorkspaceId, RunId, &'batch Checkpoint, Millis),
    DropCheckpoint(&'batch WorkspaceId, RunId),
    /// A change that is never merged.
    Alone(&'batch Change),
}

/// A row that changes can be merged into.
#[derive(PartialEq, Eq, Hash)]
enum Row<'batch> {
    Run(&'batch WorkspaceId, RunId),
    Call(&'batch WorkspaceId, RunId, CallNumber),
    Checkpoint(&'batch WorkspaceId, RunId),
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
            Change::InsertRun(run) => Self::InsertRun(run, &run.state),
            Change::UpdateRun { workspace, id, state } => Self::UpdateRun(workspace, *id, state),
            Change::InsertCall(call) => Self::InsertCall(call, &call.state),
            Change::UpdateCall { workspace, run, number, state } => {
                Self::UpdateCall(workspace, *run, *number, state)
            }
            Change::PutCheckpoint { workspace, run, checkpoint, taken_at } => {
                Self::PutCheckpoint(workspace, *run, checkpoint, *taken_at)
            }
            Change::DropCheckpoint { workspace, run } => Self::DropCheckpoint(workspace, *run),
            _ => Self::Alone(change),
        }
    }

    fn row(&self) -> Option<Row<'batch>> {
        match *self {
            Self::InsertRun(run, _) => Some(Row::Run(&run.birth.workspace, run.birth.id)),
            Self::UpdateRun(workspace, id, _) => Some(Row::Run(workspace, id)),
            Self::InsertCall(call, _) => Some(Row::Call(&call.workspace, call.run, call.number)),
            Self::UpdateCall(workspace, run, number, _) => Some(Row::Call(workspace, run, number)),
            Self::PutCheckpoint(workspace, run, ..) | Self::DropCheckpoint(workspace, run) => {
                Some(Row::Checkpoint(workspace, run))
            }
            Self::Alone(_) => None,
        }
    }

    /// This and then `later`, of the same row, as one step, if that is possible.
    fn then(self, later: Self) -> Option<Self> {
        match (self, later) {
            (Self::InsertRun(run, _), Self::UpdateRun(_, _, state)) => Some(Self::InsertRun(run, state)),
            (Self::InsertCall(call, _), Self::UpdateCall(_, _, _, state)) => {
                Some(Self::InsertCall(call, state))
            }
            (Self::UpdateRun(..), Self::UpdateRun(..))
            | (Self::UpdateCall(..), Self::UpdateCall(..))
            | (
                Self::PutCheckpoint(..) | Self::DropCheckpoint(..),
                Self::PutCheckpoint(..) | Self::DropCheckpoint(..),
            ) => Some(later),
            _ => None,
        }
    }
}
