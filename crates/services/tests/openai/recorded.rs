//! What is sent is what the official client sends.

use fermata_services::openai::OpenAi;
use fermata_testkit::http_peer::{HttpPeer, Reply, Seen};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::official;
use crate::outside::{KEY, Outside};
use crate::request::Request;

/// Headers that mean something to the API. The others of the official client tell about the client.
const HEADERS: [&str; 7] = [
    "accept",
    "authorization",
    "content-type",
    "openai-beta",
    "openai-organization",
    "openai-project",
    "x-title",
];

#[derive(Deserialize)]
struct Recorded {
    method: String,
    args: String,
    request: Request,
}

fn compare(official: &Request, seen: &Seen) {
    assert_eq!((&seen.method, &seen.path, &seen.query), (&official.method, &official.path, &official.query));
    for name in HEADERS {
        assert_eq!(seen.header(name), official.header(name), "{name}");
    }
    assert_eq!(String::from_utf8_lossy(&seen.body), official.body());
}

fn official(settings: &Value) -> Vec<Recorded> {
    let calls: Value = serde_json::from_str(include_str!("calls.json")).unwrap();
    official::run(include_str!("record.mjs"), &json!({ "calls": calls, "settings": settings }))
}

#[tokio::test]
async fn every_request_equals_the_official_clients() {
    let peer = HttpPeer::start(|_| Reply::json(200, &json!({})));
    let outside = Outside::with(&[("OPENAI_BASE_URL", &peer.url("/v1/"))]);
    let calls = official(&json!({ "baseURL": "http://host/v1" }));
    assert!(calls.len() >= 45);
    for call in calls {
        // The empty answer is none for a stream and for bytes that are numbers; only the request counts.
        let _ = outside.attempt(&OpenAi, &call.method, &call.args).await;
        let seen = peer.take_seen();
        assert_eq!(seen.len(), 1, "{} {}", call.method, call.args);
        compare(&call.request, &seen[0]);
        let key = (call.request.method == "POST").then_some(KEY);
        assert_eq!(seen[0].header("idempotency-key"), key, "{}", call.method);
    }
}

#[tokio::test]
async fn organisation_and_project_and_a_base_url_with_a_query_are_as_the_official_clients() {
    let peer = HttpPeer::start(|_| Reply::json(200, &json!({})));
    let outside = Outside::with(&[
        ("OPENAI_BASE_URL", &peer.url("/gateway?version=7")),
        ("OPENAI_ORG_ID", "org-1"),
        ("OPENAI_PROJECT_ID", "proj-1"),
    ]);
    let base = "http://host/gateway?version=7";
    for call in official(&json!({ "baseURL": base, "organization": "org-1", "project": "proj-1" })) {
        let _ = outside.attempt(&OpenAi, &call.method, &call.args).await;
        compare(&call.request, &peer.take_seen()[0]);
    }
}
