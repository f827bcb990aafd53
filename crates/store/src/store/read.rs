//! The reads of a workspace, by name. Each uses a connection of its own for its duration and sees
//! everything that was acknowledged before it.

pub(crate) mod parts;
mod wake;

use std::sync::Arc;

use fermata_model::limits::KEYSTORE_VERSIONS_MAX;
use fermata_model::record::{
    Call, Checkpoint, KeystoreEntry, KeystoreName, LogLine, Run, StateEntry, TaskVersion,
};
use fermata_model::{CallNumber, DeliveryNumber, RunId, RunStatus, VersionId, WorkspaceId};

use super::Store;
use crate::db_error::DbError;
use crate::error::ReadError;
use crate::spill::sought::{Resolving, Sought};
use crate::sql::Read;
use crate::tables::runs::list::{RunFilter, RunSummary};
use crate::tables::stream::StreamEntry;
use crate::tables::tasks::{LatestSource, TaskSummary};
use crate::tables::{calls, checkpoints, idempotency, keystore, logs, runs, state, stream, tasks};

/// How often a read is done whose rows refer to objects: each time they may refer to others.
const READS_MAX: u32 = 10;

impl Store {
    /// Runs `query` on a connection of its own, and again with what its rows refer to, if they do.
    pub(super) fn read<T>(
        &self,
        what: &'static str,
        mut query: impl FnMut(&mut dyn Read) -> Result<T, DbError>,
    ) -> Result<T, ReadError> {
        let sought = Sought::default();
        for _ in 0..READS_MAX {
            let read = self.inner.backend.read(|db| query(&mut Resolving { db, sought: &sought }));
            let found = read.map_err(ReadError::naming(what))?;
            if !self.inner.spill.fetch(what, &sought, |workspace| self.workspace_key(workspace))? {
                return Ok(found);
            }
        }
        let source = std::io::Error::other("what was to be read was changed again and again; try again");
        Err(ReadError::Objects { source: Arc::new(source) })
    }

