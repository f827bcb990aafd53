//! Answers of `http.fetch` as people write them, for dry runs: what they leave out is filled in.

use fermata_model::{CallError, Json, json};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{Answer, Headers, header_text, parse};

/// An answer; only the status has to be there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Short {
    status: u16,
    #[serde(default)]
    status_text: String,
    url: Option<String>,
    #[serde(default)]
    headers: Headers,
    /// The body as JSON.
    data: Option<Value>,
    body: Option<String>,
    body_base64: Option<String>,
}

/// Whether it can be filled in.
pub(crate) fn check(answer: &Json) -> Result<(), serde_json::Error> {
    serde_json::from_str::<Short>(answer.get()).map(drop)
}

/// Where a request with these arguments goes, if it can be read.
pub(crate) fn url(args: &Json) -> Option<Url> {
    Url::parse(&parse(args).ok()?.url).ok()
}

/// The whole answer to a request with these arguments.
pub(crate) fn filled_in(answer: &Json, args: &Json) -> Result<Json, CallError> {
    let bad = |error: serde_json::Error| CallError::fatal("bad_answer", error.to_string());
    let short: Short = serde_json::from_str(answer.get()).map_err(bad)?;
    let mut headers = match short.headers {
        Headers::Pairs(pairs) => pairs,
        Headers::Object(object) => {
            object.into_iter().map(|(name, value)| (name, header_text(value))).collect()
        }
    };
    let is_typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if short.data.is_some() && !is_typed {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    let answer = Answer {
        status: short.status,
        status_text: short.status_text,
        url: short.url.map_or_else(|| parse(args).map(|fetch| fetch.url), Ok)?,
        headers,
        body: short.body.or_else(|| short.data.map(|data| data.to_string())),
        body_base64: short.body_base64,
    };
    json::of(&answer).map_err(bad)
}
