//! What connectors make of answers, good and bad.

use std::time::Duration;

use fermata_services::{Attempted, Registry};
use fermata_testkit::http_peer::{HttpPeer, Reply, ReplyBody, Seen};
use serde_json::json;

use crate::outside::{KEY, Outside, value};

const SETTINGS: [(&str, &str); 5] = [
    ("slack", "SLACK_API_URL"),
    ("github", "GITHUB_API_URL"),
    ("stripe", "STRIPE_API_URL"),
    ("notion", "NOTION_API_URL"),
    ("hubspot", "HUBSPOT_API_URL"),
];
const POST_ISSUE: (&str, &str, &str) =
    ("github", "issues.create", r#"[{"owner":"a","repo":"b","title":"t"}]"#);
const GET_REPO: (&str, &str, &str) = ("github", "repos.get", r#"[{"owner":"a","repo":"b"}]"#);
const POST_PAYMENT: (&str, &str, &str) =
    ("stripe", "paymentIntents.create", r#"[{"amount":5,"currency":"eur"}]"#);

async fn ask(peer: &HttpPeer, (service, method, args): (&str, &str, &str)) -> Attempted {
    let url = peer.url("");
    let settings = SETTINGS.map(|(_, setting)| (setting, url.as_str()));
    Outside::with(&settings).attempt(Registry::new(None).get(service).unwrap(), method, args).await
}

async fn answered(reply: Reply, call: (&str, &str, &str)) -> Attempted {
    ask(&HttpPeer::start(move |_| reply.clone()), call).await
}

#[tokio::test]
async fn an_answer_of_github_has_its_status_and_headers() {
    let reply = Reply::json(200, &json!([{ "id": 12345678901234567890_u64 }]))
        .with("link", "<https://x>; rel=\"next\"");
    let answer = value(answered(reply, GET_REPO).await);
    assert_eq!(answer["status"], 200);
    assert_eq!(answer["headers"]["link"], "<https://x>; rel=\"next\"");
    assert_eq!(answer["data"][0]["id"], 12345678901234567890_u64);
}

#[tokio::test]
async fn errors_keep_the_providers_words() {
    let cases = [
        (
            POST_PAYMENT,
            json!({ "error": { "code": "card_declined", "message": "No", "type": "card_error" } }),
            "card_declined",
        ),
        (GET_REPO, json!({ "message": "Not Found", "documentation_url": "x" }), "http_404"),
        (
            ("notion", "search", "[{}]"),
            json!({ "object": "error", "code": "unauthorized", "message": "No" }),
            "unauthorized",
        ),
        (
            ("hubspot", "crm.deals.basicApi.getById", r#"["1"]"#),
            json!({ "category": "OBJECT_NOT_FOUND", "message": "No" }),
            "OBJECT_NOT_FOUND",
        ),
    ];
    for (call, body, code) in cases {
        let failure = answered(Reply::json(404, &body), call).await.unwrap_err();
        assert_eq!((failure.error.code.as_str(), failure.error.retryable), (code, false));
        assert!(failure.error.message.contains("answered 404: No"), "{}", failure.error.message);
    }
}

#[tokio::test]
async fn slack_says_no_with_200() {
    let call = ("slack", "chat.postMessage", r#"[{"channel":"C1","text":"x"}]"#);
    let failure =
        answered(Reply::json(200, &json!({ "ok": false, "error": "channel_not_found" })), call).await;
    let error = failure.unwrap_err().error;
    assert_eq!((error.code.as_str(), error.retryable), ("channel_not_found", false));
    let failure = answered(Reply::json(200, &json!({ "ok": false, "error": "ratelimited" })), call).await;
    assert!(failure.unwrap_err().error.retryable);
}

#[tokio::test]
async fn only_what_does_no_more_a_second_time_is_repeated() {
    for (call, expected) in [(GET_REPO, true), (POST_ISSUE, false), (POST_PAYMENT, true)] {
        let failure = answered(Reply::json(502, &json!({})), call).await.unwrap_err();
        assert_eq!(failure.error.retryable, expected, "{call:?} after 502");
        let half = Reply::json(200, &json!({})).coming(ReplyBody::Half(b"{".to_vec()));
        let failure = answered(half, call).await.unwrap_err();
        assert_eq!((failure.error.code.as_str(), failure.error.retryable), ("body", expected), "{call:?}");
        let failure = answered(Reply::new(200, "application/json", "<html>"), call).await.unwrap_err();
        assert_eq!(
            (failure.error.code.as_str(), failure.error.retryable),
            ("bad_answer", expected),
            "{call:?}"
        );
        // What was refused for being too much, or for being too early, was not done.
        for status in [429, 503] {
            let reply = Reply::json(status, &json!({})).with("retry-after", "4");
            let failure = answered(reply, call).await.unwrap_err();
            assert!(failure.error.retryable, "{call:?} after {status}");
            assert_eq!(failure.retry_after, Some(Duration::from_secs(4)));
        }
    }
}

#[tokio::test]
async fn a_spent_limit_of_github_is_waited_for() {
    let body = json!({ "message": "API rate limit exceeded" });
    let reply = Reply::json(403, &body).with("x-ratelimit-remaining", "0").with("x-ratelimit-reset", "1");
    assert!(answered(reply, POST_ISSUE).await.unwrap_err().error.retryable);
    assert!(!answered(Reply::json(403, &body), POST_ISSUE).await.unwrap_err().error.retryable);
}

fn customers(known: bool) -> HttpPeer {
    HttpPeer::start(move |seen: &Seen| match (seen.method.as_str(), known) {
        ("GET", true) => Reply::json(200, &json!({ "data": [{ "id": "cus_7" }] })),
        ("GET", false) => Reply::json(200, &json!({ "data": [] })),
        _ => Reply::json(200, &json!({ "id": "cus_7", "email": "ada@example.com" })),
    })
}

#[tokio::test]
async fn a_customer_is_changed_or_made() {
    let call = ("stripe", "customers.upsert", r#"[{"email":"ada@example.com","name":"Ada"}]"#);
    for (known, path, word) in [(true, "/v1/customers/cus_7", "update"), (false, "/v1/customers", "create")] {
        let peer = customers(known);
        assert_eq!(value(ask(&peer, call).await)["id"], "cus_7");
        let seen = peer.seen();
        assert_eq!(seen[0].query, "email=ada%40example.com&limit=1");
        assert_eq!(seen[1].path, path);
        assert_eq!(seen[1].header("idempotency-key"), Some(format!("{KEY}-{word}").as_str()));
        assert_eq!(String::from_utf8_lossy(&seen[1].body), "email=ada%40example.com&name=Ada");
    }
}

#[tokio::test]
async fn an_upsert_of_hubspot_gives_the_one_object() {
    let reply = Reply::json(200, &json!({ "status": "COMPLETE", "results": [{ "id": "51", "new": true }] }));
    let call = ("hubspot", "crm.contacts.upsert", r#"[{"email":"ada@example.com"}]"#);
    assert_eq!(value(answered(reply, call).await), json!({ "id": "51", "new": true }));
}

#[tokio::test]
async fn the_older_query_of_notion_says_its_version() {
    let peer = HttpPeer::start(|_| Reply::json(200, &json!({ "results": [] })));
    ask(&peer, ("notion", "databases.query", r#"[{"database_id":"d1","page_size":2}]"#)).await.unwrap();
    let seen = peer.seen();
    assert_eq!(
        (seen[0].path.as_str(), seen[0].json()),
        ("/v1/databases/d1/query", json!({ "page_size": 2 }))
    );
    let versions: Vec<&(String, String)> =
        seen[0].headers.iter().filter(|(name, _)| name == "notion-version").collect();
    assert_eq!(versions, [&("notion-version".to_owned(), "2022-06-28".to_owned())]);
}

#[tokio::test]
async fn a_webhook_of_slack_gets_the_message_and_stays_secret() {
    let peer = HttpPeer::start(|_| Reply::new(200, "text/html", "ok"));
    let services = Registry::new(None);
    let slack = services.get("slack").unwrap();
    let outside = Outside::with(&[]).with_secret("SLACK_WEBHOOK_URL", &peer.url("/services/T1/B1/hush"));
    let answer = outside.attempt(slack, "notify", r#"["Deployed"]"#).await;
    assert_eq!(value(answer), json!({ "ok": true }));
    assert_eq!(
        (peer.seen()[0].path.as_str(), peer.seen()[0].json()),
        ("/services/T1/B1/hush", json!({ "text": "Deployed" }))
    );
    peer.next([Reply::new(404, "text/html", "no_service")]);
    let error = outside.attempt(slack, "notify", r#"[{"text":"x"}]"#).await.unwrap_err().error;
    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    let missing = Outside::with(&[]).attempt(slack, "notify", r#"["x"]"#).await.unwrap_err().error;
    assert_eq!(missing.code, "secret_missing");
}
