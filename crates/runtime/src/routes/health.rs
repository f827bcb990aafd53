//! `/livez`, `/readyz`, `/v1/health`: whether the server works.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::answer;
use crate::app::App;
use crate::problem::{Code, Problem};
use crate::wire::{Health, StoreStats};

/// Says that the process runs.
#[utoipa::path(
    get, path = "/livez", tag = "server", security(()),
    responses((status = 200, description = "It runs", body = String, content_type = "text/plain"))
)]
pub(crate) async fn get_livez() -> &'static str {
    "ok\n"
}

/// Says whether the server takes requests.
#[utoipa::path(
    get, path = "/readyz", tag = "server", security(()),
    responses(
        (status = 200, description = "It does", body = String, content_type = "text/plain"),
        (status = 503, description = "It is stopping", body = inline(crate::problem::Document), content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get_readyz(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.settings.is_stopping() {
        return Err(Problem::new(Code::Stopping, "The server is stopping"));
    }
    Ok("ready\n")
}

/// Gives the state of the server and its counters.
#[utoipa::path(
    get, path = "/v1/health", tag = "server",
    responses((status = 200, description = "The server's state", body = Health))
)]
pub(crate) async fn get_health(State(app): State<App>) -> Result<Response, Problem> {
    let store = app.read(|store| Ok(StoreStats::from(store.stats()))).await?;
    let health = Health {
        status: if app.settings.is_stopping() { "stopping" } else { "ok" },
        version: &app.settings.version,
        store,
        engine: app.engine.stats(),
    };
    answer::json(StatusCode::OK, &health)
}