    /// A version of a task, the newest when no number is given.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn task(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        version: Option<u32>,
    ) -> Result<Option<TaskVersion>, ReadError> {
        self.read("tasks", |reader| tasks::get(reader, workspace, name, version))
    }

    /// The task version with this identity.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn task_by_id(
        &self,
        workspace: &WorkspaceId,
        id: VersionId,
    ) -> Result<Option<TaskVersion>, ReadError> {
        self.read("tasks", |reader| tasks::get_by_id(reader, workspace, id))
    }

    /// The newest version of each task after name `after`, by name.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn tasks(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<TaskSummary>, ReadError> {
        self.read("tasks", |reader| tasks::list(reader, workspace, after, limit))
    }

    /// The versions of a task below number `before`, newest first.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn task_versions(
        &self,
        workspace: &WorkspaceId,
        name: &str,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Vec<TaskSummary>, ReadError> {
        self.read("tasks", |reader| tasks::list_versions(reader, workspace, name, before, limit))
    }

    /// What a publish of the task compares with.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn latest_source(
        &self,
        workspace: &WorkspaceId,
        name: &str,
    ) -> Result<Option<LatestSource>, ReadError> {
        self.read("tasks", |reader| tasks::latest_source(reader, workspace, name))
    }

    /// A run, whole.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn run(&self, workspace: &WorkspaceId, id: RunId) -> Result<Option<Run>, ReadError> {
        self.read("runs", |reader| runs::get(reader, workspace, id))
    }

    /// The runs that `filter` lets through, older than `before`, newest first.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn runs(
        &self,
        workspace: &WorkspaceId,
        filter: &RunFilter,
        before: Option<RunId>,
        limit: u32,
    ) -> Result<Vec<RunSummary>, ReadError> {
        self.read("runs", |reader| runs::list::list(reader, workspace, filter, before, limit))
    }

    /// How many runs are in a state, counted up to `most`.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn count_runs(
        &self,
        workspace: &WorkspaceId,
        status: RunStatus,
        most: u32,
    ) -> Result<u32, ReadError> {
        self.read("runs", |reader| runs::list::count(reader, workspace, status, most))
    }

    /// A call.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn call(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
        number: CallNumber,
    ) -> Result<Option<Call>, ReadError> {
        self.read("calls", |reader| calls::get(reader, workspace, run, number))
    }

    /// The calls of a run after number `after`, in order.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn calls(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
        after: CallNumber,
        limit: u32,
    ) -> Result<Vec<Call>, ReadError> {
        self.read("calls", |reader| calls::list(reader, workspace, run, after, limit))
    }

    /// The calls of a run whose outcome was handed in after delivery `after`, in that order.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn deliveries(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
        after: DeliveryNumber,
        limit: u32,
    ) -> Result<Vec<Call>, ReadError> {
        self.read("calls", |reader| calls::list_delivered(reader, workspace, run, after, limit))
    }

    /// The log lines of a run after `after` in its event stream, in order.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn logs(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<LogLine>, ReadError> {
        self.read("log lines", |reader| logs::list(reader, workspace, run, after, limit))
    }

    /// The entries of a run's event stream after `after`, in order. Reads one snapshot.
    ///
    /// Relies on calls beginning in the order of their numbers and on each beginning taking a
    /// number of the stream.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn stream(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
        after: u32,
        limit: u32,
    ) -> Result<Vec<StreamEntry>, ReadError> {
        self.read("event streams", |reader| stream::list(reader, workspace, run, after, limit))
    }

    /// The newest checkpoint of a run.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn checkpoint(&self, workspace: &WorkspaceId, run: RunId) -> Result<Option<Checkpoint>, ReadError> {
        self.read("checkpoints", |reader| checkpoints::get(reader, workspace, run))
    }

    /// Something a task keeps.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn state_entry(
        &self,
        workspace: &WorkspaceId,
        task: &str,
        key: &str,
    ) -> Result<Option<StateEntry>, ReadError> {
        self.read("state entries", |reader| state::get(reader, workspace, task, key))
    }

    /// The keys of what a task keeps from `from` on, in order.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn state_keys(
        &self,
        workspace: &WorkspaceId,
        task: &str,
        from: &str,
        limit: u32,
    ) -> Result<Vec<String>, ReadError> {
        self.read("state entries", |reader| state::list_keys(reader, workspace, task, from, limit))
    }

    /// How many things a task keeps, counted up to `most`.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn state_count(&self, workspace: &WorkspaceId, task: &str, most: u32) -> Result<u32, ReadError> {
        self.read("state entries", |reader| state::count(reader, workspace, task, most))
    }

    /// An entry of the keystore, sealed.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn keystore_entry(
        &self,
        workspace: &WorkspaceId,
        namespace: &str,
        name: &str,
    ) -> Result<Option<KeystoreEntry>, ReadError> {
        self.read("keystore entries", |reader| keystore::get(reader, workspace, namespace, name))
    }

    /// The versions kept of an entry of the keystore, sealed: the one that counts, and those before it, the
    /// newest first. None when there is no such entry.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn keystore_versions(
        &self,
        workspace: &WorkspaceId,
        namespace: &str,
        name: &str,
    ) -> Result<Vec<KeystoreEntry>, ReadError> {
        self.read("keystore versions", |reader| {
            reader.in_snapshot(|reader| {
                let Some(entry) = keystore::get(reader, workspace, namespace, name)? else {
                    return Ok(Vec::new());
                };
                let before =
                    keystore::versions::list_before(reader, workspace, &entry, KEYSTORE_VERSIONS_MAX - 1)?;
                Ok(std::iter::once(entry).chain(before).collect())
            })
        })
    }

    /// The names in a namespace of the keystore after `after`, in order.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn keystore_names(
        &self,
        workspace: &WorkspaceId,
        namespace: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<KeystoreName>, ReadError> {
        self.read("keystore entries", |reader| {
            keystore::list_names(reader, workspace, namespace, after, limit)
        })
    }

    /// The namespaces of the keystore after `after`, in order.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn keystore_namespaces(
        &self,
        workspace: &WorkspaceId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, ReadError> {
        self.read("keystore entries", |reader| keystore::list_namespaces(reader, workspace, after, limit))
    }

    /// The hash of the request an idempotency key came with first, and the run it started.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn idempotent_run(
        &self,
        workspace: &WorkspaceId,
        key: &str,
    ) -> Result<Option<([u8; 32], RunId)>, ReadError> {
        self.read("idempotency keys", |reader| idempotency::get(reader, workspace, key))
    }
}
