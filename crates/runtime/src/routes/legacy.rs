//! `/tasks`, `/tasks/status`, `/tasks/logs`: the older API, for clients that speak it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use fermata_engine::StartRun;
use fermata_model::{RunId, WorkspaceId};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer;
use crate::app::App;
use crate::auth::Caller;
use crate::extract::{JsonBody, Query};
use crate::problem::{Code, Problem};
use crate::wire::{AcceptedTaskRun, LogLine, StartTaskRun, TaskRunLogs, TaskRunRow};

/// The most lines that `/tasks/logs` shows; `/v1/runs/{id}/logs` has pages.
const LINES_MAX: u32 = 1_000;

/// Starts a run.
#[utoipa::path(
    post, path = "/tasks", tag = "older API",
    request_body = StartTaskRun,
    responses((status = 202, description = "The run is accepted", body = AcceptedTaskRun))
)]
pub(crate) async fn start_task_run(
    State(app): State<App>,
    Caller(workspace): Caller,
    body: JsonBody,
) -> Result<Response, Problem> {
    let request: StartTaskRun = body.parse()?;
    let name = request.task_name.filter(|name| !name.is_empty());
    let start = StartRun {
        task: name.ok_or_else(|| Problem::new(Code::TaskNameMissing, "taskName is missing"))?,
        version: None,
        input: request.input.into(),
        priority: 0,
        start_at: None,
        timeout_ms: None,
        idempotency_key: None,
    };
    let run = app.engine.start_run(&workspace, start).await?.run;
    let (task_run_id, status) = (run.birth.id, run.state.status);
    let message = "Task accepted";
    answer::json(StatusCode::ACCEPTED, &AcceptedTaskRun { message, task_run_id, status })
}

/// Which run.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichRun {
    /// The `taskRunId`.
    #[param(value_type = String)]
    id: RunId,
}

/// Gives a run as a row.
#[utoipa::path(
    get, path = "/tasks/status", tag = "older API",
    params(WhichRun),
    responses((status = 200, description = "The run", body = TaskRunRow))
)]
pub(crate) async fn get_task_run_status(
    State(app): State<App>,
    Caller(workspace): Caller,
    Query(WhichRun { id }): Query<WhichRun>,
) -> Result<Response, Problem> {
    let run = find(&app, &workspace, id).await?;
    answer::json(StatusCode::OK, &TaskRunRow::from(&run))
}

/// Gives the log lines of a run, the first thousand.
#[utoipa::path(
    get, path = "/tasks/logs", tag = "older API",
    params(WhichRun),
    responses((status = 200, description = "The lines", body = TaskRunLogs))
)]
pub(crate) async fn get_task_run_logs(
    State(app): State<App>,
    Caller(workspace): Caller,
    Query(WhichRun { id }): Query<WhichRun>,
) -> Result<Response, Problem> {
    find(&app, &workspace, id).await?;
    let lines = app.read_of(&workspace, move |store, of| store.logs(of, id, 0, LINES_MAX)).await?;
    answer::json(StatusCode::OK, &TaskRunLogs { logs: lines.iter().map(LogLine::from).collect() })
}

async fn find(app: &App, workspace: &WorkspaceId, id: RunId) -> Result<fermata_model::record::Run, Problem> {
    let run = app.read_of(workspace, move |store, of| store.run(of, id)).await?;
    run.ok_or_else(|| Problem::run_unknown(id))
}
