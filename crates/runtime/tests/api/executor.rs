//! `/quickjs-executor`.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::AUTHORIZATION;
use serde_json::json;

use crate::test_app::{Answer, INTERNAL_TOKEN, TestApp};

async fn push(app: &TestApp, header: Option<(&str, &str)>, body: &str) -> Answer {
    let mut request = Request::builder().method("POST").uri("/quickjs-executor");
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    app.send(request.body(Body::from(body.to_owned())).unwrap()).await
}

#[tokio::test]
async fn a_run_is_pushed_with_the_internal_token() {
    let app = TestApp::with_tasks().await;
    let id = app.start(json!({ "task": "waiter" })).await;
    let bearer = format!("Bearer {INTERNAL_TOKEN}");
    for (field, header) in [
        ("stackRunId", ("authorization", bearer.as_str())),
        ("stack_run_id", ("x-internal-token", INTERNAL_TOKEN)),
    ] {
        let pushed = push(&app, Some(header), &json!({ field: id }).to_string()).await;
        assert_eq!(pushed.status, 202, "{}", pushed.text);
        assert_eq!(pushed.json()["stackRunId"], id);
    }
}

#[tokio::test]
async fn other_tokens_and_unknown_runs_are_refused() {
    let app = TestApp::with_tasks().await;
    let id = app.start(json!({ "task": "waiter" })).await;
    let body = json!({ "stackRunId": id }).to_string();
    let api_token = format!("Bearer {}", app.token);
    let authorization = AUTHORIZATION.as_str();
    for header in [None, Some((authorization, api_token.as_str())), Some(("x-internal-token", "wrong"))] {
        assert_eq!(push(&app, header, &body).await.problem(401), "unauthorized");
    }
    let header = Some(("x-internal-token", INTERNAL_TOKEN));
    let unknown = r#"{"stackRunId":"run_00000000000070008000000000000000"}"#;
    assert_eq!(push(&app, header, unknown).await.problem(404), "run_unknown");
    let elsewhere = json!({ "stackRunId": id, "workspace": "other" }).to_string();
    assert_eq!(push(&app, header, &elsewhere).await.problem(404), "run_unknown");
    for wrong in [r#"{"stackRunId":"7"}"#, "{}", r#"{"stackRunId":7}"#] {
        assert_eq!(push(&app, header, wrong).await.problem(422), "body_invalid");
    }
    assert_eq!(push(&app, header, "{").await.problem(400), "json_invalid");
}
