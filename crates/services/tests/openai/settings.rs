//! Providers and presets, as the keystore has them.

use fermata_services::openai::OpenAi;
use fermata_testkit::http_peer::{HttpPeer, Reply, Seen};
use serde_json::{Value, json};

use crate::outside::Outside;

const CHAT: &str = "chat.completions.create";
const PRESETS: &str = r#"{
    "fast": { "model": "small-7", "provider": "house", "temperature": 0.1, "max_tokens": 50 },
    "plain": { "model": "small-8" },
    "loop": { "model": "preset:fast" },
    "none": {}
}"#;

fn peer() -> HttpPeer {
    HttpPeer::start(|_| Reply::json(200, &json!({})))
}

/// Makes one call with the peer as OpenAI and as the provider `house`.
async fn ask(request: Value, options: Value) -> Result<Seen, String> {
    let peer = peer();
    let outside = Outside::with(&[
        ("OPENAI_BASE_URL", &peer.url("/official")),
        ("OPENAI_HOUSE_BASE_URL", &peer.url("/house/v1")),
        ("OPENAI_OLLAMA_BASE_URL", &peer.url("/ollama/v1")),
        ("OPENAI_MODEL_PRESETS", PRESETS),
    ]);
    let outside = match options["key"].as_str() {
        Some(key) => outside.with_secret("OPENAI_OLLAMA_API_KEY", key),
        None => outside,
    };
    let options = json!({ "provider": options["provider"] });
    match outside.attempt(&OpenAi, CHAT, &json!([request, options]).to_string()).await {
        Ok(_) => Ok(peer.take_seen().remove(0)),
        Err(failure) => {
            assert!(peer.seen().is_empty(), "nothing leaves");
            Err(failure.error.code)
        }
    }
}

fn request(model: &str) -> Value {
    json!({ "model": model, "messages": [{ "role": "user", "content": "x" }], "max_tokens": 9 })
}

#[tokio::test]
async fn a_provider_has_its_own_url_and_key() {
    let seen = ask(request("m"), json!({ "provider": "house" })).await.unwrap();
    assert_eq!(seen.path, "/house/v1/chat/completions");
    assert_eq!(seen.header("authorization"), Some("Bearer {{secret:OPENAI_HOUSE_API_KEY}}"));
    let seen = ask(request("m"), json!({ "provider": "OpenAI" })).await.unwrap();
    assert_eq!(seen.path, "/official/chat/completions");
    assert_eq!(seen.header("authorization"), Some("Bearer {{secret:OPENAI_API_KEY}}"));
    assert_eq!(ask(request("m"), json!({ "provider": "nobody" })).await.unwrap_err(), "unknown_provider");
    assert_eq!(ask(request("m"), json!({ "provider": "a/b" })).await.unwrap_err(), "bad_arguments");
}

#[tokio::test]
async fn a_provider_on_ones_own_machine_has_a_key_only_if_there_is_one() {
    let seen = ask(request("m"), json!({ "provider": "ollama" })).await.unwrap();
    assert_eq!((seen.path.as_str(), seen.header("authorization")), ("/ollama/v1/chat/completions", None));
    let seen = ask(request("m"), json!({ "provider": "ollama", "key": "k" })).await.unwrap();
    assert_eq!(seen.header("authorization"), Some("Bearer {{secret:OPENAI_OLLAMA_API_KEY}}"));
}

#[tokio::test]
async fn a_preset_fills_in_what_the_call_leaves_out() {
    let seen = ask(request("preset:fast"), json!({})).await.unwrap();
    assert_eq!(seen.path, "/house/v1/chat/completions");
    let body = seen.json();
    assert_eq!(body["model"], "small-7");
    assert_eq!(body["temperature"], 0.1);
    assert_eq!(body["max_tokens"], 9, "the call's own counts for more");
    assert!(body.get("provider").is_none());
    let seen = ask(request("preset:fast"), json!({ "provider": "openai" })).await.unwrap();
    assert_eq!(seen.path, "/official/chat/completions");
    assert_eq!(ask(request("preset:plain"), json!({})).await.unwrap().json()["model"], "small-8");
}

#[tokio::test]
async fn a_preset_that_is_none_is_refused() {
    assert_eq!(ask(request("preset:slow"), json!({})).await.unwrap_err(), "unknown_preset");
    assert_eq!(ask(request("preset:loop"), json!({})).await.unwrap_err(), "bad_setting");
    assert_eq!(ask(request("preset:none"), json!({})).await.unwrap_err(), "bad_setting");
}
