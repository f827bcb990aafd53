//! Chat completions. A question that begins with `call NAME ` calls that tool with the rest as its text; one that
//! begins with `refuse` is refused.

use serde_json::{Map, Value, json};

use super::check::{self, Refusal};
use super::{CREATED, done, event, events, fingerprint, reply_to, tokens, words};
use crate::http_peer::Reply;

const ROLES: [&str; 6] = ["system", "developer", "user", "assistant", "tool", "function"];

/// What one choice is.
enum Said {
    Text(String),
    Refusal(String),
    Call { name: String, arguments: String },
}

pub(super) fn answer(body: &Map<String, Value>) -> Result<Reply, Refusal> {
    let model = check::model(body)?;
    let messages = messages(body)?;
    let choices = check::number(body, "n", 1, 8)?;
    let question = messages.last().map(|(_, text)| text.as_str()).unwrap_or_default();
    let said = say(question, body);
    let prompt: usize = messages.iter().map(|(_, text)| tokens(text)).sum();
    let usage = usage(prompt, choices * size(&said));
    let id = format!("chatcmpl-{:016x}", fingerprint(question));
    if check::streams(body)? {
        return Ok(streamed(&id, &model, &said, choices, check::includes_usage(body).then_some(usage)));
    }
    let choices: Vec<Value> = (0..choices).map(|index| choice(index, &said)).collect();
    Ok(Reply::json(
        200,
        &json!({
            "id": id, "object": "chat.completion", "created": CREATED, "model": model,
            "choices": choices, "usage": usage, "service_tier": "default", "system_fingerprint": "fp_peer",
        }),
    ))
}

/// One event of a stream.
pub(super) fn piece(id: &str, model: &str, delta: &Value, finish_reason: Option<&str>) -> Value {
    chunk(
        id,
        model,
        json!([{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason }]),
    )
}

fn chunk(id: &str, model: &str, choices: Value) -> Value {
    json!({
        "id": id, "object": "chat.completion.chunk", "created": CREATED, "model": model,
        "choices": choices, "service_tier": "default", "system_fingerprint": "fp_peer",
    })
}

fn messages(body: &Map<String, Value>) -> Result<Vec<(String, String)>, Refusal> {
    let wrong = |at: usize, what: &str| Refusal::of(&format!("messages[{at}]"), "invalid_type", what);
    let list = check::required(body, "messages")?.as_array();
    let list = list.filter(|list| !list.is_empty());
    let list = list
        .ok_or_else(|| Refusal::of("messages", "invalid_type", "'messages' is a list that is not empty."))?;
    let read = |(at, message): (usize, &Value)| {
        let role = message["role"].as_str().filter(|role| ROLES.contains(role));
        let role = role.ok_or_else(|| wrong(at, "The role is none of those there are."))?;
        Ok((role.to_owned(), content(&message["content"])))
    };
    list.iter().enumerate().map(read).collect()
}

/// A message's content: a text, or parts of which some are.
fn content(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

fn say(question: &str, body: &Map<String, Value>) -> Said {
    let called = question.strip_prefix("call ").and_then(|rest| rest.split_once(' '));
    match called {
        Some((name, rest)) if body.contains_key("tools") => {
            Said::Call { name: name.to_owned(), arguments: json!({ "text": rest }).to_string() }
        }
        _ if question.starts_with("refuse") => Said::Refusal("I cannot help with that.".into()),
        _ => Said::Text(reply_to(question)),
    }
}

fn size(said: &Said) -> usize {
    match said {
        Said::Text(text) | Said::Refusal(text) => tokens(text),
        Said::Call { arguments, .. } => 1 + tokens(arguments),
    }
}

fn usage(prompt: usize, completion: usize) -> Value {
    json!({
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_tokens_details": { "cached_tokens": 0 }, "completion_tokens_details": { "reasoning_tokens": 0 },
    })
}

fn tool_call_id(name: &str) -> String {
    format!("call_{:016x}", fingerprint(name))
}

fn finish_reason(said: &Said) -> &'static str {
    if matches!(said, Said::Call { .. }) { "tool_calls" } else { "stop" }
}

fn choice(index: usize, said: &Said) -> Value {
    let message = match said {
        Said::Text(text) => json!({ "role": "assistant", "content": text, "refusal": null }),
        Said::Refusal(text) => json!({ "role": "assistant", "content": null, "refusal": text }),
        Said::Call { name, arguments } => {
            let called = json!({ "name": name, "arguments": arguments });
            let call = json!({ "id": tool_call_id(name), "type": "function", "function": called });
            json!({ "role": "assistant", "content": null, "refusal": null, "tool_calls": [call] })
        }
    };
    json!({ "index": index, "message": message, "logprobs": null, "finish_reason": finish_reason(said) })
}

fn deltas(said: &Said) -> Vec<Value> {
    let mut deltas = vec![json!({ "role": "assistant", "content": null, "refusal": null })];
    match said {
        Said::Text(text) => deltas.extend(words(text).iter().map(|word| json!({ "content": word }))),
        Said::Refusal(text) => deltas.extend(words(text).iter().map(|word| json!({ "refusal": word }))),
        Said::Call { name, arguments } => {
            let begun = json!({ "name": name, "arguments": "" });
            let begun =
                json!({ "index": 0, "id": tool_call_id(name), "type": "function", "function": begun });
            deltas.push(json!({ "tool_calls": [begun] }));
            let more =
                |word: &&str| json!({ "tool_calls": [{ "index": 0, "function": { "arguments": word } }] });
            deltas.extend(words(arguments).iter().map(more));
        }
    }
    deltas
}

fn streamed(id: &str, model: &str, said: &Said, choices: usize, usage: Option<Value>) -> Reply {
    let one = |index: usize, delta: &Value, reason: Option<&str>| {
        let choice = json!([{ "index": index, "delta": delta, "logprobs": null, "finish_reason": reason }]);
        let mut chunk = chunk(id, model, choice);
        if usage.is_some() {
            chunk["usage"] = Value::Null;
        }
        event(&chunk)
    };
    let mut pieces = Vec::new();
    for delta in deltas(said) {
        pieces.extend((0..choices).map(|index| one(index, &delta, None)));
    }
    pieces.extend((0..choices).map(|index| one(index, &json!({}), Some(finish_reason(said)))));
    if let Some(usage) = &usage {
        let mut last = chunk(id, model, json!([]));
        last["usage"] = usage.clone();
        pieces.push(event(&last));
    }
    pieces.push(done());
    events(pieces)
}
