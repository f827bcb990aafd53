//! `/` and `/openapi.json`: what somebody without a token may know.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::app::App;
use crate::document;

/// Says what this server is.
#[utoipa::path(
    get, path = "/", tag = "server", security(()),
    responses((status = 200, description = "A few lines", body = String, content_type = "text/plain"))
)]
pub(crate) async fn get_welcome(State(app): State<App>) -> String {
    let version = &app.settings.version;
    format!(
        "Fermata {version}: durable tasks.\n\
         The API is described at /openapi.json; its paths begin with /v1 and need a token:\n\
         Authorization: Bearer fm_…\n"
    )
}

/// Gives the description of the API.
#[utoipa::path(
    get, path = "/openapi.json", tag = "server", security(()),
    responses((status = 200, description = "An OpenAPI 3.1 document", body = serde_json::Value))
)]
pub(crate) async fn get_document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], document::text())
}
