//! `/v1/runs/{id}/logs`.

use serde_json::{Value, json};

use crate::test_app::TestApp;

#[tokio::test]
async fn lines_are_listed_in_their_order() {
    let app = TestApp::new().await;
    let source = "export async function runTask(input, tools) {
      tools.log.info('one', { n: 1 });
      console.warn('two');
      tools.log.error('three');
    }";
    app.publish("talks.js", source).await;
    let id = app.start(json!({ "task": "talks", "wait": "10s" })).await;
    let page = app.get(&format!("/v1/runs/{id}/logs?limit=2")).await;
    let lines = page.redacted();
    let line = &lines["items"][0];
    let expected = json!({
        "seq": line["seq"], "at": "<time>", "level": "info", "message": "one", "data": line["data"],
    });
    assert_eq!(*line, expected);
    assert!(line["data"].to_string().contains("\"n\":1"), "{line}");
    assert_eq!((&lines["items"][1]["level"], &lines["items"][1]["message"]), (&json!("warn"), &json!("two")));

    let (after, cursor) = (&lines["items"][1]["seq"], lines["next"].as_str().unwrap());
    for query in [format!("after={after}"), format!("cursor={cursor}")] {
        let rest = app.get(&format!("/v1/runs/{id}/logs?{query}")).await.json();
        assert_eq!((&rest["items"][0]["message"], &rest["next"]), (&json!("three"), &Value::Null));
    }
}

#[tokio::test]
async fn a_run_without_lines_has_an_empty_list() {
    let app = TestApp::with_tasks().await;
    let id = app.start(json!({ "task": "waiter" })).await;
    assert_eq!(app.get(&format!("/v1/runs/{id}/logs")).await.json(), json!({ "items": [], "next": null }));
}
