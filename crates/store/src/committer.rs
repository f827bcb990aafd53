//! The one thread that writes.
//!
//! It takes all groups that wait, up to a bound, and commits them as one transaction; the next
//! batch forms while the disk works. A group is told its fate only after the commit, which has
//! waited for the disk.

mod queue;
pub(crate) mod rows;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use crate::change::Group;
use crate::error::CommitError;
pub(crate) use queue::Queue;

/// What the committer has done since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) groups: AtomicU64,
    pub(crate) changes: AtomicU64,
    pub(crate) rows: AtomicU64,
}

/// A connection that commits batches.
pub(crate) trait Writer: Send + 'static {
    /// Writes all groups in one transaction, with changes of one row merged. Gives the rows written.
    fn write_together(&mut self, batch: &[Group]) -> Result<u64, CommitError>;

    /// Writes all groups in one transaction, each behind a savepoint of its own, so that only the
    /// faulty ones are left out. Gives the rows written and each group's fate.
    fn write_apart(&mut self, batch: &[Group]) -> Result<(u64, Vec<Result<(), CommitError>>), CommitError>;
}

/// The thread's possessions.
pub(crate) struct Committer<W> {
    pub(crate) writer: W,
    pub(crate) queue: Arc<Queue>,
    pub(crate) counters: Arc<Counters>,
}

impl<W: Writer> Committer<W> {
    /// Starts the thread. It ends when the queue is closed and empty.
    pub(crate) fn start(self) -> std::io::Result<JoinHandle<()>> {
        thread::Builder::new().name("fermata-committer".into()).spawn(move || self.run())
    }

    fn run(mut self) {
        self.queue.set_consumer(thread::current().id());
        while let Some(batch) = self.queue.take_batch() {
            self.write(batch);
        }
    }

    pub(crate) fn write(&mut self, batch: Vec<Group>) {
        let (cut_off, batch): (Vec<Group>, Vec<Group>) = batch.into_iter().partition(Group::is_cut_off);
        finish(cut_off.into_iter().map(|group| (group, Err(CommitError::CutOff))));
        if !batch.is_empty() {
            self.write_uncut(batch);
        }
    }

    fn write_uncut(&mut self, batch: Vec<Group>) {
        match self.writer.write_together(&batch) {
            Ok(rows) => {
                self.count(&batch, rows);
                finish(batch.into_iter().map(|group| (group, Ok(()))));
            }
            Err(error) if error.is_of_the_changes() && batch.len() > 1 => self.write_apart(batch),
            Err(error) => finish(batch.into_iter().map(|group| (group, Err(error.clone())))),
        }
    }

    fn write_apart(&mut self, batch: Vec<Group>) {
        match self.writer.write_apart(&batch) {
            Ok((rows, fates)) => {
                self.count(&batch, rows);
                finish(batch.into_iter().zip(fates));
            }
            Err(error) => finish(batch.into_iter().map(|group| (group, Err(error.clone())))),
        }
    }

    fn count(&self, batch: &[Group], rows: u64) {
        let changes = batch.iter().map(|group| group.changes.len() as u64).sum();
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        self.counters.groups.fetch_add(batch.len() as u64, Ordering::Relaxed);
        self.counters.changes.fetch_add(changes, Ordering::Relaxed);
        self.counters.rows.fetch_add(rows, Ordering::Relaxed);
    }
}

/// Tells groups their fate. A panic in one must not end the thread that all others depend on.
fn finish(fates: impl Iterator<Item = (Group, Result<(), CommitError>)>) {
    for (group, fate) in fates {
        // Before the next batch is taken, which may hold what comes after it.
        if fate.is_err() {
            group.end_chain();
        }
        let Some(done) = group.done else { continue };
        if catch_unwind(AssertUnwindSafe(|| done(fate))).is_err() {
            tracing::error!("What waited for a commit panicked");
        }
    }
}
