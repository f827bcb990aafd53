//! `/v1/stats`: counters.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::answer;
use crate::app::App;
use crate::problem::Problem;
use crate::wire::{Stats, StoreStats};

/// Gives the counters of engine and store since the server started.
#[utoipa::path(
    get, path = "/v1/stats", tag = "server",
    responses((status = 200, description = "The counters", body = Stats))
)]
pub(crate) async fn get_stats(State(app): State<App>) -> Result<Response, Problem> {
    let store = app.read(|store| Ok(StoreStats::from(store.stats()))).await?;
    answer::json(StatusCode::OK, &Stats { engine: app.engine.stats(), store })
}
