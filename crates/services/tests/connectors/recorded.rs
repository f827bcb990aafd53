//! What is sent is what the official clients send.

use std::collections::BTreeMap;

use fermata_services::Registry;
use fermata_testkit::http_peer::{HttpPeer, Reply, Seen};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::official;
use crate::outside::{KEY, Outside};
use crate::request::Request;

/// Headers that mean something to the providers. The others of the clients tell about the client.
const HEADERS: [&str; 5] = ["content-type", "notion-version", "stripe-version", "stripe-account", "accept"];

#[derive(Deserialize)]
struct Recorded {
    service: String,
    method: String,
    args: String,
    request: Request,
}

impl Recorded {
    fn matches(&self, seen: &Seen) {
        let name = format!("{}.{} {}", self.service, self.method, self.args);
        let official = &self.request;
        assert_eq!((&seen.method, &seen.path), (&official.method, &official.path), "{name}");
        assert_eq!(seen.query, official.query, "{name}");
        for header in HEADERS {
            if !self.says_what_it_does_not_mean(header) {
                let theirs = official.header(header);
                assert_eq!(seen.header(header), theirs, "{name}: {header}");
            }
        }
        // The word before the token may be in any case.
        let authorization = |text: &str| text.replacen("bearer", "Bearer", 1);
        let ours = seen.header("authorization").map(authorization);
        assert_eq!(ours, official.header("authorization").map(authorization), "{name}");
        let body = String::from_utf8_lossy(&seen.body);
        match serde_json::from_str::<Value>(official.body()) {
            Ok(theirs) => assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), theirs, "{name}"),
            Err(_) => assert_eq!(body, official.body(), "{name}"),
        }
    }

    /// Node says that a body which is not there is text, and that it takes anything.
    fn says_what_it_does_not_mean(&self, header: &str) -> bool {
        let value = self.request.header(header);
        (header == "content-type"
            && self.request.body().is_empty()
            && value == Some("text/plain;charset=UTF-8"))
            || (header == "accept" && value == Some("*/*"))
    }
}

fn settings(peer: &HttpPeer) -> Outside {
    Outside::with(&[
        ("SLACK_API_URL", &peer.url("/api/")),
        ("GITHUB_API_URL", &peer.url("")),
        ("STRIPE_API_URL", &peer.url("")),
        ("NOTION_API_URL", &peer.url("")),
        ("HUBSPOT_API_URL", &peer.url("")),
    ])
}

#[tokio::test]
async fn every_request_equals_the_official_clients() {
    let calls: Value = serde_json::from_str(include_str!("calls.json")).unwrap();
    let calls: Vec<Recorded> = official::run(include_str!("record.mjs"), &json!({ "calls": calls }));
    let peer = HttpPeer::start(|_| Reply::json(200, &json!({ "ok": true })));
    let (outside, services) = (settings(&peer), Registry::new(None));
    let mut counts = BTreeMap::<&str, u32>::new();
    for call in &calls {
        let service = services.get(&call.service).unwrap();
        outside.attempt(service, &call.method, &call.args).await.unwrap();
        let seen = peer.take_seen();
        assert_eq!(seen.len(), 1);
        call.matches(&seen[0]);
        *counts.entry(&call.service).or_default() += 1;
        let theirs = call.request.header("idempotency-key");
        let expected = theirs.map(|key| if key.starts_with("stripe-node-retry-") { KEY } else { key });
        assert_eq!(seen[0].header("idempotency-key"), expected, "{}", call.method);
    }
    assert!(counts.len() == 5 && counts.values().all(|count| *count >= 6), "{counts:?}");
}
