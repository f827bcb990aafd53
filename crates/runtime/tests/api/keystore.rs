//! `/v1/keystore`.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::test_app::{Answer, TestApp};

async fn put(app: &TestApp, place: &str, body: Value) -> Answer {
    app.send_json(Method::PUT, &format!("/v1/keystore/{place}"), &body).await
}

#[tokio::test]
async fn what_is_put_in_is_listed_and_never_shown() {
    let app = TestApp::new().await;
    let secret = put(&app, "global/API_KEY", json!({ "value": "hunter2" })).await;
    assert_eq!(secret.status, 200, "{}", secret.text);
    assert_eq!(
        secret.json(),
        json!({ "namespace": "global", "name": "API_KEY", "kind": "secret", "version": 1 })
    );
    let again = put(&app, "global/API_KEY", json!({ "value": "hunter3", "kind": "secret" })).await;
    assert_eq!(again.json()["version"], 2);
    put(&app, "colours/sky", json!({ "value": { "red": 10 }, "kind": "value" })).await;

    let list = app.get("/v1/keystore").await;
    let entry = json!({
        "namespace": "global", "name": "API_KEY", "kind": "secret", "version": 2,
        "tasks": ["*"], "hosts": [], "updated_at": "<time>", "used_at": null,
    });
    assert_eq!(list.redacted(), json!({ "items": [entry], "next": null }));
    assert_eq!(app.get("/v1/keystore?namespace=colours").await.json()["items"][0]["kind"], "value");
    assert_eq!(
        app.get("/v1/keystore/namespaces").await.json(),
        json!({ "items": ["colours", "global"], "next": null })
    );
    let page = app.get("/v1/keystore/namespaces?limit=1").await.json();
    let cursor = page["next"].as_str().unwrap();
    let rest = app.get(&format!("/v1/keystore/namespaces?cursor={cursor}")).await.json();
    assert_eq!(rest, json!({ "items": ["global"], "next": null }));
}

#[tokio::test]
async fn a_task_reads_a_value_as_it_was_put_in() {
    let app = TestApp::new().await;
    let source = "export async function runTask(name, tools) { return await tools.keystore.get(name); }";
    app.publish("reads.js", source).await;
    for (name, value) in [("a", json!("123")), ("b", json!(123)), ("c", json!({ "d": [null] }))] {
        put(&app, &format!("global/{name}"), json!({ "value": value, "kind": "value" })).await;
        let run =
            app.post("/v1/runs", &json!({ "task": "reads", "input": name, "wait": "10s" })).await.json();
        assert_eq!(run["result"], value, "{run}");
    }
    put(&app, "global/s", json!({ "value": "hunter2" })).await;
    let run = app.post("/v1/runs", &json!({ "task": "reads", "input": "s", "wait": "10s" })).await;
    assert_eq!(run.json()["status"], "failed", "a secret is not read: {}", run.text);
    assert!(!run.text.contains("hunter2"));
}

