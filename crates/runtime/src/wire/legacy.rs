//! The shapes of `/tasks…`, the older API: camelCase in requests and answers, the row of a run as
//! its columns are called.

use fermata_model::record;
use fermata_model::{RunId, RunStatus, VersionId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::run::{RunError, no_input};
use super::{LogLine, Time, raw};

/// A task to run.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartTaskRun {
    /// Name of the task.
    #[schema(required)]
    pub(crate) task_name: Option<String>,
    /// The input, any JSON; `{}` when absent.
    #[serde(default = "no_input")]
    #[schema(value_type = serde_json::Value)]
    pub(crate) input: Box<RawValue>,
}

/// A run that was accepted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AcceptedTaskRun {
    /// For people.
    pub(crate) message: &'static str,
    /// The run's id, for `/tasks/status` and `/tasks/logs`.
    #[schema(value_type = String)]
    pub(crate) task_run_id: RunId,
    /// Where it stands.
    #[schema(value_type = String, example = "queued")]
    pub(crate) status: RunStatus,
}

/// A run as a row of `task_runs`.
#[derive(Serialize, ToSchema)]
pub(crate) struct TaskRunRow<'a> {
    /// Identity.
    #[schema(value_type = String)]
    id: RunId,
    /// The task's version.
    #[schema(value_type = String)]
    task_function_id: VersionId,
    /// Name of the task.
    task_name: &'a str,
    /// What it was given.
    #[schema(value_type = serde_json::Value)]
    input: &'a RawValue,
    /// Where it stands.
    #[schema(value_type = String, example = "completed")]
    status: RunStatus,
    /// What it returned.
    #[schema(value_type = serde_json::Value)]
    result: Option<&'a RawValue>,
    /// Why it failed.
    error: Option<RunError<'a>>,
    /// The run that started it.
    #[schema(value_type = Option<String>)]
    parent_run_id: Option<RunId>,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Time>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Time>,
}

impl<'a> From<&'a record::Run> for TaskRunRow<'a> {
    fn from(run: &'a record::Run) -> Self {
        let (birth, state) = (&run.birth, &run.state);
        Self {
            id: birth.id,
            task_function_id: birth.task_version_id,
            task_name: &birth.task_name,
            input: raw(&birth.input),
            status: state.status,
            result: state.result.as_ref().map(raw),
            error: state.error.as_ref().map(RunError::from),
            parent_run_id: birth.parent.map(|parent| parent.run),
            created_at: Time(birth.created_at),
            started_at: state.started_at.map(Time),
            ended_at: state.ended_at.map(Time),
        }
    }
}

/// The log lines of a run.
#[derive(Serialize, ToSchema)]
pub(crate) struct TaskRunLogs<'a> {
    /// The lines, oldest first.
    pub(crate) logs: Vec<LogLine<'a>>,
}
