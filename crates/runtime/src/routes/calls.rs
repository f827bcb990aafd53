//! `/v1/runs/{id}/calls`: the calls a run made.

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
use crate::wire::Call;

/// Which page of the calls.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCalls {
    /// Show calls with higher numbers than this. Excludes `cursor`.
    after: Option<u32>,
    /// Most items on the page.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Limit,
    /// The `next` of the page before.
    cursor: Option<String>,
}

/// Lists the calls of a run in the order it made them.
#[utoipa::path(
    get, path = "/v1/runs/{id}/calls", tag = "runs",
    params(("id" = String, Path, description = "The run's id"), ListCalls),
    responses((status = 200, description = "A page of calls", body = Page<Call>))
)]
pub(crate) async fn list_calls(
    State(app): State<App>,
    Caller(workspace): Caller,
    RunPath(id): RunPath,
    Query(query): Query<ListCalls>,
) -> Result<Response, Problem> {
    let after = cursor::after(List::Calls, query.cursor.as_deref(), query.after)?;
    let rows = query.limit.rows();
    let calls = app.read_of(&workspace, move |store, of| store.calls(of, id, after, rows)).await?;
    if calls.is_empty() {
        app.require_run(&workspace, id).await?;
    }
    let place = |call: &record::Call| call.number;
    answer::page::<_, _, Call<'_>>(&calls, query.limit, List::Calls, place)
}
