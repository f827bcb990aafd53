//! Reads what an API answers into what the guest gets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fermata_connect::http;
use fermata_model::limits::OUTCOME_BYTES_MAX;
use fermata_model::{CallError, Json, json};
use serde::Serialize;

use super::request::Call;
use super::{error, media};
use crate::call::Failure;
use crate::fields::Fields;

/// What a download, or another answer that is no JSON, looks like to the guest.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Download {
    content_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

/// Reads an answer. One without a body is an empty object.
///
/// # Errors
/// Google's own, and those of answers that cannot be read or are too large.
pub(super) fn read(call: &Call<'_>, wants_media: bool, answer: http::Response) -> Result<Json, Box<Failure>> {
    if !(200..300).contains(&answer.status) {
        return Err(Box::new(error::of(call, &answer)));
    }
    let value = if wants_media || (call.method.response.is_none() && !answer.body.is_empty()) {
        download(call, answer).map_err(plain)?
    } else {
        parsed(call, answer.body)?
    };
    within(&call.what, value).map_err(plain)
}

/// Holds what the guest gets to its limit.
pub(super) fn within(what: &str, value: Json) -> Result<Json, CallError> {
    let bytes = value.get().len();
    if bytes <= OUTCOME_BYTES_MAX {
        return Ok(value);
    }
    let message = format!(
        "tools.gapi.{what}: the answer takes {bytes} bytes; the limit is {OUTCOME_BYTES_MAX}. Ask for less by fields \
         or pages"
    );
    Err(CallError::fatal("response_too_large", message))
}

fn parsed(call: &Call<'_>, body: Vec<u8>) -> Result<Json, Box<Failure>> {
    let text = String::from_utf8(body).map_err(|_| garbage(call))?;
    let text = if text.trim().is_empty() { "{}".to_owned() } else { text };
    let value = json::parse(text).map_err(|_| garbage(call))?;
    if !call.document.has_data_wrapper() {
        return Ok(value);
    }
    let data = serde_json::from_str::<Fields>(value.get()).ok().and_then(|mut fields| fields.remove("data"));
    Ok(data.map_or(value, Json::from))
}

fn download(call: &Call<'_>, answer: http::Response) -> Result<Json, CallError> {
    if answer.body.len() > media::MEDIA_BYTES_MAX {
        let message = format!(
            "tools.gapi.{}: the media is over the limit of {} bytes",
            call.what,
            media::MEDIA_BYTES_MAX
        );
        return Err(CallError::fatal("response_too_large", message));
    }
    let content_type = answer.headers.iter().find(|(name, _)| name == "content-type");
    let content_type = content_type.map_or("application/octet-stream", |(_, value)| value).to_owned();
    let (body, body_base64) = match String::from_utf8(answer.body) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(BASE64.encode(error.as_bytes()))),
    };
    let download = Download { content_type, body, body_base64 };
    json::of(&download).map_err(|error| CallError::fatal("bad_answer", error.to_string()))
}

/// What was asked for may be done; whether it may be asked for again depends on what it is.
fn garbage(call: &Call<'_>) -> Box<Failure> {
    let message = format!("tools.gapi.{}: the answer is not JSON", call.what);
    Box::new(error::unanswered(CallError::passing("bad_answer", message).into(), call.is_repeatable()))
}

fn plain(error: CallError) -> Box<Failure> {
    Box::new(Failure::plain(error))
}
