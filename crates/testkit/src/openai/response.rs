//! Responses.

use serde_json::{Map, Value, json};

use super::check::{self, Refusal};
use super::{CREATED, events, fingerprint, reply_to, tokens, words};
use crate::http_peer::Reply;

pub(super) fn answer(body: &Map<String, Value>) -> Result<Reply, Refusal> {
    let model = check::model(body)?;
    let question = question(check::required(body, "input")?)?;
    let text = reply_to(&question);
    let id = format!("{:016x}", fingerprint(&question));
    let part = json!({ "type": "output_text", "text": text, "annotations": [] });
    let message = json!({
        "id": format!("msg_{id}"), "type": "message", "role": "assistant", "status": "completed", "content": [part],
    });
    let (read, written) = (tokens(&question), tokens(&text));
    let usage = json!({
        "input_tokens": read, "output_tokens": written, "total_tokens": read + written,
        "input_tokens_details": { "cached_tokens": 0 }, "output_tokens_details": { "reasoning_tokens": 0 },
    });
    let begun = json!({
        "id": format!("resp_{id}"), "object": "response", "created_at": CREATED, "model": model,
        "status": "in_progress", "output": [], "usage": null, "error": null, "incomplete_details": null,
        "tools": [], "parallel_tool_calls": true, "metadata": {},
    });
    let mut whole = begun.clone();
    whole["status"] = "completed".into();
    whole["output"] = json!([message]);
    whole["usage"] = usage;
    if check::streams(body)? {
        return Ok(streamed(&begun, &message, &text, &whole));
    }
    Ok(Reply::json(200, &whole))
}

/// The input: a text, or items of which the last one's text counts.
fn question(input: &Value) -> Result<String, Refusal> {
    let wrong =
        || Refusal::of("input", "invalid_type", "Invalid type for 'input': a string or a list is expected.");
    match input {
        Value::String(text) => Ok(text.clone()),
        Value::Array(items) => {
            let content = &items.last().ok_or_else(wrong)?["content"];
            let parts = || content.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str());
            Ok(content.as_str().map_or_else(|| parts().collect(), str::to_owned))
        }
        _ => Err(wrong()),
    }
}

fn streamed(begun: &Value, message: &Value, text: &str, whole: &Value) -> Reply {
    let id = &message["id"];
    let place = |kind: &str| json!({ "type": kind, "item_id": id, "output_index": 0, "content_index": 0, "logprobs": [] });
    let with = |mut event: Value, name: &str, value: Value| {
        event[name] = value;
        event
    };
    let (mut item, mut part) = (message.clone(), message["content"][0].clone());
    item["status"] = "in_progress".into();
    item["content"] = json!([]);
    part["text"] = "".into();
    let mut list = vec![
        json!({ "type": "response.created", "response": begun }),
        json!({ "type": "response.in_progress", "response": begun }),
        json!({ "type": "response.output_item.added", "output_index": 0, "item": item }),
        with(place("response.content_part.added"), "part", part),
    ];
    let delta = |word: &&str| with(place("response.output_text.delta"), "delta", (*word).into());
    list.extend(words(text).iter().map(delta));
    list.extend([
        with(place("response.output_text.done"), "text", text.into()),
        with(place("response.content_part.done"), "part", message["content"][0].clone()),
        json!({ "type": "response.output_item.done", "output_index": 0, "item": message }),
        json!({ "type": "response.completed", "response": whole }),
    ]);
    events(list.into_iter().enumerate().map(|(number, event)| {
        let event = with(event, "sequence_number", number.into());
        let kind = event["type"].as_str().unwrap_or_default();
        format!("event: {kind}\ndata: {event}\n\n").into_bytes()
    }))
}
