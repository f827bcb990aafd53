//! A server that misbehaves: each time an error that says whether another attempt may help.

use std::time::Duration;

use fermata_services::Failure;
use fermata_services::openai::OpenAi;
use fermata_testkit::http_peer::{HttpPeer, Reply};
use fermata_testkit::openai::{Fault, OpenAiPeer};
use serde_json::{Value, json};

use crate::outside::Outside;

const CHAT: &str = "chat.completions.create";

async fn ask(fault: Fault, streamed: bool, change: impl FnOnce(&mut Outside)) -> Failure {
    let peer = OpenAiPeer::start("{{secret:OPENAI_API_KEY}}");
    peer.fail_next(1, fault);
    let mut outside = Outside::with(&[("OPENAI_BASE_URL", &peer.base_url())]);
    change(&mut outside);
    let messages = json!([{ "role": "user", "content": "x" }]);
    let request = json!({ "model": "chat-1", "messages": messages, "stream": streamed });
    let failure = outside.attempt(&OpenAi, CHAT, &json!([request]).to_string()).await.unwrap_err();
    assert!(
        outside.attempt(&OpenAi, CHAT, &json!([request]).to_string()).await.is_ok(),
        "the next one is answered"
    );
    failure
}

#[tokio::test]
async fn too_many_requests_are_waited_for() {
    for streamed in [false, true] {
        let failure = ask(Fault::RateLimit { retry_after: 7 }, streamed, |_| {}).await;
        assert_eq!(failure.error.code, "rate_limit_exceeded");
        assert!(failure.error.retryable);
        assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
    }
}

#[tokio::test]
async fn an_empty_account_is_final() {
    let failure = ask(Fault::NoQuota, false, |_| {}).await;
    assert_eq!((failure.error.code.as_str(), failure.error.retryable), ("insufficient_quota", false));
}

#[tokio::test]
async fn an_error_of_the_server_may_pass_and_its_request_is_named() {
    let failure = ask(Fault::ServerError, true, |_| {}).await;
    assert!(failure.error.retryable);
    let details: Value = serde_json::from_str(failure.error.details.unwrap().get()).unwrap();
    assert_eq!(details["status"], 500);
    assert!(details["requestId"].as_str().unwrap().starts_with("req_"));
}

#[tokio::test]
async fn garbage_and_half_a_body_may_pass() {
    for streamed in [false, true] {
        assert_eq!(ask(Fault::Garbage, streamed, |_| {}).await.error.code, "bad_answer");
        let failure = ask(Fault::HalfBody, streamed, |_| {}).await;
        assert_eq!((failure.error.code.as_str(), failure.error.retryable), ("body", true));
    }
}

#[tokio::test]
async fn a_stream_without_end_is_cut_off() {
    let failure = ask(Fault::EndlessStream, true, |outside| outside.policy.response_bytes_max = 20_000).await;
    assert_eq!((failure.error.code.as_str(), failure.error.retryable), ("too_large", false));
}

#[tokio::test]
async fn a_server_that_says_nothing_times_out() {
    let short = |outside: &mut Outside| outside.policy.timeout = Duration::from_millis(100);
    for streamed in [false, true] {
        let failure = ask(Fault::Hang, streamed, short).await;
        assert_eq!((failure.error.code.as_str(), failure.error.retryable), ("timeout", true));
    }
}

#[tokio::test]
async fn a_wrong_key_is_final() {
    let peer = OpenAiPeer::start("another");
    let outside = Outside::with(&[("OPENAI_BASE_URL", &peer.base_url())]);
    let failure = outside.attempt(&OpenAi, "models.list", "[]").await.unwrap_err();
    assert_eq!((failure.error.code.as_str(), failure.error.retryable), ("invalid_api_key", false));
}

#[tokio::test]
async fn embeddings_that_are_none_are_refused() {
    for coded in ["AAA", "AAAA", "AADAfw=="] {
        let body = json!({ "data": [{ "embedding": coded, "index": 0 }] });
        let peer = HttpPeer::start(move |_| Reply::json(200, &body));
        let outside = Outside::with(&[("OPENAI_BASE_URL", &peer.url(""))]);
        let args = r#"[{"model":"m","input":"x"}]"#;
        let failure = outside.attempt(&OpenAi, "embeddings.create", args).await.unwrap_err();
        assert_eq!(failure.error.code, "bad_answer", "{coded}");
    }
}
