//! Removing runs that ended long ago.

use std::sync::PoisonError;

use fermata_model::{Millis, RunId, WorkspaceId};

use super::Store;
use crate::change::{Change, Removal, Removed};
use crate::db_error::DbError;
use crate::error::RemoveError;
use crate::objects::ObjectName;
use crate::sql::Read;
use crate::tables::objects;
use crate::tables::runs::ended::{self, EndedRun};

/// Ended runs looked at with one read.
const LOOKED_AT_ONCE: u32 = 500;
/// Entries of event streams, each at most one row, after which no further run joins a transaction.
const ENTRIES_MAX: u64 = 50_000;

/// How far the walk through the ended runs has come.
pub(super) type Walk = Option<(Millis, RunId)>;

/// What one transaction removes.
#[derive(Default)]
struct Batch {
    runs: Vec<(WorkspaceId, RunId)>,
    entries: u64,
    objects: Vec<ObjectName>,
    /// The last run that is done with.
    last: Walk,
    /// There was no room for everything.
    is_full: bool,
}

impl Store {
    /// Removes up to `limit` runs that ended before `ended_before`, with their calls, log lines,
    /// checkpoints, events, letters and objects, in one transaction, and gives their number. A run goes
    /// with all that it started and that they started, once all of them have ended; a tree of more than
    /// `limit` runs goes in several transactions, its root last.
    ///
    /// Goes on from where the last call stopped; when it gives 0 it has come to the end, and the next call
    /// begins at the start. Their idempotency keys go too: a request that comes again then starts a new run.
    ///
    /// # Errors
    /// [`RemoveError`]; when it is of the objects, the runs are gone all the same.
    pub fn prune_runs(&self, ended_before: Millis, limit: u32) -> Result<u32, RemoveError> {
        let mut walk = self.inner.pruned.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let batch = self.read("runs", |db| Batch::find(db, *walk, ended_before, limit));
            let batch = batch.map_err(|source| RemoveError::Read { source })?;
            if batch.runs.is_empty() {
                // The children of runs that go on are passed over.
                *walk = batch.last;
                if walk.is_none() {
                    return Ok(0);
                }
                continue;
            }
            let removed = u32::try_from(batch.runs.len()).unwrap_or(u32::MAX);
            let change = |(workspace, id)| Change::Remove(Removal(Removed::Run { workspace, id }));
            let changes = batch.runs.into_iter().map(change).collect();
            self.commit(changes).map_err(|source| RemoveError::Commit { source })?;
            *walk = batch.last;
            self.delete_objects(batch.objects)?;
            return Ok(removed);
        }
    }
}

impl Batch {
    /// The next runs to be removed, behind `after`.
    fn find(db: &mut dyn Read, after: Walk, ended_before: Millis, limit: u32) -> Result<Self, DbError> {
        let mut batch = Self { last: after, ..Self::default() };
        let page = ended::list(db, after, ended_before, LOOKED_AT_ONCE)?;
        for run in &page {
            match (run.is_child, run.has_root) {
                (true, true) => {}
                (true, false) => batch.add(db, run, limit)?,
                (false, _) => batch.add_tree(db, run, limit)?,
            }
            if batch.is_full {
                return Ok(batch);
            }
            batch.last = Some((run.ended_at, run.id));
        }
        if page.is_empty() {
            batch.last = None;
        }
        Ok(batch)
    }

    /// A root with everything below it, unless something there goes on.
    fn add_tree(&mut self, db: &mut dyn Read, root: &EndedRun, limit: u32) -> Result<(), DbError> {
        if ended::is_going_on(db, &root.workspace, root.id)? {
            return Ok(());
        }
        for run in ended::list_below(db, &root.workspace, root.id, limit)? {
            self.add(db, &run, limit)?;
        }
        self.add(db, root, limit)
    }

    fn add(&mut self, db: &mut dyn Read, run: &EndedRun, limit: u32) -> Result<(), DbError> {
        let is_over = self.runs.len() >= limit as usize || self.entries + run.entries > ENTRIES_MAX;
        if self.is_full || is_over && !self.runs.is_empty() {
            self.is_full = true;
            return Ok(());
        }
        self.entries += run.entries;
        let objects = objects::list_of_run(db, &run.workspace, run.id)?;
        self.objects.extend(objects.into_iter().map(|id| ObjectName::with_id(run.workspace.clone(), id)));
        self.runs.push((run.workspace.clone(), run.id));
        Ok(())
    }
}
