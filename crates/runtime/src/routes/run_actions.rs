//! `/v1/runs/{id}/cancel` and `/kill`: ending runs before they end by themselves.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::answer;
use crate::app::App;
use crate::auth::Caller;
use crate::extract::RunPath;
use crate::problem::Problem;
use crate::wire::Run;

/// Asks a run to end: its pending calls reject, and its clean-up code runs within a bound.
#[utoipa::path(
    post, path = "/v1/runs/{id}/cancel", tag = "runs",
    params(("id" = String, Path, description = "The run's id")),
    responses((status = 202, description = "The run, asked to end", body = Run))
)]
pub(crate) async fn cancel_run(
    State(app): State<App>,
    Caller(workspace): Caller,
    RunPath(id): RunPath,
) -> Result<Response, Problem> {
    let run = app.engine.cancel_run(&workspace, id).await?;
    answer::run(StatusCode::ACCEPTED, &run)
}

/// Ends a run at once; no more of its code runs.
#[utoipa::path(
    post, path = "/v1/runs/{id}/kill", tag = "runs",
    params(("id" = String, Path, description = "The run's id")),
    responses((status = 202, description = "The run", body = Run))
)]
pub(crate) async fn kill_run(
    State(app): State<App>,
    Caller(workspace): Caller,
    RunPath(id): RunPath,
) -> Result<Response, Problem> {
    let run = app.engine.kill_run(&workspace, id).await?;
    answer::run(StatusCode::ACCEPTED, &run)
}
