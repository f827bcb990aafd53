//! `/v1/runs/{id}/logs`: the lines a run wrote.

use axum::extract::State;
use axum::response::Response;
use fermata_model::record;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::answer::{self, Page};
use crate::app::App;
use crate::auth::Caller;
use crate::cursor::{self, List};
use crate::extract::{Limit, Query, RunPath};
use crate::problem::Problem;
use crate::wire::LogLine;

/// Which page of the lines.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListLogs {
    /// Show lines with higher `seq` than this. Excludes `cursor`.
    after: Option<u32>,
    /// Most items on the page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Lists the log lines of a run, oldest first.
#[utoipa::path(
    get, path = "/v1/runs/{id}/logs", tag = "runs",
    params(("id" = String, Path, description = "The run's id"), ListLogs),
    responses((status = 200, description = "A page of lines", body = Page<LogLine>))
)]
pub(crate) async fn list_logs(
    State(app): State<App>,
    Caller(workspace): Caller,
    RunPath(id): RunPath,
    Query(query): Query<ListLogs>,
) -> Result<Response, Problem> {
    let after = cursor::after(List::Logs, query.cursor.as_deref(), query.after)?;
    let rows = query.limit.rows();
    let lines = app.read_of(&workspace, move |store, of| store.logs(of, id, after, rows)).await?;
    if lines.is_empty() {
        app.require_run(&workspace, id).await?;
    }
    let place = |line: &record::LogLine| line.seq;
    answer::page::<_, _, LogLine<'_>>(&lines, query.limit, List::Logs, place)
}
