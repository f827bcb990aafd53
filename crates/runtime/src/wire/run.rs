//! Runs over the wire.

use std::time::Duration;

use fermata_engine::StartRun;
use fermata_model::record::{self, ParentCall};
use fermata_model::{CallNumber, RunError as Failure, RunId, RunStatus};
use fermata_store as store;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::usage::Used;
use super::{Span, Time, Wait, raw};
use crate::problem::Problem;

/// A run to start.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRun {
    /// Name of the task.
    pub(crate) task: String,
    /// The version; the latest without one.
    pub(crate) version: Option<u32>,
    /// The input, any JSON. `{}` when absent; a `null` stays a `null`.
    #[serde(default = "no_input")]
    #[schema(value_type = serde_json::Value)]
    pub(crate) input: Box<RawValue>,
    /// Hold the answer back until the run has ended, this long at most: milliseconds or text such
    /// as `30s`, up to `10m`.
    #[schema(value_type = Option<String>, example = "30s")]
    pub(crate) wait: Option<Wait>,
    /// Higher is executed first; 0 is usual.
    #[serde(default)]
    pub(crate) priority: i16,
    /// Begin this long after acceptance. Excludes `start_at`.
    #[schema(value_type = Option<String>, example = "5m")]
    pub(crate) delay: Option<Span>,
    /// Begin at this moment, not before. Excludes `delay`.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) start_at: Option<Time>,
    /// Fail with `timeout` when not ended this long after acceptance.
    #[schema(value_type = Option<String>, example = "1h")]
    pub(crate) timeout: Option<Span>,
}

/// The input of a request that says nothing about it.
pub(crate) fn no_input() -> Box<RawValue> {
    RawValue::from_string("{}".into()).expect("an object without members is JSON")
}

impl CreateRun {
    /// How long the answer may be held back.
    pub(crate) fn wait(&self) -> Option<Duration> {
        self.wait.map(|Wait(wait)| wait)
    }

    /// The request to the engine.
    pub(crate) fn into_start(self, key: Option<String>, now: Time) -> Result<StartRun, Problem> {
        let start_at = match (self.delay, self.start_at) {
            (Some(_), Some(_)) => return Err(Problem::body("/delay", "Give delay or start_at, not both")),
            (Some(Span(ms)), None) => Some(now.0.saturating_add(ms)),
            (None, start_at) => start_at.map(|Time(at)| at),
        };
        if self.timeout == Some(Span(0)) {
            return Err(Problem::body("/timeout", "A timeout of nothing lets no run end in time"));
        }
        Ok(StartRun {
            task: self.task,
            version: self.version,
            input: self.input.into(),
            priority: self.priority,
            start_at,
            timeout_ms: self.timeout.map(|Span(ms)| ms),
            idempotency_key: key,
        })
    }
}

/// A run, whole.
#[derive(Serialize, ToSchema)]
pub(crate) struct Run<'a> {
    /// Identity: `run_` and 32 hex digits.
    #[schema(value_type = String, example = "run_0198c0de7a3b7c51a2f04c1f9d6e2b10")]
    id: RunId,
    /// Name of its task.
    task: &'a str,
    /// The version it executes to its end.
    version: u32,
    /// Where it stands: `queued`, `processing`, `suspended`, `paused`, `completed`, `failed`, `cancelled`.
    #[schema(value_type = String, example = "completed")]
    status: RunStatus,
    /// What it was given.
    #[schema(value_type = serde_json::Value)]
    input: &'a RawValue,
    /// What it returned; null until then.
    #[schema(value_type = serde_json::Value)]
    result: Option<&'a RawValue>,
    /// Why it failed; null unless it did.
    error: Option<RunError<'a>>,
    /// The run and call that started it; null when no run did.
    parent: Option<Parent>,
    /// The run at the top of the chain of runs that started each other.
    #[schema(value_type = String)]
    root: RunId,
    /// How many runs are above it.
    depth: u32,
    /// Higher is executed first.
    priority: i16,
    /// How many outcomes of calls it has received.
    deliveries: u32,
    /// CPU time it has taken, in milliseconds.
    cpu_ms: f64,
    /// What its calls have used.
    used: Used,
    /// Not to be begun before this moment.
    #[schema(value_type = Option<String>, format = DateTime)]
    start_at: Option<Time>,
    /// When it fails with `timeout` if it has not ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    deadline_at: Option<Time>,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Time>,
    /// When somebody asked to cancel it.
    #[schema(value_type = Option<String>, format = DateTime)]
    cancelled_at: Option<Time>,
}

