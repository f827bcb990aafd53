//! `/v1/tasks/{name}/versions`.

use serde_json::{Value, json};

use crate::test_app::{HELLO, TestApp};

#[tokio::test]
async fn versions_are_listed_newest_first_in_pages() {
    let app = TestApp::new().await;
    for greeting in ["Hello", "Hi", "Hey"] {
        assert_eq!(app.publish("hello.js", &HELLO.replace("Hello", greeting)).await.status, 201);
    }
    let page = app.get("/v1/tasks/hello/versions?limit=2").await.json();
    let numbers = |page: &Value| -> Vec<u64> {
        page["items"].as_array().unwrap().iter().map(|task| task["version"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(&page), [3, 2]);
    let cursor = page["next"].as_str().unwrap();
    let rest = app.get(&format!("/v1/tasks/hello/versions?cursor={cursor}")).await.json();
    assert_eq!((numbers(&rest), &rest["next"]), (vec![1], &Value::Null));
}

#[tokio::test]
async fn a_version_stays_as_it_was_published() {
    let app = TestApp::new().await;
    app.publish("hello.js", HELLO).await;
    app.publish("hello.js", &HELLO.replace("Hello", "Hi")).await;
    let first = app.get("/v1/tasks/hello/versions/1").await.json();
    assert_eq!((&first["version"], &first["source"]), (&json!(1), &json!(HELLO)));

    let old = json!({ "task": "hello", "version": 1, "wait": "10s" });
    assert_eq!(app.post("/v1/runs", &old).await.json()["result"]["greeting"], "Hello, world!");
    let new = json!({ "task": "hello", "wait": "10s" });
    assert_eq!(app.post("/v1/runs", &new).await.json()["result"]["greeting"], "Hi, world!");
}

#[tokio::test]
async fn unknown_versions_are_problems() {
    let app = TestApp::with_tasks().await;
    let cases = [
        ("/v1/tasks/hello/versions/9", 404, "task_unknown"),
        ("/v1/tasks/nobody/versions/1", 404, "task_unknown"),
        ("/v1/tasks/nobody/versions", 404, "task_unknown"),
        ("/v1/tasks/hello/versions/one", 400, "path_invalid"),
    ];
    for (path, status, code) in cases {
        assert_eq!(app.get(path).await.problem(status), code, "{path}");
    }
}
