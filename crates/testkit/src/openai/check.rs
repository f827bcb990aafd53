//! Refusals, in the API's form, and what every request has to be.

use serde_json::{Map, Value, json};

use crate::http_peer::{Reply, Seen};

/// Why a request is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    code: String,
    message: String,
    param: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &str, message: &str) -> Self {
        Self { status, code: code.to_owned(), message: message.to_owned(), param: None }
    }

    /// A parameter that is missing or wrong.
    pub(super) fn of(param: &str, code: &str, message: &str) -> Self {
        Self { param: Some(param.to_owned()), ..Self::new(400, code, message) }
    }

    pub(super) fn reply(&self) -> Reply {
        let kind = match (self.status, self.code.as_str()) {
            (_, "insufficient_quota") => "insufficient_quota",
            (429, _) => "requests",
            (500.., _) => "server_error",
            _ => "invalid_request_error",
        };
        let error = json!({ "message": self.message, "type": kind, "param": self.param, "code": self.code });
        let id = format!("req_{:016x}", super::fingerprint(&self.message));
        Reply::json(self.status, &json!({ "error": error })).with("x-request-id", &id)
    }
}

/// The body, which is a JSON object.
pub(super) fn body(seen: &Seen) -> Result<Map<String, Value>, Refusal> {
    if seen.header("content-type") != Some("application/json") {
        return Err(Refusal::new(415, "unsupported_content_type", "The body has to be application/json"));
    }
    match seen.json() {
        Value::Object(body) => Ok(body),
        _ => Err(Refusal::new(400, "invalid_json", "We could not parse the JSON body of your request")),
    }
}

/// A parameter that has to be there.
pub(super) fn required<'a>(body: &'a Map<String, Value>, name: &str) -> Result<&'a Value, Refusal> {
    let missing =
        || Refusal::of(name, "missing_required_parameter", &format!("Missing required parameter: '{name}'."));
    body.get(name).filter(|value| !value.is_null()).ok_or_else(missing)
}

/// The model, one of those there are.
pub(super) fn model(body: &Map<String, Value>) -> Result<String, Refusal> {
    let wrong = || Refusal::of("model", "invalid_type", "Invalid type for 'model': expected a string.");
    let model = required(body, "model")?.as_str().ok_or_else(wrong)?;
    if !super::other::MODELS.contains(&model) {
        let message = format!("The model `{model}` does not exist or you do not have access to it.");
        return Err(Refusal {
            param: Some("model".into()),
            ..Refusal::new(404, "model_not_found", &message)
        });
    }
    Ok(model.to_owned())
}

/// A parameter that is a small number, or what it is otherwise.
pub(super) fn number(
    body: &Map<String, Value>,
    name: &str,
    otherwise: u64,
    most: u64,
) -> Result<usize, Refusal> {
    let Some(value) = body.get(name).filter(|value| !value.is_null()) else {
        return Ok(usize::try_from(otherwise).unwrap_or(0));
    };
    let number = value.as_u64().filter(|number| (1..=most).contains(number));
    let number = number.and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| {
        Refusal::of(name, "invalid_value", &format!("Invalid '{name}': 1 to {most} is expected."))
    })
}

/// Whether the answer is streamed.
pub(super) fn streams(body: &Map<String, Value>) -> Result<bool, Refusal> {
    match body.get("stream") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(streams)) => Ok(*streams),
        Some(_) => {
            Err(Refusal::of("stream", "invalid_type", "Invalid type for 'stream': expected a boolean."))
        }
    }
}

/// Whether the stream's last event tells the usage.
pub(super) fn includes_usage(body: &Map<String, Value>) -> bool {
    body.get("stream_options").is_some_and(|options| options["include_usage"] == true)
}
