//! Who may ask.

use axum::body::Body;
use axum::http::Request;
use fermata_runtime::token;
use serde_json::json;

use crate::test_app::{Answer, TestApp};

async fn list_tasks(app: &TestApp, authorization: Option<&str>) -> Answer {
    let request = Request::builder().uri("/v1/tasks");
    let request = match authorization {
        Some(authorization) => request.header("authorization", authorization),
        None => request,
    };
    app.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn only_known_tokens_open() {
    let app = TestApp::new().await;
    let known = app.token.clone();
    for good in [format!("Bearer {known}"), format!("bearer  {known} ")] {
        assert_eq!(list_tasks(&app, Some(&good)).await.status, 200, "{good:?}");
    }
    let strange = format!("Bearer {}", token::draw());
    let cut = format!("Bearer {}", &known[..known.len() - 1]);
    let basic = format!("Basic {known}");
    let huge = format!("Bearer {}", "x".repeat(5_000));
    for bad in ["", "Bearer", "Bearer ", &known, &strange, &cut, &basic, &huge] {
        let answer = list_tasks(&app, Some(bad)).await;
        assert_eq!(answer.problem(401), "unauthorized", "{bad:?}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
    }
    assert_eq!(list_tasks(&app, None).await.problem(401), "unauthorized");
}

#[tokio::test]
async fn a_token_opens_its_workspace_only() {
    let mut app = TestApp::with_tasks().await;
    let id = app.start(json!({ "task": "waiter" })).await;
    app.token = token::create(&app.store, &"other".parse().unwrap(), "test").unwrap();
    let elsewhere = app;
    assert_eq!(elsewhere.get("/v1/tasks").await.json()["items"], json!([]));
    assert_eq!(elsewhere.get("/v1/runs").await.json()["items"], json!([]));
    let start = elsewhere.post("/v1/runs", &json!({ "task": "hello" })).await;
    assert_eq!(start.problem(404), "task_unknown");
    for path in ["", "/calls", "/logs", "/events"] {
        let answer = elsewhere.get(&format!("/v1/runs/{id}{path}")).await;
        assert_eq!(answer.problem(404), "run_unknown", "{path}");
    }
    for path in ["/cancel", "/kill", "/events"] {
        let answer = elsewhere.post(&format!("/v1/runs/{id}{path}"), &json!({ "name": "go" })).await;
        assert_eq!(answer.problem(404), "run_unknown", "{path}");
    }
}

#[tokio::test]
async fn the_first_token_is_given_once() {
    let app = TestApp::new().await;
    assert_eq!(token::ensure_token(&app.store).unwrap(), None);
}

#[tokio::test]
async fn a_request_keeps_the_id_it_came_with() {
    let app = TestApp::new().await;
    let ask = async |id: &str| {
        let request = Request::builder().uri("/livez").header("x-request-id", id);
        let answer = app.send(request.body(Body::empty()).unwrap()).await;
        answer.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(ask("from-the-proxy.7").await, "from-the-proxy.7");
    for bad in ["", "has space", &"x".repeat(65)] {
        assert!(ask(bad).await.starts_with("req_"), "{bad:?}");
    }
}
