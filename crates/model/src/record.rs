//! What the store keeps, as the rest of the system sees it.
//!
//! A record that changes over time comes in two parts: what is fixed when it is made, and the
//! state that moves. Only the state is written again.

use crate::call::{CallNumber, CallStatus};
use crate::error::{CallError, RunError};
use crate::grants::Grants;
use crate::id::{RunId, VersionId, WorkspaceId};
use crate::json::Json;
use crate::run::RunStatus;
use crate::usage::{Usage, Used};
use crate::{DeliveryNumber, Millis};

/// One published version of a task. Never changes.
#[derive(Debug, Clone)]
pub struct TaskVersion {
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Identity of this version.
    pub id: VersionId,
    /// Name of the task.
    pub name: String,
    /// 1 for the first publish of the name, then 2, 3 …
    pub version: u32,
    /// The author's file name, as error stacks show it.
    pub file_name: String,
    /// The text as it was published.
    pub source: String,
    /// The JavaScript that runs.
    pub code: String,
    /// Whether `code` is an ES module (else a script in one of the older shapes).
    pub is_module: bool,
    /// Maps positions in `code` to positions in `source`, where they differ.
    pub source_map: Option<String>,
    /// BLAKE3 of the source and the file name: publishing the same again makes no new version.
    pub source_hash: [u8; 32],
    /// What the task does.
    pub description: Option<String>,
    /// JSON Schema of the input.
    pub input_schema: Option<Json>,
    /// The `config` the task exports.
    pub config: Option<Json>,
    /// When it was published.
    pub created_at: Millis,
}

/// What is fixed about a run when it is accepted.
#[derive(Debug, Clone)]
pub struct RunBirth {
    /// Tenant.
    pub workspace: WorkspaceId,
    /// Identity.
    pub id: RunId,
    /// Name of its task.
    pub task_name: String,
    /// The version it executes to its end.
    pub task_version_id: VersionId,
    /// The number of that version.
    pub task_version: u32,
    /// Input, already checked against the schema.
    pub input: Json,
    /// Seed of all the randomness the run will see.
    pub seed: [u8; 16],
    /// The run and call that started it, if another run did and waits for it.
    pub parent: Option<ParentCall>,
    /// The run at the top of the chain of runs that started each other.
    pub root: RunId,
    /// How many runs are above it.
    pub depth: u32,
    /// Higher is executed first.
    pub priority: i16,
    /// Not to be begun before this moment.
    pub start_at: Option<Millis>,
    /// When it was accepted.
    pub created_at: Millis,
    /// When it fails with `timeout` if it has not ended.
    pub deadline_at: Option<Millis>,
}

/// The call that waits for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParentCall {
    /// The run that made the call.
    pub run: RunId,
    /// The call's number.
    pub number: CallNumber,
}

/// What changes about a run.
#[derive(Debug, Clone)]
pub struct RunState {
    /// Where it stands.
    pub status: RunStatus,
    /// Number of the last recorded delivery.
    pub deliveries: DeliveryNumber,
    /// Number of the last entry of the run's event stream.
    pub seq: u32,
    /// CPU time of all slices, in microseconds.
    pub cpu_us: u64,
    /// What its calls have used.
    pub used: Used,
    /// When the first slice began. The clock that slice saw.
    pub started_at: Option<Millis>,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// When somebody asked to cancel it.
    pub cancelled_at: Option<Millis>,
    /// What it returned.
    pub result: Option<Json>,
    /// Why it failed.
    pub error: Option<RunError>,
}

impl RunState {
    /// The state of a run that was just accepted.
    pub fn queued() -> Self {
        Self {
            status: RunStatus::Queued,
            deliveries: 0,
            seq: 1,
            cpu_us: 0,
            used: Used::default(),
            started_at: None,
            ended_at: None,
            cancelled_at: None,
            result: None,
            error: None,
        }
    }
}

/// A run, whole.
#[derive(Debug, Clone)]
pub struct Run {
    /// The fixed part.
    pub birth: RunBirth,
    /// The moving part.
    pub state: RunState,
}

/// What is fixed about a call when the guest makes it.
#[derive(Debug, Clone)]
pub struct CallBirth {
    /// The service, such as `http`.
    pub service: String,
    /// The method's path, such as `chat.completions.create`.
    pub method: String,
    /// Arguments, a JSON array.
    pub args: Json,
    /// The delivery whose slice made the call.
    pub made_in: DeliveryNumber,
    /// The run's event stream number of the call's beginning.
    pub seq: u32,
    /// When it was made.
    pub created_at: Millis,
}

