//! `/v1/runs/{id}/calls`.

use serde_json::{Value, json};

use crate::test_app::TestApp;

#[tokio::test]
async fn calls_are_listed_in_their_order() {
    let app = TestApp::new().await;
    let source = "export async function runTask(input, tools) {
      await tools.keystore.set('colour', 'red');
      await tools.keystore.get('colour');
      await tools.keystore.nonsense().catch(() => null);
    }";
    app.publish("keeps.js", source).await;
    let id = app.start(json!({ "task": "keeps", "wait": "10s" })).await;
    let page = app.get(&format!("/v1/runs/{id}/calls?limit=2")).await;
    let first = &page.redacted()["items"][1];
    assert_eq!(
        *first,
        json!({
            "number": 2,
            "service": "keystore",
            "method": "get",
            "args": ["colour"],
            "status": "completed",
            "attempts": first["attempts"],
            "due_at": null,
            "awaits": null,
            "child": null,
            "result": "red",
            "error": null,
            "usage": null,
            "delivery": 2,
            "created_at": "<time>",
            "ended_at": "<time>",
        })
    );
    let cursor = page.json()["next"].as_str().unwrap().to_owned();
    for query in [format!("cursor={cursor}"), "after=2".into()] {
        let rest = app.get(&format!("/v1/runs/{id}/calls?{query}")).await.json();
        let failed = &rest["items"][0];
        assert_eq!((&failed["number"], &failed["status"]), (&json!(3), &json!("failed")), "{failed}");
        assert_eq!((&failed["result"], &failed["error"]["retryable"]), (&Value::Null, &json!(false)));
        assert!(failed["error"]["code"].is_string() && failed["error"]["message"].is_string());
        assert_eq!(rest["next"], Value::Null);
    }
    let both = app.get(&format!("/v1/runs/{id}/calls?after=1&cursor={cursor}")).await;
    assert_eq!(both.problem(400), "query_invalid");
}

#[tokio::test]
async fn a_waiting_call_says_what_for() {
    let app = TestApp::with_tasks().await;
    let id = app.start(json!({ "task": "waiter", "wait": 50 })).await;
    let calls = app.get(&format!("/v1/runs/{id}/calls")).await.json();
    let call = &calls["items"][0];
    assert_eq!((&call["awaits"], &call["status"]), (&json!("go"), &json!("pending")), "{call}");
    assert_eq!((&call["ended_at"], &call["delivery"]), (&Value::Null, &Value::Null));
}
