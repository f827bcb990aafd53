//! Timers: what falls due soon, in memory. What falls due later is only in the ledger, from where
//! the sweep fetches it in time.

use std::collections::BTreeSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use fermata_model::{CallNumber, Millis, RunId, WorkspaceId};

use crate::clock::Clock;

/// What is kept in memory falls due within this time.
pub(crate) const HORIZON_MS: Millis = 60_000;
/// Most timers in memory; the ledger has them all.
const TIMERS_MAX: usize = 2_000_000;

/// Whose time it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timer {
    pub(crate) due: Millis,
    pub(crate) run: RunId,
    /// The call, or the run itself.
    pub(crate) call: Option<CallNumber>,
    pub(crate) workspace: WorkspaceId,
}

pub(crate) struct Timers {
    clock: Arc<Clock>,
    kept: Mutex<Kept>,
    changed: Condvar,
}

#[derive(Default)]
struct Kept {
    /// A set, so that the sweep may bring what is here already.
    timers: BTreeSet<Timer>,
    closed: bool,
}

impl Timers {
    /// No timers, and the clock that they go by.
    pub(crate) fn new(clock: Arc<Clock>) -> Self {
        Self { clock, kept: Mutex::default(), changed: Condvar::new() }
    }

    /// Keeps a timer if it falls due soon. A clock that leaps has to know of them all.
    pub(crate) fn set(&self, timer: Timer) {
        if timer.due > self.clock.now() + HORIZON_MS && !self.clock.leaps() {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.timers.len() >= TIMERS_MAX {
            return;
        }
        let is_first = kept.timers.first().is_none_or(|first| timer.due < first.due);
        kept.timers.insert(timer);
        if is_first {
            self.changed.notify_one();
        }
    }

    /// Waits until something is due and takes all that is. `None` when closed.
    pub(crate) fn wait(&self) -> Option<Vec<Timer>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if kept.closed {
                return None;
            }
            let now = self.clock.now();
            let due = kept.take_due(now);
            if !due.is_empty() {
                return Some(due);
            }
            // A wall clock that jumps is noticed within a second.
            let wait = kept.timers.first().map_or(1_000, |first| (first.due - now).clamp(1, 1_000));
            let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(1));
            kept = self.changed.wait_timeout(kept, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes all that is due, without waiting for it.
    pub(crate) fn take_due(&self) -> Vec<Timer> {
        let now = self.clock.now();
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).take_due(now)
    }

    /// The moment of the first timer in memory.
    pub(crate) fn first_due(&self) -> Option<Millis> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).timers.first().map(|first| first.due)
    }

    /// How many timers are in memory.
    pub(crate) fn len(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).timers.len()
    }

    /// Ends [`Timers::wait`].
    pub(crate) fn close(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.changed.notify_all();
    }
}

impl Kept {
    fn take_due(&mut self, now: Millis) -> Vec<Timer> {
        let mut due = Vec::new();
        while self.timers.first().is_some_and(|first| first.due <= now) {
            due.extend(self.timers.pop_first());
        }
        due
    }
}
