//! A response's body as the task gets it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fermata_connect::http::Response;
use fermata_model::limits::OUTCOME_BYTES_MAX;
use fermata_model::usage::Usage;
use fermata_model::{CallError, Json, json};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::fault;
use super::paths::Gives;
use super::usage;
use crate::call::Answer;
use crate::fields::{Fields, raw};

/// Reads a response whose status is a success.
///
/// # Errors
/// When it is not what the method gives, or too large.
pub(super) fn read(gives: Gives, response: Response) -> Result<Answer, CallError> {
    if gives == Gives::Bytes {
        return finish(bytes(&response), None);
    }
    if response.body.is_empty() {
        return Ok(json::null().into());
    }
    let text = String::from_utf8(response.body).map_err(|_| fault::bad_answer("it is no UTF-8"))?;
    of_text(gives, text)
}

/// Reads the JSON text of an answer.
///
/// # Errors
/// As [`read`].
pub(super) fn of_text(gives: Gives, text: String) -> Result<Answer, CallError> {
    let usage = usage::read(&text);
    let value = match gives {
        Gives::Response => with_output_text(text),
        Gives::Embeddings => with_numbers(text),
        _ => json::parse(text).map_err(|error| fault::bad_answer(&error.to_string())),
    }?;
    finish(value, usage)
}

fn finish(value: Json, usage: Option<Usage>) -> Result<Answer, CallError> {
    let bytes = value.get().len();
    if bytes > OUTCOME_BYTES_MAX {
        let message = format!("The answer takes {bytes} bytes; the limit is {OUTCOME_BYTES_MAX}");
        return Err(CallError::fatal("response_too_large", message));
    }
    Ok(Answer { value, usage })
}

fn bytes(response: &Response) -> Json {
    let kind = response.headers.iter().find(|(name, _)| name == "content-type");
    let kind = kind.map_or("application/octet-stream", |(_, value)| value.as_str());
    json::of_value(&json!({ "contentType": kind, "base64": BASE64.encode(&response.body) }))
}

/// Adds `output_text`, as the official SDK does: all texts of all messages in one.
fn with_output_text(text: String) -> Result<Json, CallError> {
    let parsed = serde_json::from_str::<Fields>(&text);
    let mut fields = parsed.map_err(|error| fault::bad_answer(&error.to_string()))?;
    if fields.read::<String>("object").as_deref() != Some("response") {
        return json::parse(text).map_err(|error| fault::bad_answer(&error.to_string()));
    }
    let output: Vec<Value> = fields.read("output").unwrap_or_default();
    let texts: String = output
        .iter()
        .filter(|item| item["type"] == "message")
        .flat_map(|item| item["content"].as_array().into_iter().flatten())
        .filter(|part| part["type"] == "output_text")
        .filter_map(|part| part["text"].as_str())
        .collect();
    fields.set_text("output_text", &texts);
    json::parse(fields.to_text()).map_err(|error| fault::bad_answer(&error.to_string()))
}

/// One embedding; the rest of its members are not looked at.
#[derive(Deserialize)]
struct Embedding {
    embedding: Box<RawValue>,
}

/// Turns embeddings that came as bytes into numbers.
fn with_numbers(text: String) -> Result<Json, CallError> {
    let bad = |error: serde_json::Error| fault::bad_answer(&error.to_string());
    let mut fields: Fields = serde_json::from_str(&text).map_err(bad)?;
    let Some(data) = fields.read::<Vec<Fields>>("data") else { return json::parse(text).map_err(bad) };
    let mut items = Vec::with_capacity(data.len());
    for mut item in data {
        let coded: Embedding = serde_json::from_str(&item.to_text()).map_err(bad)?;
        if let Ok(coded) = serde_json::from_str::<String>(coded.embedding.get()) {
            let bytes = BASE64.decode(coded).map_err(|error| fault::bad_answer(&error.to_string()))?;
            item.set("embedding", numbers(&bytes)?);
        }
        items.push(item);
    }
    fields.set("data", serde_json::value::to_raw_value(&items).map_err(bad)?);
    json::parse(fields.to_text()).map_err(bad)
}

/// Little-endian floats of four bytes as a list of numbers.
fn numbers(bytes: &[u8]) -> Result<Box<RawValue>, CallError> {
    let (floats, rest) = bytes.as_chunks::<4>();
    let floats: Vec<f32> = floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    if !rest.is_empty() || floats.iter().any(|number| !number.is_finite()) {
        return Err(fault::bad_answer("an embedding is no list of numbers"));
    }
    Ok(serde_json::value::to_raw_value(&floats).unwrap_or_else(|_| raw(&Value::Null)))
}
