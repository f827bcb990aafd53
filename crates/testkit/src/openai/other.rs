//! Embeddings, images, moderations and the list of models.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::check::{self, Refusal};
use super::{CREATED, fingerprint, tokens};
use crate::http_peer::Reply;

/// The models there are.
pub(super) const MODELS: [&str; 4] = ["chat-1", "chat-1-small", "embedding-1", "image-1"];
/// How many numbers an embedding has, unless the request says.
const DIMENSIONS: u64 = 8;
/// The smallest PNG image: one transparent point.
const IMAGE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

pub(super) fn embeddings(body: &Map<String, Value>) -> Result<Reply, Refusal> {
    let model = check::model(body)?;
    let dimensions = check::number(body, "dimensions", DIMENSIONS, 3072)?;
    let texts = texts(check::required(body, "input")?)?;
    let as_bytes = match body.get("encoding_format").and_then(Value::as_str) {
        None | Some("float") => false,
        Some("base64") => true,
        Some(_) => {
            return Err(Refusal::of("encoding_format", "invalid_value", "float or base64 is expected."));
        }
    };
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let numbers = numbers(text, dimensions);
            let embedding = if as_bytes {
                Value::from(
                    BASE64
                        .encode(numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>()),
                )
            } else {
                json!(numbers)
            };
            json!({ "object": "embedding", "index": index, "embedding": embedding })
        })
        .collect();
    let count: usize = texts.iter().map(|text| tokens(text)).sum();
    let usage = json!({ "prompt_tokens": count, "total_tokens": count });
    Ok(Reply::json(200, &json!({ "object": "list", "model": model, "data": data, "usage": usage })))
}

fn texts(input: &Value) -> Result<Vec<String>, Refusal> {
    let wrong = || {
        Refusal::of("input", "invalid_type", "Invalid type for 'input': a string or strings are expected.")
    };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match input {
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(text).collect::<Option<_>>().ok_or_else(wrong)
        }
        other => text(other).map(|text| vec![text]).ok_or_else(wrong),
    }
}

/// Numbers from -1 to 1, made of a text.
fn numbers(text: &str, count: usize) -> Vec<f32> {
    let number = |place: usize| {
        // The upper 16 bits: a float holds them exactly.
        let bits = fingerprint(&format!("{place} {text}")) >> 48;
        bits as f32 / 32768.0 - 1.0
    };
    (0..count).map(number).collect()
}

pub(super) fn images(body: &Map<String, Value>) -> Result<Reply, Refusal> {
    if body.contains_key("model") {
        check::model(body)?;
    }
    let prompt = check::required(body, "prompt")?.as_str().unwrap_or_default();
    let count = check::number(body, "n", 1, 10)?;
    let image = json!({ "b64_json": IMAGE, "revised_prompt": prompt });
    let data = vec![image; count];
    let (read, written) = (tokens(prompt), count);
    let usage = json!({ "input_tokens": read, "output_tokens": written, "total_tokens": read + written });
    Ok(Reply::json(200, &json!({ "created": CREATED, "data": data, "usage": usage })))
}

pub(super) fn moderations(body: &Map<String, Value>) -> Result<Reply, Refusal> {
    let texts = texts(check::required(body, "input")?)?;
    let results: Vec<Value> = texts
        .iter()
        .map(|text| {
            let flagged = text.contains("violence");
            let score = if flagged { 1.0 } else { 0.0 };
            json!({
                "flagged": flagged, "categories": { "violence": flagged }, "category_scores": { "violence": score },
            })
        })
        .collect();
    Ok(Reply::json(200, &json!({ "id": "modr-1", "model": "moderation-1", "results": results })))
}

pub(super) fn models() -> Reply {
    let data: Vec<Value> = MODELS.iter().map(|id| described(id)).collect();
    Reply::json(200, &json!({ "object": "list", "data": data }))
}

pub(super) fn model(id: &str) -> Result<Reply, Refusal> {
    let known = MODELS.iter().find(|known| **known == id);
    let message = format!("The model `{id}` does not exist");
    known
        .map(|id| Reply::json(200, &described(id)))
        .ok_or_else(|| Refusal::new(404, "model_not_found", &message))
}

fn described(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": CREATED, "owned_by": "peer" })
}
