//! `/v1/runs/{id}/events`: what happens in a run, as it happens; and events sent to it.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::answer;
use crate::app::App;
use crate::auth::Caller;
use crate::event_stream;
use crate::extract::{JsonBody, Query, RunPath};
use crate::problem::{Code, Problem};

/// Where the stream begins.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamEvents {
    /// Begin after the event with this id. The header `Last-Event-ID` goes before it.
    after: Option<u32>,
}

/// Streams what happens in a run as server-sent events, and ends with the run.
#[utoipa::path(
    get, path = "/v1/runs/{id}/events", tag = "runs",
    params(
        StreamEvents,
        ("id" = String, Path, description = "The run's id"),
        ("Last-Event-ID" = Option<u32>, Header, description = "Begin after the event with this id"),
    ),
    responses(
        (
            status = 200,
            description = "`run_started` with the Run, `call_began` and `call_ended` with the Call, `log` with \
                the LogLine, `run_ended` with the Run. The ids rise; a stream can be resumed after any of them.",
            body = String, content_type = "text/event-stream"
        ),
        (status = 204, description = "The run has ended and nothing follows"),
    )
)]
pub(crate) async fn stream_events(
    State(app): State<App>,
    Caller(workspace): Caller,
    RunPath(run): RunPath,
    Query(query): Query<StreamEvents>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = last_event_id(&headers)?.or(query.after).unwrap_or(0);
    event_stream::open(app, workspace, run, after).await
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    let refusal = || Problem::new(Code::HeaderInvalid, "Last-Event-ID is not an id this stream gave");
    id.map(Some).ok_or_else(refusal)
}

/// An event to send to a run.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendEvent {
    /// The name the run waits for.
    name: String,
    /// What comes with it, any JSON; null when absent.
    #[serde(default = "no_payload")]
    #[schema(value_type = serde_json::Value)]
    payload: Box<RawValue>,
}

fn no_payload() -> Box<RawValue> {
    RawValue::NULL.to_owned()
}

/// An event that was sent.
#[derive(Serialize, ToSchema)]
struct SentEvent {
    /// 1 for the first event sent to the run, then 2, 3 …
    number: u32,
}

/// Sends an event to a run. It is kept until the run asks for it or ends.
#[utoipa::path(
    post, path = "/v1/runs/{id}/events", tag = "runs",
    params(("id" = String, Path, description = "The run's id")),
    request_body = SendEvent,
    responses((status = 202, description = "The event is kept", body = SentEvent))
)]
pub(crate) async fn send_event(
    State(app): State<App>,
    Caller(workspace): Caller,
    RunPath(run): RunPath,
    body: JsonBody,
) -> Result<Response, Problem> {
    let event: SendEvent = body.parse()?;
    let number = app.engine.send_event(&workspace, run, &event.name, event.payload.into()).await?;
    answer::json(StatusCode::ACCEPTED, &SentEvent { number })
}
