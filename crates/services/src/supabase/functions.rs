//! Edge functions: `functions.invoke(name, options)`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fermata_connect::http::{Body, Response};
use fermata_model::{CallError, Json, json};
use serde::Serialize;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use super::ask::{self, Ask};
use super::chain::{Chain, Step};
use super::errors::{header, is_ok};
use super::js::Kind;
use super::outcome;
use super::plan::{Plan, Reading};
use super::site::Area;

/// The longest time that a task may give a function.
const TIMEOUT_MAX: Duration = Duration::from_secs(150);
const METHODS: [&str; 5] = ["POST", "GET", "PUT", "PATCH", "DELETE"];

/// The result of a function that did its work.
#[derive(Serialize)]
struct Success {
    data: Box<RawValue>,
    error: (),
}

/// Reads `functions.invoke(…)`.
pub(super) fn plan(chain: &mut Chain<'_>) -> Result<Plan, CallError> {
    chain.expect(&["functions"])?.only_read()?;
    let step = chain.expect(&["invoke"])?.called()?;
    Ok(Plan::one(invoke(&step)?, Reading::Function))
}

fn invoke(step: &Step<'_>) -> Result<Ask, CallError> {
    let options = step.options(1)?;
    let method = options.truthy_text("method")?.unwrap_or_else(|| "POST".to_owned());
    let method = METHODS.into_iter().find(|known| *known == method);
    let method = method.ok_or_else(|| step.bad(&format!("method is one of {}", METHODS.join(", "))))?;
    let path = format!("/{}", ask::path(step, 0, "the name of the function")?);
    let mut ask = Ask::new(Area::Functions, method, path);
    ask.has_idempotency_key = true;
    if let Some(region) = options.truthy_text("region")?.filter(|region| region != "any") {
        ask.headers.set_checked("region", "x-region", &region)?;
        ask.query.set("forceFunctionRegion", region);
    }
    let headers = options.get("headers").entries()?.unwrap_or_default();
    let body = options.get("body");
    if body.is_truthy() {
        if method == "GET" {
            return Err(step.bad("a GET has no body"));
        }
        let is_text = body.kind() == Kind::Text;
        ask.headers.set("content-type", if is_text { "text/plain" } else { "application/json" });
        ask.body = if is_text { Some(body.text()?) } else { body.json()? }.map(Body::Text);
    }
    for (name, value) in headers.into_iter().filter(|(_, value)| !value.is_undefined()) {
        ask.headers.set_checked("headers", &name, &value.text()?)?;
    }
    if options.get("timeout").is_truthy() {
        let ms = options.get("timeout").number().filter(|ms| *ms > 0.0 && ms.is_finite());
        let ms = ms.ok_or_else(|| step.bad("timeout is a number of milliseconds"))?;
        ask.timeout = Duration::from_secs_f64(ms / 1000.0).min(TIMEOUT_MAX);
    }
    Ok(ask)
}

/// `{ data, error }`.
pub(super) fn result(response: &Response) -> Result<Json, CallError> {
    let relay = header(response, "x-relay-error") == Some("true");
    if relay || !is_ok(response) {
        let (name, message) = match relay {
            true => ("FunctionsRelayError", "Relay Error invoking the Edge Function"),
            false => ("FunctionsHttpError", "Edge Function returned a non-2xx status code"),
        };
        let context = json!({
            "status": response.status,
            "statusText": response.status_text,
            "body": String::from_utf8_lossy(&response.body),
        });
        let error = json!({ "name": name, "message": message, "context": context });
        return outcome(&json!({ "data": null, "error": error }));
    }
    outcome(&Success { data: data(response)?, error: () })
}

/// The result where no response came.
pub(super) fn unreached(message: &str) -> Json {
    let error = json!({
        "name": "FunctionsFetchError",
        "message": "Failed to send a request to the Edge Function",
        "context": { "message": message },
    });
    json::of_value(&json!({ "data": null, "error": error }))
}

/// What the function answered: JSON, bytes or text, by its content type.
fn data(response: &Response) -> Result<Box<RawValue>, CallError> {
    let kind = header(response, "content-type").unwrap_or("text/plain");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let data = match kind.as_str() {
        "application/json" => serde_json::from_slice(&response.body),
        "application/octet-stream" | "application/pdf" => to_raw_value(
            &json!({ "type": kind, "size": response.body.len(), "base64": BASE64.encode(&response.body) }),
        ),
        _ => to_raw_value(&String::from_utf8_lossy(&response.body)),
    };
    data.map_err(|error| {
        CallError::fatal("bad_answer", format!("tools.supabase: the function's answer is not JSON: {error}"))
    })
}
