//! `/`, `/livez`, `/readyz`, `/v1/health`, `/v1/stats`.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

use crate::test_app::{Answer, TestApp};

async fn get_without_token(app: &TestApp, path: &str) -> Answer {
    app.send(Request::builder().uri(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn anybody_may_ask_whether_the_server_works() {
    let app = TestApp::new().await;
    for path in ["/livez", "/readyz", "/openapi.json", "/"] {
        assert_eq!(get_without_token(&app, path).await.status, 200, "{path}");
    }
    let welcome = get_without_token(&app, "/").await.text;
    assert!(welcome.contains("1.2.3") && welcome.contains("/openapi.json"), "{welcome}");

    app.stopping.send_replace(true);
    let stopping = get_without_token(&app, "/readyz").await;
    assert_eq!((stopping.problem(503).as_str(), stopping.header("retry-after")), ("stopping", Some("1")));
    assert_eq!(get_without_token(&app, "/livez").await.status, 200);
}

#[tokio::test]
async fn health_and_stats_count() {
    let app = TestApp::with_tasks().await;
    app.start(json!({ "task": "hello", "wait": "10s" })).await;
    let health = app.get("/v1/health").await.json();
    assert_eq!((&health["status"], &health["version"]), (&json!("ok"), &json!("1.2.3")));
    for answer in [&health, &app.get("/v1/stats").await.json()] {
        assert_eq!(answer["engine"]["runs_ended"], 1, "{answer}");
        assert!(
            answer["store"]["commits"].as_u64() > Some(0) && answer["store"]["size_bytes"].as_u64() > Some(0)
        );
    }
    app.stopping.send_replace(true);
    assert_eq!(app.get("/v1/health").await.json()["status"], "stopping");
}

#[tokio::test]
async fn a_head_request_is_answered_without_a_body() {
    let app = TestApp::new().await;
    let answer = app.send(app.request(Method::HEAD, "/v1/tasks").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, ""));
}
