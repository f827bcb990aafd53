//! The one thread that writes.
//!
//! It takes all groups that wait, up to a bound, and commits them as one transaction; the next
//! batch forms while the disk works. A group is told its fate only after the commit, which has
//! waited for the disk.

mod apply;
mod queue;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;

use crate::change::Group;
use crate::coalesce::{self, Step};
use crate::error::CommitError;
use crate::folder::Folder;
use crate::tables::nodes;
use apply::apply;
pub(crate) use queue::Queue;

/// What the committer has done since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) commits: AtomicU64,
    pub(crate) groups: AtomicU64,
    pub(crate) changes: AtomicU64,
    pub(crate) rows: AtomicU64,
}

/// The thread's possessions.
pub(crate) struct Committer {
    pub(crate) connection: Connection,
    pub(crate) epoch: i64,
    pub(crate) queue: Arc<Queue>,
    pub(crate) counters: Arc<Counters>,
    /// Held so that the folder stays locked until the last write.
    pub(crate) folder: Arc<Folder>,
}

impl Committer {
    /// Starts the thread. It ends when the queue is closed and empty.
    pub(crate) fn start(self) -> std::io::Result<JoinHandle<()>> {
        thread::Builder::new().name("fermata-committer".into()).spawn(move || self.run())
    }

    fn run(self) {
        self.queue.set_consumer(thread::current().id());
        while let Some(batch) = self.queue.take_batch() {
            self.write(batch);
        }
        // The folder must stay locked until the connection is closed.
        drop(self.connection);
        drop(self.folder);
    }

    fn write(&self, batch: Vec<Group>) {
        match self.write_together(&batch) {
            Ok(rows) => {
                self.count(&batch, rows);
                finish(batch.into_iter().map(|group| (group, Ok(()))));
            }
            Err(error) if error.is_of_the_changes() && batch.len() > 1 => self.write_apart(batch),
            Err(error) => finish(batch.into_iter().map(|group| (group, Err(error.clone())))),
        }
    }

    /// All groups in one transaction, with changes of one row merged. Gives the rows written.
    fn write_together(&self, batch: &[Group]) -> Result<u64, CommitError> {
        let steps = coalesce::merged(batch);
        self.in_transaction(|| {
            steps.iter().try_for_each(|step| apply(&self.connection, step))?;
            Ok(steps.len() as u64)
        })
    }

    /// Each group behind a savepoint of its own, so that only the faulty ones are left out.
    fn write_apart(&self, batch: Vec<Group>) {
        let mut fates = Vec::new();
        let written = self.in_transaction(|| {
            let mut rows = 0;
            for group in &batch {
                let fate = self.write_behind_savepoint(group);
                match &fate {
                    Ok(()) => rows += group.changes.len() as u64,
                    Err(error) if error.is_of_the_changes() => {}
                    Err(error) => return Err(error.clone()),
                }
                fates.push(fate);
            }
            Ok(rows)
        });
        match written {
            Ok(rows) => {
                self.count(&batch, rows);
                finish(batch.into_iter().zip(fates));
            }
            Err(error) => finish(batch.into_iter().map(|group| (group, Err(error.clone())))),
        }
    }

    fn write_behind_savepoint(&self, group: &Group) -> Result<(), CommitError> {
        self.execute("savepoint alone")?;
        let written = group.changes.iter().try_for_each(|change| apply(&self.connection, &Step::of(change)));
        match &written {
            Ok(()) => self.execute("release alone")?,
            Err(error) if error.is_of_the_changes() => {
                self.execute("rollback to alone")?;
                self.execute("release alone")?;
            }
            // The disk failed: the whole transaction is given up, and its savepoints with it.
            Err(_) => {}
        }
        written
    }

    /// Runs `work` between `begin` and `commit`, if the store is still ours.
    fn in_transaction<T>(&self, work: impl FnOnce() -> Result<T, CommitError>) -> Result<T, CommitError> {
        self.execute("begin immediate")?;
        let result = self.check_epoch().and_then(|()| work()).and_then(|value| {
            self.execute("commit")?;
            Ok(value)
        });
        // After some failures the database has rolled back by itself.
        if result.is_err() && !self.connection.is_autocommit() {
            self.execute("rollback")?;
        }
        result
    }

    fn check_epoch(&self) -> Result<(), CommitError> {
        let epoch = nodes::epoch(&self.connection).map_err(CommitError::transaction)?;
        if epoch == self.epoch { Ok(()) } else { Err(CommitError::Deposed) }
    }

    fn execute(&self, sql: &str) -> Result<(), CommitError> {
        let done = self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
        done.map(drop).map_err(CommitError::transaction)
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
        let Some(done) = group.done else { continue };
        if catch_unwind(AssertUnwindSafe(|| done(fate))).is_err() {
            tracing::error!("What waited for a commit panicked");
        }
    }
}
