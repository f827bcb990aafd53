//! Accepting runs.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fermata_model::WorkspaceId;
use fermata_model::limits::INPUT_BYTES_MAX;
use fermata_model::record::{Run, RunBirth};
use fermata_store::{Change, CommitError, Group, SQL_REQUEST};
use tokio::sync::oneshot;

use crate::api::{StartError, StartRun, Started};
use crate::cell::Mail;
use crate::engine::Engine;
use crate::inner::Inner;
use crate::programs::Program;
use crate::service::tasks::{Position, birth};
use crate::sweep::QUEUE_MAX;

/// A run whose starter waits for it is written with its first turn rather than before it, as long
/// as the queue is shorter than this.
const SHORT_QUEUE: usize = 256;

impl Engine {
    /// Accepts a run. It is on disk when this returns.
    ///
    /// # Errors
    /// [`StartError`]; then there is no run.
    pub async fn start_run(&self, workspace: &WorkspaceId, start: StartRun) -> Result<Started, StartError> {
        let run = match self.prepare(workspace, start).await? {
            Prepared::New(run, None) => run,
            Prepared::New(run, Some(key)) => return self.start_with_key(run, key).await,
            Prepared::Replay(started) => return Ok(*started),
        };
        let started = Started { run: Run::clone(&run), is_replay: false };
        let (tell, told) = oneshot::channel();
        let mut insert = vec![Change::InsertRun(run.clone())];
        let for_anybody = self.inner.has_enough();
        if for_anybody {
            let RunBirth { workspace, id, .. } = &run.birth;
            insert.push(Change::ReleaseRun { workspace: workspace.clone(), id: *id });
        }
        self.inner.store.submit(Group::with(insert, move |fate| drop(tell.send(fate))));
        if for_anybody {
            self.inner.announce();
        } else if self.inner.ready.len() < QUEUE_MAX {
            // Its first slice need not wait for the disk; what it changes is written behind this.
            begin(&self.inner, run, false);
        } else {
            self.inner.overflowed.store(true, Ordering::SeqCst);
        }
        told.await.unwrap_or(Err(CommitError::Closed)).map_err(StartError::Commit)?;
        Ok(started)
    }

    /// Accepts a run and waits for its end, for at most `wait`. It is on disk when this returns.
    ///
    /// # Errors
    /// [`StartError`]; then there is no run.
    pub async fn start_run_and_wait(
        &self,
        workspace: &WorkspaceId,
        start: StartRun,
        wait: Duration,
    ) -> Result<Started, StartError> {
        let is_plain = start.idempotency_key.is_none() && start.start_at.is_none();
        if is_plain && !wait.is_zero() && self.inner.ready.len() < SHORT_QUEUE {
            return self.start_unwritten_and_wait(workspace, start, wait).await;
        }
        let started = self.start_run(workspace, start).await?;
        let run = self.wait_run(workspace, started.run.birth.id, wait).await.map_err(StartError::Store)?;
        Ok(Started { run: run.unwrap_or(started.run), ..started })
    }

    /// One commit less: nobody knows of the run yet, so it may reach the disk with its first turn.
    async fn start_unwritten_and_wait(
        &self,
        workspace: &WorkspaceId,
        start: StartRun,
        wait: Duration,
    ) -> Result<Started, StartError> {
        let (Prepared::New(run, _), id) = self.prepare_new(workspace, start).await? else {
            return Err(StartError::Stopping);
        };
        let mut written = self.inner.watchers.watch(id);
        let end = self.inner.watchers.end_of(workspace, id);
        begin(&self.inner, run, true);
        let ended = tokio::time::timeout(wait, end).await;
        if let Ok(Ok(run)) = ended {
            return Ok(Started { run: Run::clone(&run), is_replay: false });
        }
        self.inner.watchers.forget_closed(id);
        loop {
            let found = self.read_run(workspace, id).await.map_err(StartError::Store)?;
            match found {
                Some(run) => return Ok(Started { run, is_replay: false }),
                None if self.inner.is_stopping() => return Err(StartError::Stopping),
                None if self.inner.find(id).is_none() => return Err(StartError::Lost),
                // Its first turn is still under way, or on its way to the disk.
                None => drop(tokio::time::timeout(RECHECK, written.changed()).await),
            }
        }
    }

