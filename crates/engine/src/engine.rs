//! The engine's handle: starting, stopping, and everything it can be asked to do.

mod keystore;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use fermata_model::policy::WorkspacePolicy;
use fermata_model::record::Run;
use fermata_model::{Json, RunId, WorkspaceId};
use fermata_store::{ReadError, Store};
use fermata_vm as vm;
use tokio::sync::oneshot;

use crate::api::{RunActionError, Settings};
use crate::cell::{Mail, Reply};
use crate::executor::Executors;
use crate::housekeeping;
use crate::inner::Inner;
use crate::keystore::KeystoreError;
use crate::leaps;
use crate::letter::Wish;
use crate::neighbours;
use crate::service::events;
use crate::sweep;
use crate::watch::Watch;
use crate::world::World;

/// VMs that may exist beside those of waiting runs: idle ones, ones being loaded.
const SPARE_INSTANCES: u32 = 256;

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The VM does not start.
    #[error("the JavaScript engine cannot be started")]
    Vm(#[source] vm::OpenError),
    /// A thread cannot be started.
    #[error("a thread cannot be started")]
    Thread(#[source] std::io::Error),
    /// This node cannot take its place among the others.
    #[error("this node cannot join the others")]
    Join(#[source] fermata_store::OpenError),
}

/// Why an engine among several has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Somebody asked this node to hand its runs over.
    Drained,
    /// Others have taken its runs: it was silent for too long. Nothing can be written any more.
    Deposed,
}

/// What the engine is doing and has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Stats {
    /// Runs that ended since the start.
    pub runs_ended: u64,
    /// Slices executed since the start.
    pub slices: u64,
    /// Checkpoints written since the start.
    pub checkpoints: u64,
    /// Bytes of those checkpoints, sealed.
    pub checkpoint_bytes: u64,
    /// VMs brought back from a checkpoint since the start.
    pub restores: u64,
    /// VMs brought back by feeding all deliveries since the start.
    pub rebuilds: u64,
    /// Turns that could not be taken or written since the start.
    pub faults: u64,
    /// Runs that wait for a thread.
    pub queued: usize,
    /// Runs in memory.
    pub active: usize,
    /// VMs in memory.
    pub resident: usize,
    /// Timers in memory.
    pub timers: usize,
    /// Outward calls under way.
    pub outward: usize,
}

