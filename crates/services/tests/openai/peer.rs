//! The service and the official client ask one server, and get the same.

use fermata_services::openai::OpenAi;
use fermata_testkit::http_peer::{HttpPeer, Reply};
use fermata_testkit::openai::OpenAiPeer;
use serde_json::{Value, json};

use crate::official;
use crate::outside::{Outside, value};

const KEY: &str = "{{secret:OPENAI_API_KEY}}";

#[tokio::test]
async fn every_answer_equals_the_official_clients() {
    let peer = OpenAiPeer::start(KEY);
    let calls: Vec<Value> = serde_json::from_str(include_str!("answers.json")).unwrap();
    let input = json!({ "calls": calls, "settings": { "apiKey": KEY, "baseURL": peer.base_url() } });
    let answers: Vec<Value> = official::run(include_str!("answers.mjs"), &input);
    assert_eq!(peer.seen().len(), calls.len(), "the server counts the official client's requests");
    let outside = Outside::with(&[("OPENAI_BASE_URL", &peer.base_url())]);
    for (call, official) in calls.iter().zip(&answers) {
        let method = call["method"].as_str().unwrap();
        let ours = match outside.attempt(&OpenAi, method, &call["args"].to_string()).await {
            Ok(answer) => json!({ "value": serde_json::from_str::<Value>(answer.value.get()).unwrap() }),
            Err(failure) => {
                let details = serde_json::from_str::<Value>(failure.error.details.unwrap().get()).unwrap();
                let of = |name: &str| details[name].clone();
                json!({ "error": { "status": of("status"), "code": of("code"), "type": of("type"), "param": of("param") } })
            }
        };
        assert_eq!(rounded(&ours), rounded(official), "{call}");
    }
}

/// A number of an embedding comes as 32 bits on one side and as 64 on the other; JavaScript writes 1.0 as 1.
fn rounded(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().map(|number| (number * 1e6).round())),
        Value::Array(items) => items.iter().map(rounded).collect(),
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), rounded(value))).collect(),
        other => other.clone(),
    }
}

#[tokio::test]
async fn usage_is_recorded() {
    let peer = OpenAiPeer::start(KEY);
    let outside = Outside::with(&[("OPENAI_BASE_URL", &peer.base_url())]);
    let chat =
        r#"[{"model":"chat-1","messages":[{"role":"user","content":"one two three"}],"stream":STREAM}]"#;
    let calls = [
        ("chat.completions.create", chat.replace("STREAM", "false"), (3, 5)),
        ("chat.completions.create", chat.replace("STREAM", "true"), (3, 5)),
        ("completions.create", r#"[{"model":"chat-1","prompt":"one two","stream":true}]"#.into(), (2, 4)),
        ("responses.create", r#"[{"model":"chat-1","input":"one two"}]"#.into(), (2, 4)),
        ("responses.create", r#"[{"model":"chat-1","input":"one two","stream":true}]"#.into(), (2, 4)),
        ("embeddings.create", r#"[{"model":"embedding-1","input":["one","two"]}]"#.into(), (2, 0)),
    ];
    for (method, args, expected) in calls {
        let usage = outside.attempt(&OpenAi, method, &args).await.unwrap().usage.unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), expected, "{method} {args}");
    }
    assert_eq!(outside.attempt(&OpenAi, "models.list", "[]").await.unwrap().usage, None);
}

#[tokio::test]
async fn the_log_tells_of_a_streams_first_piece() {
    let peer = OpenAiPeer::start(KEY);
    let outside = Outside::with(&[("OPENAI_BASE_URL", &peer.base_url())]);
    let args = r#"[{"model":"chat-1","messages":[{"role":"user","content":"Hello"}],"stream":true}]"#;
    outside.attempt(&OpenAi, "chat.completions.create", args).await.unwrap();
    let log = outside.log();
    assert!(log[0].starts_with("openai: first piece after "), "{log:?}");
    assert!(!log[0].contains("Hello"), "what is said is not in the log");
}

#[tokio::test]
async fn bytes_come_in_base64() {
    let peer = HttpPeer::start(|_| Reply::new(200, "audio/mpeg", [0xFF, 0xFB, 0x00]));
    let outside = Outside::with(&[("OPENAI_BASE_URL", &peer.url("/v1"))]);
    let args = r#"[{"model":"m","input":"Hello","voice":"alloy"}]"#;
    let answer = value(outside.attempt(&OpenAi, "audio.speech.create", args).await);
    assert_eq!(answer, json!({ "contentType": "audio/mpeg", "base64": "//sA" }));
}

#[tokio::test]
async fn the_order_of_members_is_kept() {
    let text = r#"{"object":"response","z":1,"a":{"y":2,"b":12345678901234567890123},"output":[]}"#;
    let peer = HttpPeer::start(move |_| Reply::new(200, "application/json", text));
    let outside = Outside::with(&[("OPENAI_BASE_URL", &peer.url("/v1"))]);
    let answer = outside.attempt(&OpenAi, "responses.retrieve", r#"["resp_1"]"#).await.unwrap();
    assert_eq!(answer.value.get(), format!("{},\"output_text\":\"\"}}", &text[..text.len() - 1]));
}
