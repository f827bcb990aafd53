//! What surrounds every request: its id, the net under a panic, and the last word on problems.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use crate::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_CHARS_MAX: usize = 64;

/// Middleware: gives the request an id, turns a panic into a problem, and writes problems out.
pub(crate) async fn surround(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id(request.headers());
    let asked = Asked { method: request.method().clone(), uri: request.uri().clone() };
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let mut response =
        answered.unwrap_or_else(|panic| Problem::internal(Panicked::of(&*panic)).into_response());
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        asked.log_cause(&id, &problem);
        problem.write(id.to_str().unwrap_or_default(), &mut response);
    }
    asked.log_answer(&id, &response, begun);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// The caller's id, so that one id follows a request through several servers; else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let given = headers
        .get(REQUEST_ID)
        .filter(|id| (1..=REQUEST_ID_CHARS_MAX).contains(&id.len()) && id.as_bytes().iter().all(allowed));
    given.cloned().unwrap_or_else(|| {
        let text = format!("req_{:032x}", rand::random::<u128>());
        HeaderValue::try_from(text).expect("letters and digits are a header value")
    })
}

/// What the log says about a request. Without the query: it may hold what must not be logged.
struct Asked {
    method: Method,
    uri: Uri,
}

impl Asked {
    fn log_cause(&self, id: &HeaderValue, problem: &Problem) {
        let Some(cause) = problem.cause_chain() else { return };
        let (method, path) = (&self.method, self.uri.path());
        tracing::error!(request.id = ?id, %method, path, code = problem.code(), cause, "A request failed");
    }

    fn log_answer(&self, id: &HeaderValue, response: &Response, begun: Instant) {
        tracing::debug!(
            request.id = ?id,
            method = %self.method,
            path = self.uri.path(),
            status = response.status().as_u16(),
            duration_us = begun.elapsed().as_micros(),
            "Answered a request"
        );
    }
}

/// A panic as an error.
#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Panicked(String);

impl Panicked {
    fn of(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        Self(text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message").into())
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn panics() -> &'static str {
        panic!("a secret of the server")
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_that_tells_nothing() {
        let router: Router = Router::new().route("/", get(panics)).layer(from_fn(surround));
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status(), 500);
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = std::str::from_utf8(&body).unwrap();
        assert!(text.contains("\"code\":\"internal\"") && text.contains(&id), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}
