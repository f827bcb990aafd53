//! `/v1/tasks`.

use serde_json::{Value, json};

use crate::test_app::{HELLO, TestApp};

fn hello(extra: Value) -> Value {
    let mut task = json!({
        "name": "hello",
        "version": 1,
        "id": "<version>",
        "file_name": "hello.js",
        "description": "Greets somebody.",
        "config": null,
        "created_at": "<time>",
    });
    task.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    task
}

fn without_schema(mut task: Value) -> Value {
    let schema = task.as_object_mut().unwrap().remove("input_schema").unwrap();
    assert_eq!(schema["properties"]["name"]["type"], "string", "{schema}");
    task
}

#[tokio::test]
async fn a_publish_makes_a_version_once() {
    let app = TestApp::new().await;
    let first = app.publish("hello.js", HELLO).await;
    assert_eq!(first.status, 201, "{}", first.text);
    assert_eq!(without_schema(first.redacted()), hello(json!({ "is_new": true })));

    let again = app.publish("hello.js", HELLO).await;
    assert_eq!(again.status, 200);
    assert_eq!(without_schema(again.redacted()), hello(json!({ "is_new": false })));
    assert_eq!(again.json()["id"], first.json()["id"]);

    let changed = app.publish("hello.js", &HELLO.replace("Hello", "Hi")).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["version"]), (201, &json!(2)));
}

#[tokio::test]
async fn a_task_is_shown_with_its_source_and_listed_without() {
    let app = TestApp::with_tasks().await;
    let shown = app.get("/v1/tasks/hello").await;
    assert_eq!(without_schema(shown.redacted()), hello(json!({ "source": HELLO })));

    let list = app.get("/v1/tasks").await.redacted();
    assert_eq!(list["next"], Value::Null);
    assert_eq!(without_schema(list["items"][0].clone()), hello(json!({})));
    assert_eq!(list["items"][1]["name"], "waiter");
}

#[tokio::test]
async fn a_name_may_have_slashes() {
    let app = TestApp::new().await;
    let body = json!({ "file_name": "mail.js", "source": HELLO, "name": "team/mail" });
    assert_eq!(app.post("/v1/tasks", &body).await.json()["name"], "team/mail");
    assert_eq!(app.get("/v1/tasks/team%2Fmail").await.json()["name"], "team/mail");
    assert_eq!(app.get("/v1/tasks/team%2Fmail/versions/1").await.json()["name"], "team/mail");
    assert_eq!(app.get("/v1/tasks/team/mail").await.problem(404), "path_unknown");
}

#[tokio::test]
async fn tasks_come_in_pages() {
    let app = TestApp::new().await;
    for name in ["c", "a", "b"] {
        let body = json!({ "file_name": "task.js", "source": HELLO, "name": name });
        assert_eq!(app.post("/v1/tasks", &body).await.status, 201);
    }
    let first = app.get("/v1/tasks?limit=2").await.json();
    let names = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|task| task["name"].as_str().unwrap().into()).collect()
    };
    assert_eq!(names(&first), ["a", "b"]);
    let cursor = first["next"].as_str().unwrap();
    let second = app.get(&format!("/v1/tasks?limit=2&cursor={cursor}")).await.json();
    assert_eq!((names(&second), &second["next"]), (vec!["c".to_owned()], &Value::Null));
}

#[tokio::test]
async fn a_syntax_error_is_shown_at_its_place() {
    let app = TestApp::new().await;
    let answer = app.publish("broken.ts", "export async function runTask() {\n  const x: = 1;\n}\n").await;
    assert_eq!(answer.problem(422), "source_invalid");
    let problem = answer.json();
    let fault = &problem["errors"][0];
    assert_eq!((&fault["pointer"], &fault["line"]), (&json!("/source"), &json!(2)));
    let (column, message) = (fault["column"].as_u64().unwrap(), fault["message"].as_str().unwrap());
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.starts_with(&format!("broken.ts:2:{column}: {message}\n")), "{detail}");
    assert!(detail.contains("const x: = 1;"), "{detail}");
}

#[tokio::test]
async fn what_cannot_be_a_task_is_refused_and_not_kept() {
    let app = TestApp::new().await;
    let cases = [
        ("throws.js", "throw new Error('no'); export async function runTask() {}", "load_failed"),
        ("empty.js", "export const x = 1;", "load_failed"),
        (
            "config.js",
            "export const config = { timout: '5m' }; export async function runTask() {}",
            "config_invalid",
        ),
        ("-x.js", "export async function runTask() {}", "name_invalid"),
        ("task.py", "pass", "source_invalid"),
    ];
    for (file_name, source, code) in cases {
        let answer = app.publish(file_name, source).await;
        let (found, text) = (answer.problem(422), &answer.text);
        assert!(found == code || (code == "load_failed" && found == "source_invalid"), "{file_name}: {text}");
    }
    assert_eq!(app.get("/v1/tasks").await.json()["items"], json!([]));
}
