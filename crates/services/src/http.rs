//! `tools.http` and the guest's `fetch`: requests through the egress gate.

pub(crate) mod short;

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fermata_connect::{http, retry};
use fermata_model::limits::OUTCOME_BYTES_MAX;
use fermata_model::{CallError, Json, json};
use serde::{Deserialize, Serialize};

use crate::call::{Attempt, Attempted, Failure, Policy, Request, Service, arguments, unknown_method};
use crate::way::Way;

/// Time of one attempt when the task does not say.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Methods that are repeated when the answer says "not now"; others only when no answer came or the
/// server asks for it with 429 or 503.
const SAFE_METHODS: [&str; 4] = ["GET", "HEAD", "OPTIONS", "PUT"];

/// The service.
#[derive(Debug, Clone, Copy, Default)]
pub struct Http;

/// The guest's request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Fetch {
    url: String,
    #[serde(default = "get")]
    method: String,
    #[serde(default)]
    headers: Headers,
    body: Option<String>,
    body_base64: Option<String>,
    #[serde(default)]
    redirect: Option<String>,
    timeout_ms: Option<u64>,
}

/// Headers as an object or as pairs.
#[derive(Deserialize)]
#[serde(untagged)]
enum Headers {
    Pairs(Vec<(String, String)>),
    Object(serde_json::Map<String, serde_json::Value>),
}

impl Default for Headers {
    fn default() -> Self {
        Self::Pairs(Vec::new())
    }
}

/// The answer as the guest gets it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status: u16,
    status_text: String,
    url: String,
    headers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

async fn send(request: Request, way: &Way<'_>) -> Attempted {
    let fetch = parse(&request.args)?;
    let method = fetch.method.to_ascii_uppercase();
    let answer = way.send(outgoing(fetch, request.idempotency_key)?).await?;
    if is_worth_repeating(&method, answer.status) {
        return Err(not_now(answer));
    }
    Ok(answered(answer)?.into())
}

impl Service for Http {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        if method != "fetch" {
            return Err(unknown_method("http", method, &["fetch"]));
        }
        let fetch = parse(args)?;
        let timeout = fetch.timeout_ms.map_or(TIMEOUT, Duration::from_millis);
        Ok(Policy { timeout, retry: retry::Policy::default() })
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        Box::pin(send(request, way))
    }
}

fn parse(args: &Json) -> Result<Fetch, CallError> {
    let (fetch,) = arguments("tools.http.fetch", args)?;
    Ok(fetch)
}

fn outgoing(fetch: Fetch, idempotency_key: String) -> Result<http::Request, CallError> {
    let bad = |message: String| CallError::fatal("bad_arguments", format!("tools.http.fetch: {message}"));
    let body = match (fetch.body, fetch.body_base64) {
        (Some(text), None) => Some(http::Body::Text(text)),
        (None, Some(text)) => {
            let bytes = BASE64.decode(text).map_err(|error| bad(format!("bodyBase64: {error}")))?;
            Some(http::Body::Bytes(bytes))
        }
        (None, None) => None,
        (Some(_), Some(_)) => return Err(bad("body or bodyBase64, not both".into())),
    };
    let headers = match fetch.headers {
        Headers::Pairs(pairs) => pairs,
        Headers::Object(object) => {
            object.into_iter().map(|(name, value)| (name, header_text(value))).collect()
        }
    };
    let redirect = match fetch.redirect.as_deref() {
        None | Some("follow") => http::Redirect::Follow,
        Some("manual") => http::Redirect::Manual,
        Some("error") => http::Redirect::Error,
        Some(other) => return Err(bad(format!("redirect is follow, manual or error, not {other:?}"))),
    };
    let mut request = http::Request::new(fetch.method, fetch.url);
    request.headers = headers;
    request.body = body;
    request.redirect = redirect;
    request.timeout = Some(fetch.timeout_ms.map_or(TIMEOUT, Duration::from_millis));
    request.idempotency_key = Some(idempotency_key);
    Ok(request)
}

fn header_text(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

fn is_worth_repeating(method: &str, status: u16) -> bool {
    let safe = SAFE_METHODS.contains(&method) && retry::is_retryable_status(status);
    safe || matches!(status, 429 | 503)
}

/// A failed attempt whose last repetition is still an answer: the guest gets it as a response.
fn not_now(answer: http::Response) -> Failure {
    let retry_after = retry::after(&answer.headers, SystemTime::now());
    let message = format!("{} answered {}", answer.url, answer.status);
    let error = CallError::passing("http_status", message);
    Failure { error, retry_after, last_answer: answered(answer).ok() }
}

fn answered(answer: http::Response) -> Result<Json, CallError> {
    let (body, body_base64) = match String::from_utf8(answer.body) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(BASE64.encode(error.as_bytes()))),
    };
    let answer = Answer {
        status: answer.status,
        status_text: answer.status_text,
        url: answer.url,
        headers: answer.headers,
        body,
        body_base64,
    };
    let answer = json::of(&answer).map_err(|error| CallError::fatal("bad_answer", error.to_string()))?;
    if answer.get().len() > OUTCOME_BYTES_MAX {
        let bytes = answer.get().len();
        let message = format!("The answer takes {bytes} bytes; the limit is {OUTCOME_BYTES_MAX}");
        return Err(CallError::fatal("response_too_large", message));
    }
    Ok(answer)
}