    async fn start_with_key(&self, run: Box<Run>, key: Key) -> Result<Started, StartError> {
        let workspace = run.birth.workspace.clone();
        let remember = Change::PutIdempotency {
            workspace: workspace.clone(),
            key: key.key.clone(),
            request_hash: key.request_hash,
            run: run.birth.id,
            created_at: run.birth.created_at,
        };
        let started = Started { run: Run::clone(&run), is_replay: false };
        let (inner, insert) = (self.inner.clone(), Change::InsertRun(run.clone()));
        let (tell, told) = oneshot::channel();
        // Behind the key's row: a run that lost the race to another with its key must never begin.
        // And on the committer's thread: before anybody who finds it in the ledger can have ended it,
        // and even if who asked for it is gone.
        let done = move |fate: Result<(), CommitError>| {
            if fate.is_ok() {
                begin(&inner, run, false);
            }
            drop(tell.send(fate));
        };
        self.inner.store.submit(Group::with(vec![remember, insert], done));
        match told.await.unwrap_or(Err(CommitError::Closed)) {
            Ok(()) => Ok(started),
            Err(CommitError::Conflict { .. }) => match self.replay(&workspace, &key).await? {
                Some(started) => Ok(started),
                None => Err(StartError::Lost),
            },
            Err(error) => Err(StartError::Commit(error)),
        }
    }

    async fn prepare(&self, workspace: &WorkspaceId, start: StartRun) -> Result<Prepared, StartError> {
        if let Some(key) = Key::of(&start)
            && let Some(started) = self.replay(workspace, &key).await?
        {
            return Ok(Prepared::Replay(Box::new(started)));
        }
        self.prepare_new(workspace, start).await.map(|(prepared, _)| prepared)
    }

    async fn prepare_new(
        &self,
        workspace: &WorkspaceId,
        start: StartRun,
    ) -> Result<(Prepared, fermata_model::RunId), StartError> {
        if self.inner.is_stopping() {
            return Err(StartError::Stopping);
        }
        let bytes = start.input.get().len();
        if bytes > INPUT_BYTES_MAX {
            return Err(StartError::InputTooLarge { bytes, limit: INPUT_BYTES_MAX });
        }
        let program = self.program(workspace, &start).await?;
        let faults = program.faults(&start.input);
        if !faults.is_empty() {
            return Err(StartError::Input(faults));
        }
        let key = Key::of(&start);
        let position =
            Position { workspace, parent: None, root: None, depth: 0, now: self.inner.clock.now() };
        let mut run = Box::new(birth(&program, start.input, start.priority, start.timeout_ms, &position));
        run.birth.start_at = start.start_at;
        let id = run.birth.id;
        Ok((Prepared::New(run, key), id))
    }

    async fn program(&self, workspace: &WorkspaceId, start: &StartRun) -> Result<Arc<Program>, StartError> {
        let StartRun { task, version, .. } = start;
        let find = |inner: &Inner, workspace: &WorkspaceId, task: &str, version| {
            inner.programs.by_name(&inner.store, workspace, task, version)
        };
        // In memory for all but the first run of a version, so that no thread is changed.
        if let Some(program) = self.inner.programs.kept(workspace, task, *version) {
            return Ok(program);
        }
        let (inner, owner, name, wanted) = (self.inner.clone(), workspace.clone(), task.clone(), *version);
        let found = tokio::task::spawn_blocking(move || find(&inner, &owner, &name, wanted)).await;
        let found = found.unwrap_or(Ok(None)).map_err(StartError::Store)?;
        found.ok_or_else(|| StartError::TaskUnknown { name: task.clone(), version: *version })
    }

    /// The run that an earlier start with this key led to.
    async fn replay(&self, workspace: &WorkspaceId, key: &Key) -> Result<Option<Started>, StartError> {
        let (store, owner, text) = (self.inner.store.clone(), workspace.clone(), key.key.clone());
        let found = tokio::task::spawn_blocking(move || store.idempotent_run(&owner, &text)).await;
        let Some((request_hash, run)) = found.unwrap_or(Ok(None)).map_err(StartError::Store)? else {
            return Ok(None);
        };
        // SQL clients have no such hash: what they asked for is only compared among themselves.
        if request_hash != key.request_hash && !request_hash.starts_with(SQL_REQUEST) {
            return Err(StartError::KeyReused);
        }
        let run = self.read_run(workspace, run).await.map_err(StartError::Store)?;
        Ok(run.map(|run| Started { run, is_replay: true }))
    }
}

/// How long to wait before the ledger is asked again for a run whose first turn is under way.
const RECHECK: Duration = Duration::from_millis(250);

enum Prepared {
    New(Box<Run>, Option<Key>),
    Replay(Box<Started>),
}

/// An idempotency key and the request it came with.
struct Key {
    key: String,
    request_hash: [u8; 32],
}

impl Key {
    fn of(start: &StartRun) -> Option<Self> {
        let key = start.idempotency_key.clone()?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(start.task.as_bytes()).update(b"\0");
        hasher.update(&start.version.unwrap_or(0).to_le_bytes());
        hasher.update(&start.priority.to_le_bytes());
        hasher.update(start.input.get().as_bytes());
        Some(Self { key, request_hash: *hasher.finalize().as_bytes() })
    }
}

/// Puts an accepted run into the queue.
fn begin(inner: &Inner, run: Box<Run>, unwritten: bool) {
    let (workspace, id) = (run.birth.workspace.clone(), run.birth.id);
    inner.post(&workspace, id, Mail::Begin { run, unwritten });
}
