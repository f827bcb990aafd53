//! What is made of a stream is what the official client makes of it.

use fermata_services::Attempted;
use fermata_services::openai::OpenAi;
use fermata_testkit::http_peer::{HttpPeer, Reply, ReplyBody};
use serde_json::{Value, json};

use crate::official;
use crate::outside::Outside;

/// A file of `streams/`: its name, and its bytes.
fn streams() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openai/streams");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut streams: Vec<(String, String)> = paths
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    streams.sort();
    streams
}

fn call(name: &str) -> (&'static str, Value) {
    match name.split_once('_').unwrap().0 {
        "chat" => {
            let messages = json!([{ "role": "user", "content": "x" }]);
            ("chat.completions.create", json!({ "model": "m", "messages": messages, "stream": true }))
        }
        _ => ("responses.create", json!({ "model": "m", "input": "x", "stream": true })),
    }
}

/// One attempt at a call whose answer is this stream in pieces of this size.
async fn gather(name: &str, text: &str, size: usize) -> Attempted {
    let pieces = text.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
    let reply = Reply::new(200, "text/event-stream; charset=utf-8", "").coming(ReplyBody::Pieces(pieces));
    let peer = HttpPeer::start(move |_| reply.clone());
    let (method, request) = call(name);
    let outside = Outside::with(&[("OPENAI_BASE_URL", &peer.url("/v1"))]);
    outside.attempt(&OpenAi, method, &json!([request]).to_string()).await
}

fn assert_same(name: &str, ours: Attempted, official: &Value) {
    let Some(value) = official.get("value") else { return assert_same_error(name, ours, &official["error"]) };
    let ours: Value = serde_json::from_str(ours.unwrap().value.get()).unwrap();
    assert_eq!(&ours, value, "{name}");
}

fn assert_same_error(name: &str, ours: Attempted, official: &Value) {
    let error = ours.unwrap_err().error;
    if official["code"].is_null() && official["type"].is_null() {
        assert_eq!(error.code, "incomplete_stream", "{name}");
        return;
    }
    let message = official["message"].as_str().unwrap();
    assert_eq!(error.message, format!("The provider broke the stream off: {message}"), "{name}");
    let details: Value = serde_json::from_str(error.details.unwrap().get()).unwrap();
    assert_eq!(details["code"], official["code"], "{name}");
    // The official client takes an event's own type for one.
    let kind = Some(&official["type"]).filter(|kind| *kind != "error").unwrap_or(&Value::Null);
    assert_eq!(&details["type"], kind, "{name}");
}

#[tokio::test]
async fn every_stream_is_gathered_as_by_the_official_client() {
    let streams = streams();
    assert!(streams.len() >= 16);
    let input: Vec<Value> = streams
        .iter()
        .map(|(name, text)| {
            let (method, request) = call(name);
            json!({ "method": method, "request": request, "text": text })
        })
        .collect();
    let official: Vec<Value> = official::run(include_str!("gather.mjs"), &json!({ "streams": input }));
    for ((name, text), official) in streams.iter().zip(&official) {
        for size in [7, 100, text.len()] {
            assert_same(name, gather(name, text, size).await, official);
        }
    }
}

#[tokio::test]
async fn a_response_that_is_cut_short_is_an_error_that_may_pass() {
    let (_, text) = streams().into_iter().find(|(name, _)| name == "response_text").unwrap();
    let begun = &text[..text.find("event: response.completed").unwrap()];
    let failure = gather("response_text", begun, 64).await.unwrap_err();
    assert_eq!(failure.error.code, "incomplete_stream");
    assert!(failure.error.retryable);
}

#[tokio::test]
async fn a_stream_of_the_older_kind_is_gathered_by_choice() {
    let chunk = |index: u8, text: &str, reason: Value| {
        let choice = json!({ "index": index, "text": text, "logprobs": null, "finish_reason": reason });
        format!("data: {}\n\n", json!({ "id": "cmpl-1", "object": "text_completion", "choices": [choice] }))
    };
    let usage =
        json!({ "id": "cmpl-1", "choices": [], "usage": { "prompt_tokens": 1, "completion_tokens": 4 } });
    let text = [
        chunk(1, "Two", Value::Null),
        chunk(0, "On", Value::Null),
        chunk(0, "e", "stop".into()),
        chunk(1, "!", "length".into()),
        format!("data: {usage}\n\n"),
    ];
    let peer = HttpPeer::start(move |_| Reply::new(200, "text/event-stream", text.concat()));
    let outside = Outside::with(&[("OPENAI_BASE_URL", &peer.url(""))]);
    let args = r#"[{"model":"m","prompt":["a","b"],"stream":true}]"#;
    let answer = outside.attempt(&OpenAi, "completions.create", args).await.unwrap();
    let value: Value = serde_json::from_str(answer.value.get()).unwrap();
    assert_eq!(
        value["choices"][0],
        json!({ "index": 0, "text": "One", "logprobs": null, "finish_reason": "stop" })
    );
    assert_eq!(
        value["choices"][1],
        json!({ "index": 1, "text": "Two!", "logprobs": null, "finish_reason": "length" })
    );
    assert_eq!(answer.usage.unwrap().output_tokens, 4);
    assert_eq!(peer.seen()[0].json()["stream_options"], json!({ "include_usage": true }));
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_understood() {
    let whole = json!({ "id": "x", "choices": [], "usage": { "prompt_tokens": 2, "completion_tokens": 3 } });
    let peer = HttpPeer::start(move |_| Reply::json(200, &whole));
    let outside = Outside::with(&[("OPENAI_BASE_URL", &peer.url("/v1"))]);
    let (method, request) = call("chat_any");
    let answer = outside.attempt(&OpenAi, method, &json!([request]).to_string()).await.unwrap();
    assert_eq!(answer.usage.unwrap().input_tokens, 2);
}
