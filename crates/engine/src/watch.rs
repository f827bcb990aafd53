//! Telling those who wait: for any durable change of a run, and for its end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fermata_model::record::Run;
use fermata_model::{RunId, WorkspaceId};
use tokio::sync::{oneshot, watch};

/// Those who wait for a run's end, and its workspace.
type Waiting = (WorkspaceId, Vec<oneshot::Sender<Arc<Run>>>);

/// Those who wait.
#[derive(Default)]
pub(crate) struct Watchers {
    changes: Mutex<HashMap<RunId, (watch::Sender<u64>, usize)>>,
    ends: Mutex<HashMap<RunId, Waiting>>,
    /// How many runs are watched, so that the hot path need not lock.
    watched: AtomicUsize,
}

/// Tells of a run's durable changes.
pub struct Watch {
    run: RunId,
    changes: watch::Receiver<u64>,
    watchers: Arc<Watchers>,
}

impl Watch {
    /// Resolves once something about the run has reached the disk since the last call (or since the
    /// watch was made). Safe to cancel.
    pub async fn changed(&mut self) {
        // The sender lives as long as this watch.
        let _ = self.changes.changed().await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.watchers.unwatch(self.run);
    }
}

impl Watchers {
    /// Watches a run's changes from here on.
    pub(crate) fn watch(self: &Arc<Self>, run: RunId) -> Watch {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let (sender, count) = changes.entry(run).or_insert_with(|| {
            self.watched.fetch_add(1, Ordering::SeqCst);
            (watch::channel(0).0, 0)
        });
        *count += 1;
        Watch { run, changes: sender.subscribe(), watchers: self.clone() }
    }

    fn unwatch(&self, run: RunId) {
        let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = changes.get_mut(&run) {
            *count -= 1;
            if *count == 0 {
                changes.remove(&run);
                self.watched.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }

    /// Something about the run has reached the disk.
    pub(crate) fn changed(&self, run: RunId) {
        if self.watched.load(Ordering::SeqCst) == 0 {
            return;
        }
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((sender, _)) = changes.get(&run) {
            sender.send_modify(|count| *count += 1);
        }
    }

    /// The run's end, once it is on disk.
    pub(crate) fn end_of(&self, workspace: &WorkspaceId, run: RunId) -> oneshot::Receiver<Arc<Run>> {
        let (sender, receiver) = oneshot::channel();
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, waiting) = ends.entry(run).or_insert_with(|| (workspace.clone(), Vec::new()));
        // Those who gave up leave their place when the next one comes.
        waiting.retain(|sender| !sender.is_closed());
        waiting.push(sender);
        receiver
    }

    /// The run's turn could not be written: those who wait for its end learn that none came.
    pub(crate) fn failed(&self, run: RunId) {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
    }

    /// The runs whose end somebody waits for, up to `most`.
    pub(crate) fn awaited(&self, most: usize) -> Vec<(WorkspaceId, RunId)> {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.iter().take(most).map(|(run, (workspace, _))| (workspace.clone(), *run)).collect()
    }

    /// The runs whose changes somebody watches.
    pub(crate) fn watched(&self) -> Vec<RunId> {
        if self.watched.load(Ordering::SeqCst) == 0 {
            return Vec::new();
        }
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// No more runs will end: everybody who waits for an end learns that none came.
    pub(crate) fn close(&self) {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Forgets those who gave up waiting for the run.
    pub(crate) fn forget_closed(&self, run: RunId) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, waiting)) = ends.get_mut(&run) {
            waiting.retain(|sender| !sender.is_closed());
            if waiting.is_empty() {
                ends.remove(&run);
            }
        }
    }

    /// The run's end has reached the disk.
    pub(crate) fn ended(&self, run: &Arc<Run>) {
        let waiting = self.ends.lock().unwrap_or_else(PoisonError::into_inner).remove(&run.birth.id);
        for sender in waiting.into_iter().flat_map(|(_, waiting)| waiting) {
            // Who gave up meanwhile is not told.
            let _ = sender.send(run.clone());
        }
        self.changed(run.birth.id);
    }
}
