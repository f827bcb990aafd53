//! `/v1/runs`.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::test_app::{Answer, TestApp};

#[tokio::test]
async fn a_run_that_is_waited_for_is_answered_whole() {
    let app = TestApp::with_tasks().await;
    let answer =
        app.post("/v1/runs", &json!({ "task": "hello", "input": { "name": "Ada" }, "wait": "10s" })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        answer.redacted(),
        json!({
            "id": "<run>",
            "task": "hello",
            "version": 1,
            "status": "completed",
            "input": { "name": "Ada" },
            "result": { "greeting": "Hello, Ada!" },
            "error": null,
            "parent": null,
            "root": "<run>",
            "depth": 0,
            "priority": 0,
            "deliveries": 0,
            "cpu_ms": "<cpu>",
            "used": { "calls": 0, "bytes": 0, "tokens": 0, "cost_usd": 0.0 },
            "start_at": null,
            "deadline_at": null,
            "created_at": "<time>",
            "started_at": "<time>",
            "ended_at": "<time>",
            "cancelled_at": null,
        })
    );
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), Some(format!("/v1/runs/{id}").as_str()));
    assert_eq!(answer.header("idempotency-replayed"), None);
    assert_eq!(app.get(&format!("/v1/runs/{id}")).await.json(), answer.json());
}

#[tokio::test]
async fn a_run_that_is_not_waited_for_is_accepted() {
    let app = TestApp::with_tasks().await;
    let answer = app.post("/v1/runs", &json!({ "task": "waiter", "timeout": "1h", "priority": 3 })).await;
    assert_eq!(answer.status, 202);
    let run = answer.redacted();
    assert_eq!((&run["input"], &run["result"]), (&json!({}), &Value::Null));
    assert_eq!((&run["priority"], &run["deadline_at"]), (&json!(3), &json!("<time>")));

    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let still = app.post("/v1/runs", &json!({ "task": "waiter", "wait": 20 })).await;
    assert_eq!(still.status, 202, "it has not ended: {}", still.text);
    let held = app.get(&format!("/v1/runs/{id}?wait=20ms")).await;
    assert_eq!((held.status.as_u16(), &held.json()["ended_at"]), (200, &Value::Null));
}

#[tokio::test]
async fn a_long_poll_ends_with_the_run() {
    let app = TestApp::with_tasks().await;
    let id = app.start(json!({ "task": "waiter" })).await;
    let (path, event) = (format!("/v1/runs/{id}?wait=5m"), json!({ "name": "go", "payload": 7 }));
    let events = format!("/v1/runs/{id}/events");
    let (ended, sent) = tokio::join!(app.get(&path), app.post(&events, &event));
    assert_eq!(sent.status, 202, "{}", sent.text);
    assert_eq!(ended.json()["result"], json!({ "went": 7 }));
}

#[tokio::test]
async fn a_long_poll_ends_with_the_server() {
    let app = TestApp::with_tasks().await;
    let id = app.start(json!({ "task": "waiter" })).await;
    app.stopping.send_replace(true);
    assert_eq!(app.get(&format!("/v1/runs/{id}?wait=5m")).await.json()["ended_at"], Value::Null);
}