impl<'a> From<&'a record::Run> for Run<'a> {
    fn from(run: &'a record::Run) -> Self {
        let (birth, state) = (&run.birth, &run.state);
        Self {
            id: birth.id,
            task: &birth.task_name,
            version: birth.task_version,
            status: state.status,
            input: raw(&birth.input),
            result: state.result.as_ref().map(raw),
            error: state.error.as_ref().map(RunError::from),
            parent: birth.parent.map(Parent::from),
            root: birth.root,
            depth: birth.depth,
            priority: birth.priority,
            deliveries: state.deliveries,
            cpu_ms: cpu_ms(state.cpu_us),
            used: Used::from(&state.used),
            start_at: birth.start_at.map(Time),
            deadline_at: birth.deadline_at.map(Time),
            created_at: Time(birth.created_at),
            started_at: state.started_at.map(Time),
            ended_at: state.ended_at.map(Time),
            cancelled_at: state.cancelled_at.map(Time),
        }
    }
}

fn cpu_ms(us: u64) -> f64 {
    us as f64 / 1000.0
}

/// A run in a list: without its input and result, which may be large.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunSummary<'a> {
    /// Identity: `run_` and 32 hex digits.
    #[schema(value_type = String)]
    id: RunId,
    /// Name of its task.
    task: &'a str,
    /// The version it executes to its end.
    version: u32,
    /// Where it stands.
    #[schema(value_type = String, example = "completed")]
    status: RunStatus,
    /// Why it failed; null unless it did.
    error: Option<RunError<'a>>,
    /// The run and call that started it; null when no run did.
    parent: Option<Parent>,
    /// The run at the top of the chain of runs that started each other.
    #[schema(value_type = String)]
    root: RunId,
    /// How many runs are above it.
    depth: u32,
    /// Higher is executed first.
    priority: i16,
    /// How many outcomes of calls it has received.
    deliveries: u32,
    /// CPU time it has taken, in milliseconds.
    cpu_ms: f64,
    /// What its calls have used.
    used: Used,
    /// Not to be begun before this moment.
    #[schema(value_type = Option<String>, format = DateTime)]
    start_at: Option<Time>,
    /// When it fails with `timeout` if it has not ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    deadline_at: Option<Time>,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Time>,
    /// When somebody asked to cancel it.
    #[schema(value_type = Option<String>, format = DateTime)]
    cancelled_at: Option<Time>,
}

impl<'a> From<&'a store::RunSummary> for RunSummary<'a> {
    fn from(run: &'a store::RunSummary) -> Self {
        Self {
            id: run.id,
            task: &run.task_name,
            version: run.task_version,
            status: run.status,
            error: run.error.as_ref().map(RunError::from),
            parent: run.parent.map(Parent::from),
            root: run.root,
            depth: run.depth,
            priority: run.priority,
            deliveries: run.deliveries,
            cpu_ms: cpu_ms(run.cpu_us),
            used: Used::from(&run.used),
            start_at: run.start_at.map(Time),
            deadline_at: run.deadline_at.map(Time),
            created_at: Time(run.created_at),
            started_at: run.started_at.map(Time),
            ended_at: run.ended_at.map(Time),
            cancelled_at: run.cancelled_at.map(Time),
        }
    }
}

/// The call that waits for a run.
#[derive(Serialize, ToSchema)]
struct Parent {
    /// The run that made the call.
    #[schema(value_type = String)]
    run: RunId,
    /// The call's number.
    call: CallNumber,
}

impl From<ParentCall> for Parent {
    fn from(parent: ParentCall) -> Self {
        Self { run: parent.run, call: parent.number }
    }
}

/// Why a run failed.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunError<'a> {
    /// Stable word for programs: `task_error` when the task threw, else the limit or cause.
    code: &'a str,
    /// The JavaScript error name, such as `TypeError`.
    name: &'a str,
    /// What happened, for people.
    message: &'a str,
    /// Frames in the author's own files and lines, one a line.
    stack: Option<&'a str>,
    /// The code of the call's error when the task threw one on.
    call_code: Option<&'a str>,
}

impl<'a> From<&'a Failure> for RunError<'a> {
    fn from(error: &'a Failure) -> Self {
        Self {
            code: &error.code,
            name: &error.name,
            message: &error.message,
            stack: error.stack.as_deref(),
            call_code: error.call_code.as_deref(),
        }
    }
}
