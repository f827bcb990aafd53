//! `/v1/runs/{id}/cancel` and `/kill`.

use serde_json::json;

use crate::test_app::TestApp;

#[tokio::test]
async fn a_cancelled_run_ends_and_cannot_be_cancelled_again() {
    let app = TestApp::with_tasks().await;
    let id = app.start(json!({ "task": "waiter" })).await;
    let asked = app.post(&format!("/v1/runs/{id}/cancel"), &json!({})).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    assert_eq!(asked.redacted()["cancelled_at"], "<time>");
    let ended = app.get(&format!("/v1/runs/{id}?wait=30s")).await.json();
    assert_eq!(ended["status"], "cancelled", "{ended}");
    for action in ["cancel", "kill"] {
        let answer = app.post(&format!("/v1/runs/{id}/{action}"), &json!({})).await;
        assert_eq!(answer.problem(409), "run_ended");
        assert_eq!(answer.json()["detail"], "the run has ended: it is cancelled");
    }
}

#[tokio::test]
async fn a_killed_run_ends_in_the_middle_of_its_code() {
    let app = TestApp::new().await;
    app.publish("spins.js", "export async function runTask() { for (;;) {} }").await;
    let id = app.start(json!({ "task": "spins" })).await;
    let killed = app.post(&format!("/v1/runs/{id}/kill"), &json!({})).await;
    assert_eq!(killed.status, 202, "{}", killed.text);
    let ended = app.get(&format!("/v1/runs/{id}?wait=30s")).await.json();
    assert_eq!(ended["status"], "cancelled", "{ended}");
}
