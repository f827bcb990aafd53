//! Bodies: JSON within the limit, in time.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use fermata_model::limits::BODY_BYTES_MAX;
use http_body_util::LengthLimitError;
use serde::Deserialize;
use serde_json::error::Category;

use crate::problem::{Code, Fault, Problem};

/// How long a body may take to arrive.
const BODY_TIME_MAX: Duration = Duration::from_secs(60);

/// A body that says it is JSON, not parsed yet.
pub(crate) struct JsonBody(Bytes);

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        check_content_type(request.headers())?;
        check_length(request.headers())?;
        let read = axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX);
        let late = || Problem::new(Code::BodyTimeout, format!("The body took over {BODY_TIME_MAX:?}"));
        let body = tokio::time::timeout(BODY_TIME_MAX, read).await.map_err(|_| late())?;
        body.map(Self).map_err(unreadable)
    }
}

/// JSON, or not said: a body of another type is most likely not meant for this API.
fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(CONTENT_TYPE) else { return Ok(()) };
    let text = value.to_str().unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let detail = format!("The content type is {text:?}; send application/json");
    Err(Problem::new(Code::ContentTypeUnsupported, detail))
}

/// Refuses what says that it is too large before it is sent.
fn check_length(headers: &HeaderMap) -> Result<(), Problem> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let fits = length.is_none_or(|length| length <= BODY_BYTES_MAX as u64);
    if fits { Ok(()) } else { Err(too_large()) }
}

fn unreadable(error: axum::Error) -> Problem {
    if error.into_inner().is::<LengthLimitError>() {
        return too_large();
    }
    Problem::new(Code::BodyBroken, "The connection failed before the body was whole")
}

fn too_large() -> Problem {
    Problem::new(Code::BodyTooLarge, format!("A body may have {BODY_BYTES_MAX} bytes"))
}

impl JsonBody {
    /// Reads the body as a `T`.
    pub(crate) fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Problem> {
        serde_json::from_slice(&self.0).map_err(|error| unfit(&error))
    }
}

/// What is wrong with a body, at its line and column.
fn unfit(error: &serde_json::Error) -> Problem {
    let code = match error.classify() {
        Category::Data => Code::BodyInvalid,
        Category::Syntax | Category::Eof | Category::Io => Code::JsonInvalid,
    };
    let place = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let said = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let message = said.strip_suffix(&suffix).unwrap_or(&said).to_owned();
    let fault = Fault { message, ..Fault::default() }.on(place(error.line()), place(error.column()));
    Problem::new(code, said).with(vec![fault])
}
