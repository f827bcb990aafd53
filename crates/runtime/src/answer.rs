//! The shapes of answers: JSON, and pages of lists.

use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use fermata_engine::Started;
use fermata_model::record;
use serde::Serialize;
use utoipa::ToSchema;

use crate::cursor::{self, List, Place};
use crate::extract::Limit;
use crate::problem::Problem;
use crate::wire;

const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Most answers fit in this without growing.
const ANSWER_BYTES_USUAL: usize = 768;

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The items, in the list's order.
    items: Vec<T>,
    /// The `cursor` that gives what follows; null at the end of the list.
    #[schema(required)]
    next: Option<String>,
}

/// Answers with JSON, written straight from what is borrowed.
pub(crate) fn json<T: Serialize>(status: StatusCode, answer: &T) -> Result<Response, Problem> {
    let mut body = Vec::with_capacity(ANSWER_BYTES_USUAL);
    serde_json::to_writer(&mut body, answer).map_err(Problem::internal)?;
    let content_type = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok((status, [content_type], body).into_response())
}

/// Answers with a page of `rows`, of which one more than the limit was asked for to know whether
/// more follow.
pub(crate) fn page<'a, R, P: Place, W: Serialize + From<&'a R>>(
    rows: &'a [R],
    limit: Limit,
    list: List,
    place: impl Fn(&R) -> P,
) -> Result<Response, Problem> {
    let shown = &rows[..rows.len().min(limit.items())];
    let has_more = rows.len() > shown.len();
    let last = shown.last().filter(|_| has_more);
    let next = last.map(|row| cursor::encode(list, &place(row)));
    json(StatusCode::OK, &Page { items: shown.iter().map(W::from).collect(), next })
}

/// Answers with a run that was started: 200 when it has ended, 202 while there is more to come.
pub(crate) fn started(started: &Started) -> Result<Response, Problem> {
    let mut response = run(status_of(&started.run), &started.run)?;
    if started.is_replay {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
    put_location(response.headers_mut(), &started.run);
    Ok(response)
}

/// Answers with a run.
pub(crate) fn run(status: StatusCode, run: &record::Run) -> Result<Response, Problem> {
    json(status, &wire::Run::from(run))
}

fn status_of(run: &record::Run) -> StatusCode {
    if run.state.status.is_ended() { StatusCode::OK } else { StatusCode::ACCEPTED }
}

fn put_location(headers: &mut HeaderMap, run: &record::Run) {
    let path = HeaderValue::try_from(format!("/v1/runs/{}", run.birth.id));
    headers.insert(LOCATION, path.expect("an id is letters, digits and _"));
}
