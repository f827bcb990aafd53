//! What the engine is asked to do and how it refuses: the types of its public face.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fermata_connect::egress;
use fermata_model::record::{Run, TaskVersion};
use fermata_model::{Json, Limits, Millis, RunId};
use fermata_store as store;
use fermata_vm as vm;

/// Settings of an engine.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder for engine modules and compiled code.
    pub engine_folder: PathBuf,
    /// Limits of every run.
    pub limits: Limits,
    /// Most VMs in memory at the same time.
    pub resident_max: u32,
    /// How long a waiting VM may stay in memory. Zero puts every run down whenever it waits.
    pub resident_for: Duration,
    /// How long ended runs are kept; without it, for ever.
    pub keep_runs: Option<Duration>,
    /// Executor threads that compute at the same time; more exist while some are stuck in long slices.
    pub executors: usize,
    /// Where tasks may connect to.
    pub egress: egress::Policy,
}

/// A text to publish as a task.
#[derive(Debug, Clone)]
pub struct Publish {
    /// The author's file name; its extension says the language.
    pub file_name: String,
    /// The text.
    pub source: String,
    /// The task's name; without one `config.name` or the file name without extension.
    pub name: Option<String>,
}

/// What a publish led to.
#[derive(Debug, Clone)]
pub struct Published {
    /// The version that is now the latest.
    pub version: Arc<TaskVersion>,
    /// False when the same text was the latest already.
    pub is_new: bool,
}

/// Why a text cannot be published. Nothing is stored then.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// It is not JavaScript or TypeScript that a task may be written in.
    #[error(transparent)]
    Source(vm::source::SourceError),
    /// It throws, waits or calls while it is loaded, or has no task function.
    #[error("the task cannot be loaded: {0}")]
    Load(String),
    /// Its `config` is not one.
    #[error("the exported config is not usable: {0}")]
    Config(String),
    /// Its name is not one.
    #[error(transparent)]
    Name(fermata_model::task::BadName),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] store::ReadError),
    /// The write failed.
    #[error("the version could not be written")]
    Commit(#[source] store::CommitError),
    /// Others published the same name again and again in the same moment.
    #[error("the task is being published by others at the same time; try again")]
    Contended,
}

/// A run to start.
#[derive(Debug, Clone)]
pub struct StartRun {
    /// The task's name.
    pub task: String,
    /// The version; the latest without one.
    pub version: Option<u32>,
    /// The input.
    pub input: Json,
    /// Higher is executed first; 0 is usual.
    pub priority: i16,
    /// Not before this moment.
    pub start_at: Option<Millis>,
    /// Fail with `timeout` when not ended this long after acceptance.
    pub timeout_ms: Option<i64>,
    /// The first start with this key answers all later ones.
    pub idempotency_key: Option<String>,
}

/// An accepted run.
#[derive(Debug, Clone)]
pub struct Started {
    /// The run as it stands.
    pub run: Run,
    /// True when an earlier start with the same idempotency key is answered again.
    pub is_replay: bool,
}

/// Why a run is not started. Nothing is stored then.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No task or version of that name.
    #[error("there is no task {name:?}{}", .version.map(|v| format!(" with version {v}")).unwrap_or_default())]
    TaskUnknown {
        /// The name asked for.
        name: String,
        /// The version asked for.
        version: Option<u32>,
    },
    /// The input does not fit the task's schema.
    #[error("the input does not fit the task's schema")]
    Input(Vec<InputFault>),
    /// The input is too large.
    #[error("the input takes {bytes} bytes; the limit is {limit}")]
    InputTooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The idempotency key was used for a different request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The engine is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The run's first turn could not be written, so there is no run.
    #[error("the run could not be written; nothing of it was kept")]
    Lost,
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] store::ReadError),
    /// The write failed.
    #[error("the run could not be written")]
    Commit(#[source] store::CommitError),
}

/// One place where an input does not fit its schema.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct InputFault {
    /// JSON pointer into the input.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

/// Why something cannot be done to a run.
#[derive(Debug, thiserror::Error)]
pub enum RunActionError {
    /// There is no such run in the workspace.
    #[error("there is no run {0}")]
    Unknown(RunId),
    /// It has ended.
    #[error("the run has ended: it is {}", .0.state.status)]
    Ended(Box<Run>),
    /// The event's name is not one.
    #[error("{0}")]
    BadEventName(String),
    /// The engine is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// Another node owns the run. Asked of that node by [`crate::Engine`] itself; never its answer.
    #[error("another node owns the run")]
    Elsewhere,
    /// The node that owns the run gave no answer in time.
    #[error("the node that has the run does not answer; try again")]
    NoAnswer,
    /// The run keeps as many events as it may.
    #[error("the run keeps {0} events already that it has not asked for")]
    TooManyEvents(u32),
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] store::ReadError),
    /// The write failed.
    #[error("the change could not be written")]
    Commit(#[source] store::CommitError),
}
