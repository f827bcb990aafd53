//! The queue of runs that have something to do, in memory.
//!
//! Higher priority first; within a priority the workspaces take turns, so that one workspace's
//! hundred thousand runs do not make another's ten wait.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use fermata_model::WorkspaceId;

use crate::cell::Cell;

#[derive(Default)]
pub(crate) struct Ready {
    lanes: Mutex<Lanes>,
    filled: Condvar,
}

#[derive(Default)]
struct Lanes {
    by_priority: BTreeMap<Reverse<i16>, Turns>,
    length: usize,
    /// Runs that were added since the start.
    pushed: u64,
    /// Threads that wait for work.
    idle: usize,
    closed: bool,
}

/// The workspaces of one priority, taking turns.
#[derive(Default)]
struct Turns {
    order: VecDeque<WorkspaceId>,
    queues: HashMap<WorkspaceId, VecDeque<Arc<Cell>>>,
}

/// What a thread that asked for work gets.
pub(crate) enum Next {
    /// A run with something to do.
    Work(Arc<Cell>),
    /// Nothing came in the time given.
    Nothing,
    /// There will be no more.
    Closed,
}

impl Ready {
    /// Adds a run. The caller makes sure it is not in the queue already.
    pub(crate) fn push(&self, cell: Arc<Cell>) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = lanes.by_priority.entry(Reverse(cell.priority)).or_default();
        let queue = turns.queues.entry(cell.workspace.clone()).or_default();
        if queue.is_empty() {
            turns.order.push_back(cell.workspace.clone());
        }
        queue.push_back(cell);
        lanes.length += 1;
        lanes.pushed += 1;
        if lanes.idle > 0 {
            self.filled.notify_one();
        }
    }

    /// Takes the next run, waiting for one.
    pub(crate) fn pop(&self, patience: Duration) -> Next {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if lanes.closed {
                return Next::Closed;
            }
            if let Some(cell) = lanes.take() {
                return Next::Work(cell);
            }
            lanes.idle += 1;
            let (back, wait) =
                self.filled.wait_timeout(lanes, patience).unwrap_or_else(PoisonError::into_inner);
            lanes = back;
            lanes.idle -= 1;
            if wait.timed_out() && lanes.length == 0 && !lanes.closed {
                return Next::Nothing;
            }
        }
    }

    /// How many runs wait for a thread.
    pub(crate) fn len(&self) -> usize {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).length
    }

    /// How many runs were added since the start.
    pub(crate) fn pushed(&self) -> u64 {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).pushed
    }

    /// Lets every waiting thread go.
    pub(crate) fn close(&self) {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.filled.notify_all();
    }
}

impl Lanes {
    fn take(&mut self) -> Option<Arc<Cell>> {
        let mut lane = self.by_priority.first_entry()?;
        let turns = lane.get_mut();
        let workspace = turns.order.pop_front()?;
        let queue = turns.queues.get_mut(&workspace)?;
        let cell = queue.pop_front();
        if queue.is_empty() {
            turns.queues.remove(&workspace);
        } else {
            turns.order.push_back(workspace);
        }
        if turns.order.is_empty() {
            lane.remove();
        }
        self.length -= 1;
        cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fermata_model::RunId;

    fn cell(workspace: &str, priority: i16, number: u8) -> Arc<Cell> {
        let workspace = workspace.parse().unwrap();
        Arc::new(Cell::new(workspace, RunId::from_bytes([number; 16]), priority))
    }

    fn numbers(ready: &Ready) -> Vec<u8> {
        let next = || match ready.pop(Duration::ZERO) {
            Next::Work(cell) => Some(cell.run.as_bytes()[0]),
            Next::Nothing | Next::Closed => None,
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn workspaces_take_turns_and_priority_goes_first() {
        let ready = Ready::default();
        for number in 1..=3 {
            ready.push(cell("crowd", 0, number));
        }
        ready.push(cell("lone", 0, 4));
        ready.push(cell("crowd", 5, 5));
        assert_eq!(ready.len(), 5);
        assert_eq!(numbers(&ready), [5, 1, 4, 2, 3]);
        assert_eq!(ready.len(), 0);
    }
}