/// A running engine. Clones are cheap and mean the same engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
    executors: Arc<Executors>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Engine {
    /// Starts an engine over a store and takes up what was left unfinished. Must be called inside a
    /// tokio runtime, on which outward calls will execute.
    ///
    /// # Errors
    /// [`OpenError`] when the JavaScript engine or a thread cannot be started.
    pub fn start(settings: Settings, store: Store) -> Result<Self, OpenError> {
        Self::start_in(World::default(), settings, store)
    }

    /// As [`Engine::start`], in a world that may be another than the real one.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub fn start_in(world: World, settings: Settings, store: Store) -> Result<Self, OpenError> {
        // Compiling the engine may take longer than a lease.
        store.give_signs().map_err(OpenError::Join)?;
        let config = vm::Config {
            folder: settings.engine_folder.clone(),
            instances_max: settings.resident_max.saturating_add(SPARE_INSTANCES),
        };
        let vm = vm::Engine::open(&config).map_err(OpenError::Vm)?;
        let inner = Arc::new(Inner::new(settings, world, store, vm, tokio::runtime::Handle::current()));
        let executors = Executors::start(&inner).map_err(OpenError::Thread)?;
        let timers = {
            let inner = inner.clone();
            thread("fermata-timers", move || {
                if inner.clock.leaps() {
                    return leaps::run(&inner);
                }
                while let Some(due) = inner.timers.wait() {
                    due.iter().for_each(|timer| inner.ring(timer));
                }
            })?
        };
        let sweep = {
            let (inner, executors) = (inner.clone(), executors.clone());
            thread("fermata-sweep", move || sweep::run(&inner, &executors))?
        };
        neighbours::join(&inner).map_err(OpenError::Join)?;
        let housekeeping = {
            let inner = inner.clone();
            thread("fermata-keeper", move || housekeeping::run(&inner))?
        };
        let threads = Arc::new(Mutex::new(vec![timers, sweep, housekeeping]));
        Ok(Self { inner, executors, threads })
    }

    /// The store, for reading.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Watches a run's durable changes from here on.
    pub fn watch(&self, run: RunId) -> Watch {
        self.inner.watchers.watch(run)
    }

    /// The run once it has ended, or as it stands after `wait`.
    ///
    /// # Errors
    /// [`ReadError`] when the store fails.
    pub async fn wait_run(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
        wait: Duration,
    ) -> Result<Option<Run>, ReadError> {
        // Asked for before the ledger is read, so that an end in between is not missed.
        let end = self.inner.watchers.end_of(workspace, run);
        let found = self.read_run(workspace, run).await?;
        if found.as_ref().is_none_or(|run| run.state.status.is_ended()) || wait.is_zero() {
            drop(end);
            self.inner.watchers.forget_closed(run);
            return Ok(found);
        }
        match tokio::time::timeout(wait, end).await {
            Ok(Ok(run)) => Ok(Some(Run::clone(&run))),
            Ok(Err(_)) | Err(_) => {
                self.inner.watchers.forget_closed(run);
                self.read_run(workspace, run).await
            }
        }
    }

    /// Reads a run without blocking the thread.
    pub(crate) async fn read_run(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
    ) -> Result<Option<Run>, ReadError> {
        let (store, workspace) = (self.inner.store.clone(), workspace.clone());
        let read = tokio::task::spawn_blocking(move || store.run(&workspace, run));
        read.await.unwrap_or(Ok(None))
    }

    /// Asks the run to end: its pending calls are rejected and it may clean up for a bounded time.
    ///
    /// # Errors
    /// [`RunActionError`] when there is no such run, it has ended, or the change is not written.
    pub async fn cancel_run(&self, workspace: &WorkspaceId, run: RunId) -> Result<Run, RunActionError> {
        let letter = |reply| Mail::Cancel { reply: Some(Reply::Here(reply)) };
        match self.ask(workspace, run, letter).await {
            Err(RunActionError::Elsewhere) => self.stop_elsewhere(workspace, run, Wish::Cancel).await,
            answer => answer,
        }
    }

    async fn stop_elsewhere(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
        wish: Wish,
    ) -> Result<Run, RunActionError> {
        self.ask_elsewhere(workspace, run, wish).await?;
        let read = self.read_run(workspace, run).await.map_err(RunActionError::Store)?;
        read.ok_or(RunActionError::Unknown(run))
    }

    /// Ends the run at once, in the middle of a slice if need be.
    ///
    /// # Errors
    /// As for [`Engine::cancel_run`].
    pub async fn kill_run(&self, workspace: &WorkspaceId, run: RunId) -> Result<Run, RunActionError> {
        if self.read_run(workspace, run).await.map_err(RunActionError::Store)?.is_none() {
            return Err(RunActionError::Unknown(run));
        }
        if let Some(cell) = self.inner.find(run) {
            cell.kill_switch().store(true, Ordering::Relaxed);
        }
        let letter = |reply| Mail::Kill { reply: Some(Reply::Here(reply)) };
        match self.ask(workspace, run, letter).await {
            Err(RunActionError::Elsewhere) => self.stop_elsewhere(workspace, run, Wish::Kill).await,
            answer => answer,
        }
    }

    /// Sends the run an event. It is kept until the run asks for it or ends.
    ///
    /// # Errors
    /// [`RunActionError`] when there is no such run, it has ended, keeps too many events, or the
    /// event is not written.
    pub async fn send_event(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
        name: &str,
        payload: Json,
    ) -> Result<u32, RunActionError> {
        events::check_name(name).map_err(RunActionError::BadEventName)?;
        let letter = {
            let (name, payload) = (name.to_owned(), payload.clone());
            |reply| Mail::Event { name, payload, reply: Reply::Here(reply) }
        };
        match self.ask(workspace, run, letter).await {
            Err(RunActionError::Elsewhere) => {
                self.ask_elsewhere(workspace, run, Wish::Event { name: name.to_owned(), payload }).await
            }
            answer => answer,
        }
    }

    async fn ask<T>(
        &self,
        workspace: &WorkspaceId,
        run: RunId,
        letter: impl FnOnce(oneshot::Sender<Result<T, RunActionError>>) -> Mail,
    ) -> Result<T, RunActionError> {
        let known = self.inner.find(run).is_some_and(|cell| cell.workspace == *workspace);
        if !known && self.read_run(workspace, run).await.map_err(RunActionError::Store)?.is_none() {
            return Err(RunActionError::Unknown(run));
        }
        let (reply, answer) = oneshot::channel();
        self.inner.post(workspace, run, letter(reply));
        answer.await.unwrap_or(Err(RunActionError::Stopping))
    }

    /// Has a run worked on now, if there is something to do for it: somebody else wrote it into the
    /// ledger. Without this the ledger is found to have it within seconds.
    pub fn nudge(&self, workspace: &WorkspaceId, run: RunId) {
        self.inner.post(workspace, run, Mail::Wake);
    }

    /// What the tasks of a workspace may call, and how often.
    ///
    /// # Errors
    /// [`KeystoreError`] when it cannot be read.
    pub async fn policy(&self, workspace: &WorkspaceId) -> Result<WorkspacePolicy, KeystoreError> {
        let (inner, workspace) = (self.inner.clone(), workspace.clone());
        let read = tokio::task::spawn_blocking(move || inner.policies.read(&workspace)).await;
        read.unwrap_or_else(|_| Err(KeystoreError::Commit(fermata_store::CommitError::Closed)))
    }

    /// Counters.
    pub fn stats(&self) -> Stats {
        let Inner { counters, ready, residents, timers, .. } = &*self.inner;
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            runs_ended: read(&counters.runs_ended),
            slices: read(&counters.slices),
            checkpoints: read(&counters.checkpoints),
            checkpoint_bytes: read(&counters.checkpoint_bytes),
            restores: read(&counters.restores),
            rebuilds: read(&counters.rebuilds),
            faults: read(&counters.faults),
            queued: ready.len(),
            active: self.inner.active(),
            resident: residents.count(),
            timers: timers.len(),
            outward: self.inner.in_flight_count(),
        }
    }

    /// Why this engine has to end, once it has to: never, where it is the only node.
    pub async fn ending(&self) -> Ending {
        let mut ending = self.inner.ending.subscribe();
        loop {
            if let Some(ending) = *ending.borrow_and_update() {
                return ending;
            }
            if ending.changed().await.is_err() {
                // The sender is part of the engine.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Has every VM that waits write a checkpoint, so that whoever takes its run up begins there.
    async fn put_all_down(&self, bound: Duration) {
        const LOOK_EVERY: Duration = Duration::from_millis(5);
        let until = std::time::Instant::now() + bound;
        while self.inner.residents.count() > 0 && std::time::Instant::now() < until {
            self.inner.make_room();
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Stops taking up work, lets the turns under way end, and writes what waits. What is unfinished
    /// goes on when an engine is started over the same store. Waits for at most `bound`.
    pub async fn stop(&self, bound: Duration) {
        self.inner.stopping.store(true, Ordering::SeqCst);
        self.inner.timers.close();
        self.inner.sweep_now.notify();
        self.inner.housekeeping_ends.notify();
        self.put_all_down(bound / 2).await;
        self.inner.ready.close();
        let engine = self.clone();
        let joined = tokio::task::spawn_blocking(move || {
            let threads = std::mem::take(&mut *engine.threads.lock().unwrap_or_else(PoisonError::into_inner));
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("Engine thread panicked");
                }
            }
            engine.executors.join();
            engine.inner.programs.cool();
            engine.inner.store.close();
            engine.inner.watchers.close();
            // When nothing more is written: what others take from here on is complete.
            if let Err(error) = engine.inner.store.leave() {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "Runs were not handed over; others take them when the lease is over");
            }
        });
        let stopped = async {
            // A thread that panicked has been reported.
            let _ = joined.await;
            self.inner.give_up_attempts().await;
        };
        if tokio::time::timeout(bound, stopped).await.is_err() {
            tracing::warn!("Engine did not stop in time; unfinished turns will be repeated");
        }
    }
}

fn thread(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, OpenError> {
    Builder::new().name(name.to_owned()).spawn(work).map_err(OpenError::Thread)
}
