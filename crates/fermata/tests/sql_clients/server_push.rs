//! A database that calls HTTP.

use serde_json::json;

use crate::site::{INTERNAL_TOKEN, Site};

#[test]
fn a_pushed_run_begins_without_a_notice() {
    let site = Site::new();
    site.psql("alter table fermata.task_runs disable trigger task_runs_announced");
    let headers = format!("authorization: Bearer {INTERNAL_TOKEN}\r\n");
    let mut waits = Vec::new();
    for _ in 0..10 {
        let id = site.insert("'hello'", "'{}'");
        let body = site.cell(&format!(
            "select json_build_object('stackRunId', id) from fermata.task_runs where id = uuid_send('{id}')"
        ));
        let (status, answer) = site.post("/quickjs-executor", &headers, &body.unwrap());
        assert_eq!(status, 202, "{answer}");
        let run = site.ended(&id);
        waits.push(run.started_at.unwrap() - run.created_at);
    }
    println!("insert to start, pushed: {waits:?} ms");
    let (status, _) = site.post("/quickjs-executor", &headers, &json!({ "stackRunId": "7" }).to_string());
    assert_eq!(status, 422);
    let (status, _) = site.post("/quickjs-executor", &site.authorization(), "{}");
    assert_eq!(status, 401, "the API's token is not the internal one");
}
