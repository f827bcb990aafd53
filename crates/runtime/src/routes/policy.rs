//! `/v1/policy`: what the tasks of the workspace may call, and how often.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::answer;
use crate::app::App;
use crate::auth::Caller;
use crate::extract::JsonBody;
use crate::problem::Problem;
use crate::wire::{Policy, PolicyShape};

/// The policy; one that allows everything until another is set.
#[utoipa::path(
    get, path = "/v1/policy", tag = "policy",
    responses((status = 200, description = "The policy", body = PolicyShape))
)]
pub(crate) async fn get_policy(
    State(app): State<App>,
    Caller(workspace): Caller,
) -> Result<Response, Problem> {
    answer::json(StatusCode::OK, &Policy(app.engine.policy(&workspace).await?))
}

/// Replaces the policy. It counts on all nodes within a second; calls that were made before are not undone.
#[utoipa::path(
    put, path = "/v1/policy", tag = "policy",
    request_body = PolicyShape,
    responses((status = 200, description = "The policy", body = PolicyShape))
)]
pub(crate) async fn put_policy(
    State(app): State<App>,
    Caller(workspace): Caller,
    body: JsonBody,
) -> Result<Response, Problem> {
    let policy: Policy = body.parse()?;
    app.engine.put_policy(&workspace, &policy.0).await?;
    answer::json(StatusCode::OK, &policy)
}