#[tokio::test]
async fn the_input_goes_through_as_it_is() {
    let app = TestApp::new().await;
    app.publish(
        "echo.js",
        "export async function runTask(input) { return input === null ? 'null' : input; }",
    )
    .await;
    let exact = r#"{"task": "echo", "wait": "10s", "input": {"b": 1.0, "a":  [1e2, "\u00e9"]}}"#;
    let request =
        app.request(Method::POST, "/v1/runs").header("content-type", "application/json; charset=utf-8");
    let answer = app.send(request.body(Body::from(exact)).unwrap()).await;
    assert!(answer.text.contains(r#""input":{"b": 1.0, "a":  [1e2, "\u00e9"]}"#), "{}", answer.text);
    for (input, result) in [(json!(null), json!("null")), (json!([1]), json!([1])), (json!(0), json!(0))] {
        let body = json!({ "task": "echo", "input": input, "wait": "10s" });
        assert_eq!(app.post("/v1/runs", &body).await.json()["result"], result);
    }
}

#[tokio::test]
async fn a_run_that_fails_says_why() {
    let app = TestApp::new().await;
    app.publish("fails.js", "export async function runTask() {\n  throw new TypeError('no such luck');\n}\n")
        .await;
    let run = app.post("/v1/runs", &json!({ "task": "fails", "wait": "10s" })).await.json();
    let error = &run["error"];
    assert_eq!((&run["status"], &run["result"]), (&json!("failed"), &Value::Null));
    assert_eq!((&error["code"], &error["name"]), (&json!("task_error"), &json!("TypeError")));
    assert_eq!((&error["message"], &error["call_code"]), (&json!("no such luck"), &Value::Null));
    assert!(error["stack"].as_str().unwrap().contains("fails.js:2"), "{error}");
}

#[tokio::test]
async fn a_key_is_answered_with_the_first_run() {
    let app = TestApp::with_tasks().await;
    let body = json!({ "task": "hello", "wait": "10s" });
    let first = with_key(&app, "order-7", &body).await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (200, None));
    let again = with_key(&app, "\"order-7\"", &body).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (200, Some("true")));
    assert_eq!(again.json(), first.json());

    let other = with_key(&app, "order-7", &json!({ "task": "hello", "input": { "name": "Bo" } })).await;
    assert_eq!(other.problem(422), "idempotency_key_reused");
    assert_eq!(with_key(&app, &"k".repeat(256), &body).await.problem(400), "header_invalid");
}

async fn with_key(app: &TestApp, key: &str, body: &Value) -> Answer {
    let request = app.request(Method::POST, "/v1/runs").header("idempotency-key", key);
    app.send(request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap())
        .await
}

#[tokio::test]
async fn a_delayed_run_waits_in_the_queue() {
    let app = TestApp::with_tasks().await;
    let at = json!({ "task": "hello", "start_at": "2100-01-01T02:00:00+02:00" });
    let run = app.post("/v1/runs", &at).await.json();
    assert_eq!((&run["status"], &run["start_at"]), (&json!("queued"), &json!("2100-01-01T00:00:00.000Z")));
    let run = app.post("/v1/runs", &json!({ "task": "hello", "delay": "1h" })).await.json();
    assert_eq!((&run["status"], &run["started_at"]), (&json!("queued"), &Value::Null));
    let started = app.post("/v1/runs", &json!({ "task": "hello", "delay": 1, "wait": "10s" })).await;
    assert_eq!(started.json()["status"], "completed");
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_filtered() {
    let app = TestApp::with_tasks().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(app.start(json!({ "task": "hello", "input": { "name": name }, "wait": "10s" })).await);
    }
    ids.push(app.start(json!({ "task": "waiter" })).await);
    ids.reverse();
    let listed = async |query: &str| -> Vec<String> {
        let page = app.get(&format!("/v1/runs{query}")).await.json();
        page["items"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().into()).collect()
    };
    assert_eq!(listed("").await, ids);
    assert_eq!(listed("?task=hello").await, ids[1..]);
    assert_eq!(listed("?status=completed,failed&limit=2").await, ids[1..3]);
    assert_eq!(listed("?created_before=2020-01-01T00:00:00Z").await, [""; 0]);
    assert_eq!(listed("?created_after=2020-01-01T00:00:00Z&task=waiter").await, ids[..1]);
    assert_eq!(listed(&format!("?parent={}", ids[0])).await, [""; 0]);

    let page = app.get("/v1/runs?limit=3").await.json();
    let cursor = page["next"].as_str().unwrap();
    assert_eq!(listed(&format!("?limit=3&cursor={cursor}")).await, ids[3..]);
    let run = &page["items"][1];
    assert!(run.get("input").is_none() && run.get("result").is_none(), "{run}");
    assert_eq!((&run["task"], &run["status"]), (&json!("hello"), &json!("completed")));
}