/// What changes about a call.
#[derive(Debug, Clone)]
pub struct CallState {
    /// Where it stands.
    pub status: CallStatus,
    /// Attempts begun; those that a restart cut off among them.
    pub attempts: u32,
    /// Attempts that failed: so many count when it is asked whether there is another one.
    pub failures: u32,
    /// When it falls due: a timer's end, the next attempt, an event's time limit.
    pub due_at: Option<Millis>,
    /// What it waits for by name: the event's name.
    pub awaits: Option<String>,
    /// The run it started.
    pub child: Option<RunId>,
    /// The result or error, once ended.
    pub outcome: Option<Outcome>,
    /// What it took of its provider, where that counts.
    pub usage: Option<Usage>,
    /// The delivery that handed the outcome to the guest.
    pub delivered: Option<Delivered>,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// The run's event stream number of the call's end.
    pub end_seq: Option<u32>,
}

impl CallState {
    /// The state of a call that was just made.
    pub fn pending() -> Self {
        Self {
            status: CallStatus::Pending,
            attempts: 0,
            failures: 0,
            due_at: None,
            awaits: None,
            child: None,
            outcome: None,
            usage: None,
            delivered: None,
            ended_at: None,
            end_seq: None,
        }
    }
}

/// How a call ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// With this result.
    Ok(Json),
    /// With this error.
    Err(CallError),
}

/// The recorded inputs of the slice that followed an outcome, besides the outcome itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// Its number in the run.
    pub number: DeliveryNumber,
    /// What the slice's clock showed.
    pub clock: Millis,
}

/// A call, whole.
#[derive(Debug, Clone)]
pub struct Call {
    /// Tenant.
    pub workspace: WorkspaceId,
    /// The run that made it.
    pub run: RunId,
    /// Its number in the run.
    pub number: CallNumber,
    /// The fixed part.
    pub birth: CallBirth,
    /// The moving part.
    pub state: CallState,
}

/// A line a task wrote.
#[derive(Debug, Clone)]
pub struct LogLine {
    /// Number in the run's event stream.
    pub seq: u32,
    /// `debug`, `info`, `warn` or `error`.
    pub level: LogLevel,
    /// The text.
    pub message: String,
    /// Structured data that came with it.
    pub data: Option<Json>,
    /// What the slice's clock showed.
    pub at: Millis,
}

/// How much a log line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For the author while developing.
    Debug,
    /// What happens.
    Info,
    /// Degraded but going on.
    Warn,
    /// Wrong.
    Error,
}

impl LogLevel {
    /// The word used in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }

    /// The level a word names; unknown words are `info`.
    pub fn from_word(word: &str) -> Self {
        match word {
            "debug" | "trace" => Self::Debug,
            "warn" | "warning" => Self::Warn,
            "error" => Self::Error,
            _ => Self::Info,
        }
    }
}

/// The VM's state after a delivery, sealed.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The delivery it was taken after.
    pub delivery: DeliveryNumber,
    /// Hash of the engine module it belongs to.
    pub engine: [u8; 32],
    /// Hash of the state: equal states have equal hashes.
    pub heap_hash: [u8; 32],
    /// The delta against the version's baseline, compressed and sealed.
    pub sealed: Vec<u8>,
}

/// An event that was sent to a run.
#[derive(Debug, Clone)]
pub struct SentEvent {
    /// 1 for the first event sent to the run, then 2, 3 …
    pub number: u32,
    /// Its name.
    pub name: String,
    /// What came with it.
    pub payload: Json,
    /// When it arrived.
    pub sent_at: Millis,
    /// The call that received it.
    pub taken_by: Option<CallNumber>,
}

/// An entry of the keystore, still sealed; or an earlier version of it.
#[derive(Debug, Clone)]
pub struct KeystoreEntry {
    /// Group of names; `global` unless the task says otherwise.
    pub namespace: String,
    /// Name in the namespace.
    pub name: String,
    /// When it was made. It tells the entry from those that had the name before it; nought for one that is
    /// older than this field.
    pub since: Millis,
    /// Whether a granted task may read it (`value`) or only refer to it (`secret`).
    pub kind: KeystoreKind,
    /// Rises by one with each change.
    pub version: u32,
    /// The value, sealed with the workspace's key.
    pub sealed: Vec<u8>,
    /// What it may be used for.
    pub grants: Grants,
    /// When it was last changed: when this version was written.
    pub updated_at: Millis,
    /// The task that wrote this version; nothing when it came from outside, or before this was kept.
    pub written_by: Option<String>,
    /// When it was last used on behalf of a task; told now and then, so it may be some seconds late.
    pub used_at: Option<Millis>,
}

/// Something a task keeps between its runs.
#[derive(Debug, Clone)]
pub struct StateEntry {
    /// Its name among those of the task.
    pub key: String,
    /// What is kept.
    pub value: Json,
    /// Rises by one with each change; a new entry begins above all that were there before it.
    pub version: i64,
    /// When it was last changed.
    pub updated_at: Millis,
}

/// A keystore entry by its name, and who may know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeystoreName {
    /// Name in its namespace.
    pub name: String,
    /// What the entry may be used for.
    pub grants: Grants,
}

/// Who may see a keystore entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeystoreKind {
    /// A granted task may read it.
    Value,
    /// A task only ever holds a reference to it.
    Secret,
}
