//! `/tasks…`.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::test_app::TestApp;

#[tokio::test]
async fn a_run_is_started_and_looked_at_the_older_way() {
    let app = TestApp::with_tasks().await;
    let accepted = app.post("/tasks", &json!({ "taskName": "hello", "input": { "name": "Ada" } })).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let body = accepted.redacted();
    assert_eq!(body, json!({ "message": "Task accepted", "taskRunId": "<run>", "status": "queued" }));
    let id = accepted.json()["taskRunId"].as_str().unwrap().to_owned();
    app.get(&format!("/v1/runs/{id}?wait=30s")).await;

    let row = app.get(&format!("/tasks/status?id={id}")).await.redacted();
    assert_eq!(
        row,
        json!({
            "id": "<run>",
            "task_function_id": "<version>",
            "task_name": "hello",
            "input": { "name": "Ada" },
            "status": "completed",
            "result": { "greeting": "Hello, Ada!" },
            "error": null,
            "parent_run_id": null,
            "created_at": "<time>",
            "started_at": "<time>",
            "ended_at": "<time>",
        })
    );
    let logs = app.get(&format!("/tasks/logs?id={id}")).await.json();
    assert_eq!(logs["logs"][0]["message"], "greeting");
}

#[tokio::test]
async fn the_older_way_has_the_same_problems() {
    let app = TestApp::with_tasks().await;
    let start = async |body: Value| app.post("/tasks", &body).await;
    assert_eq!(start(json!({ "input": {} })).await.problem(400), "task_name_missing");
    assert_eq!(start(json!({ "taskName": "" })).await.problem(400), "task_name_missing");
    assert_eq!(start(json!({ "taskName": "nobody" })).await.problem(404), "task_unknown");
    let bad = app.request(Method::POST, "/tasks").body(Body::from("{")).unwrap();
    assert_eq!(app.send(bad).await.problem(400), "json_invalid");

    let unknown = "run_00000000000070008000000000000000";
    assert_eq!(app.get("/tasks/status").await.problem(400), "query_invalid");
    assert_eq!(app.get("/tasks/status?id=7").await.problem(400), "query_invalid");
    assert_eq!(app.get(&format!("/tasks/status?id={unknown}")).await.problem(404), "run_unknown");
    assert_eq!(app.get(&format!("/tasks/logs?id={unknown}")).await.problem(404), "run_unknown");
}
