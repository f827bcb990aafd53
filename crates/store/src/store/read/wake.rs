//! The reads of a node: what is to be done, in all workspaces.

use fermata_model::{Millis, RunId, WorkspaceId};

use crate::error::ReadError;
use crate::sql::Dialect;
use crate::store::Store;
use crate::tables::calls::wake::CallKey;
use crate::tables::runs::wake::{DueRun, UnfinishedRun};
use crate::tables::{calls, runs, tokens};

impl Store {
    /// Checks the whole database file and gives what is wrong with it. Takes time in proportion to
    /// its size. A PostgreSQL server checks its pages by itself; there is nothing to find here.
    ///
    /// # Errors
    /// [`ReadError`] when the file cannot be read at all.
    pub fn check(&self) -> Result<Vec<String>, ReadError> {
        self.read("pages", |reader| match reader.dialect() {
            Dialect::Sqlite => {
                let lines: Vec<String> = reader.rows("pragma integrity_check", &[], |cells| cells.take())?;
                Ok(lines.into_iter().filter(|line| line != "ok").collect())
            }
            Dialect::Postgres => Ok(Vec::new()),
        })
    }

    /// The workspace that the token with this hash opens.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn token_workspace(&self, hash: &[u8; 32]) -> Result<Option<WorkspaceId>, ReadError> {
        self.read("tokens", |reader| tokens::workspace(reader, hash))
    }

    /// Whether any token exists.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn has_tokens(&self) -> Result<bool, ReadError> {
        self.read("tokens", |reader| tokens::any(reader))
    }

    /// The runs after id `after` that this node has something to do for, by id: the queued and
    /// processing ones, and where there are several nodes, all it owns.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn unfinished_runs(&self, after: Option<RunId>, limit: u32) -> Result<Vec<UnfinishedRun>, ReadError> {
        self.read("runs", |reader| match self.node_id() {
            None => runs::wake::list_unfinished(reader, after, limit),
            Some(node) => runs::own::list_owned(reader, node, after, limit),
        })
    }

    /// How many runs are queued or processing, counted up to `most`.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn count_unfinished(&self, most: u32) -> Result<u32, ReadError> {
        self.read("runs", |reader| runs::wake::count_unfinished(reader, most))
    }

    /// The suspended runs after id `after` that have an outcome to hand in, by id.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn runs_to_wake(
        &self,
        after: Option<RunId>,
        limit: u32,
    ) -> Result<Vec<(WorkspaceId, RunId)>, ReadError> {
        self.read("calls", |reader| {
            calls::wake::list_runs_to_wake(reader, self.node_id().unwrap_or(0), after, limit)
        })
    }

    /// The calls of suspended runs after `after` that no timer, event or child will end: they were
    /// being executed, or about to be.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn service_calls_to_redo(
        &self,
        after: Option<&CallKey>,
        limit: u32,
    ) -> Result<Vec<CallKey>, ReadError> {
        self.read("calls", |reader| {
            calls::wake::list_to_redo(reader, self.node_id().unwrap_or(0), after, limit)
        })
    }

    /// The pending calls that fall due at `until` or before it, earliest first.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn due_calls(&self, until: Millis, limit: u32) -> Result<Vec<(Millis, CallKey)>, ReadError> {
        self.read("calls", |reader| calls::wake::list_due(reader, until, limit))
    }

    /// The earliest moment after `after` at which a pending call falls due.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn next_due(&self, after: Millis) -> Result<Option<Millis>, ReadError> {
        self.read("calls", |reader| calls::wake::next_due(reader, after))
    }

    /// The queued runs whose start lies at `until` or before it, earliest first.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn due_starts(&self, until: Millis, limit: u32) -> Result<Vec<DueRun>, ReadError> {
        self.read("runs", |reader| runs::wake::list_due_starts(reader, until, limit))
    }

    /// The earliest start of a queued run that lies after `after`.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn next_start(&self, after: Millis) -> Result<Option<Millis>, ReadError> {
        self.read("runs", |reader| runs::wake::next_start(reader, after))
    }

    /// The runs that have not ended and whose deadline lies at `until` or before it, earliest first.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn deadlines(&self, until: Millis, limit: u32) -> Result<Vec<DueRun>, ReadError> {
        self.read("runs", |reader| runs::wake::list_deadlines(reader, until, limit))
    }

    /// The earliest deadline after `after` of a run that has not ended.
    ///
    /// # Errors
    /// [`ReadError`] when the database fails or the rows are damaged.
    pub fn next_deadline(&self, after: Millis) -> Result<Option<Millis>, ReadError> {
        self.read("runs", |reader| runs::wake::next_deadline(reader, after))
    }
}
