//! Bad requests, one after the other.

use axum::body::Body;
use axum::http::Method;
use fermata_model::limits::BODY_BYTES_MAX;
use serde_json::{Value, json};

use crate::test_app::{Answer, TestApp};

const UNKNOWN_RUN: &str = "run_00000000000070008000000000000000";

async fn post_text(app: &TestApp, path: &str, content_type: &str, body: String) -> Answer {
    let request = app.request(Method::POST, path).header("content-type", content_type);
    app.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn bad_bodies_of_a_run() {
    let app = TestApp::with_tasks().await;
    let cases = [
        (json!({ "task": "nobody" }), 404, "task_unknown"),
        (json!({ "task": "hello", "version": 9 }), 404, "task_unknown"),
        (json!({}), 422, "body_invalid"),
        (json!([]), 422, "body_invalid"),
        (json!({ "task": 5 }), 422, "body_invalid"),
        (json!({ "task": "hello", "inputs": {} }), 422, "body_invalid"),
        (json!({ "task": "hello", "version": -1 }), 422, "body_invalid"),
        (json!({ "task": "hello", "wait": "soon" }), 422, "body_invalid"),
        (json!({ "task": "hello", "wait": "11m" }), 422, "body_invalid"),
        (json!({ "task": "hello", "wait": -1 }), 422, "body_invalid"),
        (json!({ "task": "hello", "priority": 40_000 }), 422, "body_invalid"),
        (json!({ "task": "hello", "start_at": "tomorrow" }), 422, "body_invalid"),
        (json!({ "task": "hello", "delay": "1h", "start_at": "2100-01-01T00:00:00Z" }), 422, "body_invalid"),
        (json!({ "task": "hello", "timeout": 0 }), 422, "body_invalid"),
        (json!({ "task": "hello", "input": { "name": 5 } }), 422, "input_invalid"),
    ];
    for (body, status, code) in cases {
        assert_eq!(app.post("/v1/runs", &body).await.problem(status), code, "{body}");
    }
    assert_eq!(app.get("/v1/runs").await.json()["items"], json!([]), "nothing was started");
}

#[tokio::test]
async fn schema_faults_have_their_place() {
    let app = TestApp::with_tasks().await;
    let answer = app.post("/v1/runs", &json!({ "task": "hello", "input": { "name": 5 } })).await;
    let problem = answer.redacted();
    let message = &problem["errors"][0]["message"];
    assert!(message.as_str().is_some_and(|message| !message.is_empty()), "{problem}");
    assert_eq!(
        problem,
        json!({
            "type": "urn:fermata:problem:input_invalid",
            "title": "The input does not fit the task's schema",
            "status": 422,
            "detail": "the input does not fit the task's schema",
            "instance": "<request>",
            "code": "input_invalid",
            "errors": [{ "pointer": "/input/name", "message": message }],
        })
    );
}

#[tokio::test]
async fn bad_json_is_shown_at_its_place() {
    let app = TestApp::new().await;
    let answer = post_text(&app, "/v1/runs", "application/json", "{\"task\": \"x\",\n  }".into()).await;
    assert_eq!(answer.problem(400), "json_invalid");
    let fault = &answer.json()["errors"][0];
    assert_eq!(*fault, json!({ "message": "trailing comma", "line": 2, "column": 3 }));
    for text in ["", "{", "{\"task\"", "nul", "{} {}", "\u{feff}{}", "{\"task\": \"\u{1}\"}"] {
        let answer = post_text(&app, "/v1/runs", "application/json", text.into()).await;
        let code = answer.problem(answer.status.as_u16());
        assert!(["json_invalid", "body_invalid"].contains(&code.as_str()), "{text:?}: {code}");
    }
    let answer =
        post_text(&app, "/v1/runs", "application/json", "{\"task\": \"x\", \"tasks\": 1}".into()).await;
    assert_eq!(answer.problem(422), "body_invalid");
    assert!(answer.json()["detail"].as_str().unwrap().contains("unknown field `tasks`"), "{}", answer.text);
}

#[tokio::test]
async fn only_json_is_taken() {
    let app = TestApp::new().await;
    for other in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json", ""] {
        let answer = post_text(&app, "/v1/runs", other, "{}".into()).await;
        assert_eq!(answer.problem(415), "content_type_unsupported", "{other:?}");
    }
    for json in ["application/json", "Application/JSON;charset=utf-8", "application/vnd.fermata+json"] {
        assert_eq!(
            post_text(&app, "/v1/runs", json, "{}".into()).await.problem(422),
            "body_invalid",
            "{json:?}"
        );
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let app = TestApp::new().await;
    let said = post_text(&app, "/v1/runs", "application/json", " ".repeat(BODY_BYTES_MAX + 1)).await;
    assert_eq!(said.problem(413), "body_too_large");

    // A body that does not say its length is refused where it crosses the limit.
    let pieces = (0..5).map(|_| Ok::<_, std::io::Error>(vec![b' '; BODY_BYTES_MAX / 4]));
    let request = app.request(Method::POST, "/v1/runs").header("content-type", "application/json");
    let streamed = request.body(Body::from_stream(futures::stream::iter(pieces))).unwrap();
    assert_eq!(app.send(streamed).await.problem(413), "body_too_large");

    let fits = format!("{{\"task\": \"nobody\"{}}}", " ".repeat(BODY_BYTES_MAX - 18));
    assert_eq!(fits.len(), BODY_BYTES_MAX);
    assert_eq!(post_text(&app, "/v1/runs", "application/json", fits).await.problem(404), "task_unknown");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_the_clients_problem() {
    let app = TestApp::new().await;
    let broken = [Ok(b"{".to_vec()), Err(std::io::Error::other("reset"))];
    let request = app.request(Method::POST, "/v1/runs").header("content-type", "application/json");
    let body = Body::from_stream(futures::stream::iter(broken));
    assert_eq!(app.send(request.body(body).unwrap()).await.problem(400), "body_broken");
}

#[tokio::test]
async fn bad_queries_and_paths() {
    let app = TestApp::new().await;
    let run = UNKNOWN_RUN;
    let cases = [
        ("/v1/runs?limit=0", 400, "query_invalid"),
        ("/v1/runs?limit=201", 400, "query_invalid"),
        ("/v1/runs?limit=ten", 400, "query_invalid"),
        ("/v1/runs?limit=-1", 400, "query_invalid"),
        ("/v1/runs?status=done", 400, "query_invalid"),
        ("/v1/runs?parent=5", 400, "query_invalid"),
        ("/v1/runs?created_after=yesterday", 400, "query_invalid"),
        ("/v1/runs?taks=hello", 400, "query_invalid"),
        ("/v1/runs?limit=1&limit=2", 400, "query_invalid"),
        ("/v1/runs?cursor=nonsense", 400, "cursor_invalid"),
        ("/v1/runs?cursor=AWE", 400, "cursor_invalid"),
        ("/v1/tasks?cursor=%FF", 400, "cursor_invalid"),
        ("/v1/runs/seven", 400, "path_invalid"),
        ("/v1/runs/run_12", 400, "path_invalid"),
        ("/v1/runs/%FF", 400, "path_invalid"),
        (&format!("/v1/runs/{run}?wait=11m"), 400, "query_invalid"),
        (&format!("/v1/runs/{run}?wait=x"), 400, "query_invalid"),
        (&format!("/v1/runs/{run}"), 404, "run_unknown"),
        (&format!("/v1/runs/{run}?wait=30s"), 404, "run_unknown"),
        (&format!("/v1/runs/{run}/calls"), 404, "run_unknown"),
        (&format!("/v1/runs/{run}/logs?after=4"), 404, "run_unknown"),
        (&format!("/v1/runs/{run}/events"), 404, "run_unknown"),
        (&format!("/v1/runs/{run}/calls?after=x"), 400, "query_invalid"),
        ("/v1/tasks/nobody", 404, "task_unknown"),
        ("/v1/nothing", 404, "path_unknown"),
        ("/v1/runs/", 404, "path_unknown"),
        ("/nothing", 404, "path_unknown"),
    ];
    for (path, status, code) in cases {
        let answer = app.get(path).await;
        assert_eq!(answer.problem(status), code, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_bad_query_says_which_parameter() {
    let app = TestApp::new().await;
    let detail =
        async |query: &str| -> Value { app.get(&format!("/v1/runs?{query}")).await.json()["detail"].clone() };
    assert_eq!(detail("limit=999").await, "limit: \"999\" is not a number from 1 to 200");
    assert!(detail("status=done").await.as_str().unwrap().contains("unknown run status \"done\""));
    assert!(detail("taks=x").await.as_str().unwrap().contains("unknown field `taks`"));
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let app = TestApp::new().await;
    let cases = [
        (Method::DELETE, "/v1/runs".to_owned(), ["GET", "POST"].as_slice()),
        (Method::PUT, "/v1/tasks/hello".to_owned(), &["GET"]),
        (Method::GET, format!("/v1/runs/{UNKNOWN_RUN}/cancel"), &["POST"]),
        (Method::POST, "/livez".to_owned(), &["GET"]),
        (Method::GET, "/v1/keystore/a/b".to_owned(), &["PUT", "DELETE"]),
    ];
    for (method, path, allowed) in cases {
        let answer = app.send(app.request(method, &path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.problem(405), "method_not_allowed", "{path}");
        let allow = answer.header("allow").unwrap();
        assert!(allowed.iter().all(|method| allow.contains(method)), "{path}: {allow}");
    }
}
