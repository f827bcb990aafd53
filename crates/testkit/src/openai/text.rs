//! Completions of the older kind.

use serde_json::{Map, Value, json};

use super::check::{self, Refusal};
use super::{CREATED, done, event, events, fingerprint, reply_to, tokens, words};
use crate::http_peer::Reply;

pub(super) fn answer(body: &Map<String, Value>) -> Result<Reply, Refusal> {
    let model = check::model(body)?;
    let wrong = || Refusal::of("prompt", "invalid_type", "Invalid type for 'prompt': expected a string.");
    let prompt = check::required(body, "prompt")?.as_str().ok_or_else(wrong)?;
    let text = reply_to(prompt);
    let whole = |choices: Value| {
        let id = format!("cmpl-{:016x}", fingerprint(prompt));
        json!({ "id": id, "object": "text_completion", "created": CREATED, "model": model, "choices": choices })
    };
    let choice = |text: &str, reason: Option<&str>| json!([{ "index": 0, "text": text, "logprobs": null, "finish_reason": reason }]);
    let (read, written) = (tokens(prompt), tokens(&text));
    let usage =
        json!({ "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written });
    if !check::streams(body)? {
        let mut answer = whole(choice(&text, Some("stop")));
        answer["usage"] = usage;
        return Ok(Reply::json(200, &answer));
    }
    let mut pieces: Vec<Vec<u8>> =
        words(&text).iter().map(|word| event(&whole(choice(word, None)))).collect();
    pieces.push(event(&whole(choice("", Some("stop")))));
    if check::includes_usage(body) {
        let mut last = whole(json!([]));
        last["usage"] = usage;
        pieces.push(event(&last));
    }
    pieces.push(done());
    Ok(events(pieces))
}