#[tokio::test]
async fn a_task_uses_only_what_it_was_granted() {
    let app = TestApp::new().await;
    let source = "export default async ({ how, name }, { tools }) => how === 'list' ? tools.keystore.list()
        : how === 'set' ? tools.keystore.set(name, 1) : tools.keystore[how](name)";
    app.publish("mail.js", source).await;
    app.publish("other.js", source).await;
    let granted = json!({ "value": 7, "kind": "value", "tasks": ["mail", "report/*"] });
    assert_eq!(put(&app, "global/limit", granted).await.status, 200);
    let run = async |task: &str, how: &str| {
        let input = json!({ "how": how, "name": "limit" });
        app.post("/v1/runs", &json!({ "task": task, "input": input, "wait": "10s" })).await.json()
    };
    assert_eq!(run("mail", "get").await["result"], 7);
    assert_eq!(run("mail", "list").await["result"], json!(["limit"]));
    for how in ["get", "set", "delete"] {
        let refused = run("other", how).await;
        assert_eq!(refused["status"], "failed", "{how}: {refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains("not granted"), "{refused}");
    }
    assert_eq!(run("other", "has").await["result"], false);
    assert_eq!(run("other", "list").await["result"], json!([]));

    // Writing it anew keeps the grants, whoever does it, unless they are said.
    assert_eq!(run("mail", "set").await["status"], "completed");
    put(&app, "global/limit", json!({ "value": 8, "kind": "value" })).await;
    let entry = app.get("/v1/keystore").await.json()["items"][0].clone();
    assert_eq!((&entry["tasks"], &entry["version"]), (&json!(["mail", "report/*"]), &json!(3)));
}

#[tokio::test]
async fn a_task_does_not_change_the_settings_of_services() {
    let app = TestApp::new().await;
    let source = "export default async (how, { tools }) =>
        tools.keystore[how](...['OPENAI_BASE_URL', 'https://x.example'].slice(0, how === 'set' ? 2 : 1))";
    app.publish("steer.js", source).await;
    put(&app, "global/OPENAI_BASE_URL", json!({ "value": "https://a.example", "kind": "value" })).await;
    for how in ["set", "delete"] {
        let run = app.post("/v1/runs", &json!({ "task": "steer", "input": how, "wait": "10s" })).await.json();
        assert_eq!(
            (&run["status"], &run["error"]["call_code"]),
            (&json!("failed"), &json!("not_granted")),
            "{run}"
        );
    }
    let run = app.post("/v1/runs", &json!({ "task": "steer", "input": "get", "wait": "10s" })).await.json();
    assert_eq!(run["result"], "https://a.example");
}

#[tokio::test]
async fn grants_that_cannot_be_are_refused() {
    let app = TestApp::new().await;
    for wrong in [
        json!({ "value": "x", "hosts": ["a b"] }),
        json!({ "value": "x", "hosts": ["https://x.example"] }),
        json!({ "value": "x", "hosts": ["http://x.example/"] }),
        json!({ "value": "x", "hosts": ["http://*"] }),
        json!({ "value": "x", "hosts": vec!["x.example"; 101] }),
        json!({ "value": "x", "tasks": ["a*b"] }),
    ] {
        let refused = put(&app, "global/x", wrong.clone()).await;
        assert!((400..500).contains(&refused.status.as_u16()), "{wrong}: {}", refused.text);
    }
    assert_eq!(app.get("/v1/keystore").await.json()["items"], json!([]));
    let hosts = json!(["http://x.example", "http://*.y.example", "z.example"]);
    put(&app, "global/x", json!({ "value": "x", "hosts": hosts })).await;
    assert_eq!(app.get("/v1/keystore").await.json()["items"][0]["hosts"], hosts);
}

#[tokio::test]
async fn an_entry_is_deleted_once() {
    let app = TestApp::new().await;
    put(&app, "global/x", json!({ "value": "1" })).await;
    let gone = delete(&app, "global/x").await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
    assert_eq!(delete(&app, "global/x").await.problem(404), "keystore_entry_unknown");
    assert_eq!(app.get("/v1/keystore").await.json()["items"], json!([]));
}

#[tokio::test]
async fn bad_entries_are_problems() {
    let app = TestApp::new().await;
    let long = "n".repeat(201);
    let cases = [
        ("global/x", json!({ "value": 5 }), 422, "body_invalid"),
        ("global/x", json!({ "value": "v", "kind": "public" }), 422, "body_invalid"),
        ("global/x", json!({ "value": "v", "extra": 1 }), 422, "body_invalid"),
        ("global/x", json!({}), 422, "body_invalid"),
        ("global/x", json!({ "value": "v".repeat(65 << 10) }), 413, "value_too_large"),
        (&format!("global/{long}"), json!({ "value": "v" }), 422, "name_invalid"),
    ];
    for (place, body, status, code) in cases {
        assert_eq!(put(&app, place, body).await.problem(status), code, "{place}");
    }
}

#[tokio::test]
async fn versions_are_listed_restored_and_purged() {
    let app = TestApp::new().await;
    let source = "export default async (value, { tools }) => tools.keystore.set('limit', value)";
    app.publish("write.js", source).await;
    put(&app, "global/limit", json!({ "value": 1, "kind": "value" })).await;
    app.post("/v1/runs", &json!({ "task": "write", "input": 2, "wait": "10s" })).await;
    put(&app, "global/limit", json!({ "value": "hunter2" })).await;
    let versions = "/v1/keystore/global/limit/versions";
    let list = app.get(versions).await;
    let version = |number: u32, kind: &str, by: Value| json!({ "version": number, "kind": kind, "created_at": "<time>", "written_by": by });
    let all = [
        version(3, "secret", Value::Null),
        version(2, "value", json!("write")),
        version(1, "value", Value::Null),
    ];
    assert_eq!(list.redacted(), json!({ "items": all, "next": null }));
    let page = app.get(&format!("{versions}?limit=2")).await.json();
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let rest = app.get(&format!("{versions}?cursor={}", page["next"].as_str().unwrap())).await.json();
    assert_eq!((&rest["items"][0]["version"], &rest["next"]), (&json!(1), &Value::Null));

    let restored = app.post("/v1/keystore/global/limit/restore", &json!({ "version": 2 })).await;
    let entry = json!({ "namespace": "global", "name": "limit", "kind": "value", "version": 4 });
    assert_eq!((restored.status.as_u16(), restored.json()), (200, entry));
    app.publish("read.js", "export default (_, { tools }) => tools.keystore.get('limit')").await;
    let run = app.post("/v1/runs", &json!({ "task": "read", "wait": "10s" })).await.json();
    assert_eq!(run["result"], 2, "{run}");

    assert_eq!(delete(&app, "global/limit/versions").await.status, 204);
    let left: Vec<Value> = app.get(versions).await.json()["items"].as_array().unwrap().clone();
    assert_eq!(left.len(), 1, "{left:?}");
    let gone = app.post("/v1/keystore/global/limit/restore", &json!({ "version": 2 })).await;
    assert_eq!(gone.problem(404), "keystore_version_unknown");
    for missing in [
        app.get("/v1/keystore/global/other/versions").await,
        delete(&app, "global/other/versions").await,
        app.post("/v1/keystore/global/other/restore", &json!({ "version": 1 })).await,
    ] {
        assert_eq!(missing.problem(404), "keystore_entry_unknown");
    }
}

#[tokio::test]
async fn an_entry_is_written_over_the_version_that_was_expected() {
    let app = TestApp::new().await;
    let over = async |version: u32| {
        put(&app, "global/x", json!({ "value": "v", "expected_version": version })).await
    };
    assert_eq!(over(1).await.problem(409), "keystore_version_other");
    assert_eq!(over(0).await.json()["version"], 1);
    let taken = over(0).await;
    assert!(taken.text.contains("with version 1"), "{}", taken.text);
    assert_eq!(taken.problem(409), "keystore_version_other");
    assert_eq!(over(1).await.json()["version"], 2);
    let restore = json!({ "version": 1, "expected_version": 1 });
    let moved = app.post("/v1/keystore/global/x/restore", &restore).await;
    assert!(moved.text.contains("has version 2, not 1"), "{}", moved.text);
    assert_eq!(moved.problem(409), "keystore_version_other");
    let negative = put(&app, "global/x", json!({ "value": "v", "expected_version": -1 })).await;
    assert_eq!(negative.problem(422), "body_invalid");
}

#[tokio::test]
async fn what_the_system_keeps_for_itself_is_not_shown() {
    let app = TestApp::new().await;
    let policy = app.request(Method::PUT, "/v1/policy").header("content-type", "application/json");
    let policy = app.send(policy.body(Body::from(r#"{ "rules": [] }"#)).unwrap()).await;
    assert!(policy.status.is_success(), "{}", policy.text);
    for place in ["a/x", "zoo/x"] {
        put(&app, place, json!({ "value": "v" })).await;
    }
    for path in ["/v1/keystore?namespace=fermata", "/v1/keystore/fermata/policy/versions"] {
        assert_eq!(app.get(path).await.problem(422), "name_invalid", "{path}");
    }
    let first = app.get("/v1/keystore/namespaces?limit=1").await.json();
    assert_eq!(first["items"], json!(["a"]));
    let next = first["next"].as_str().unwrap();
    let second = app.get(&format!("/v1/keystore/namespaces?limit=1&cursor={next}")).await.json();
    assert_eq!((&second["items"], &second["next"]), (&json!(["zoo"]), &Value::Null));
}

async fn delete(app: &TestApp, place: &str) -> Answer {
    let request = app.request(Method::DELETE, &format!("/v1/keystore/{place}"));
    app.send(request.body(Body::empty()).unwrap()).await
}
