//! `/v1/runs/{id}/events`.

use axum::body::Body;
use axum::http::{Method, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::test_app::TestApp;

/// One server-sent event.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    id: u64,
    name: String,
    data: Value,
}

impl Event {
    fn read(text: &str) -> Option<Self> {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name).map(str::trim));
        Some(Self {
            id: field("id:")?.parse().unwrap(),
            name: field("event:")?.to_owned(),
            data: serde_json::from_str(field("data:")?).unwrap(),
        })
    }
}

fn events(text: &str) -> Vec<Event> {
    text.split("\n\n").filter_map(Event::read).collect()
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.name.as_str()).collect()
}

async fn open(app: &TestApp, id: &str, after: Option<&str>) -> Response<Body> {
    let mut request = app.request(Method::GET, &format!("/v1/runs/{id}/events"));
    if let Some(after) = after {
        request = request.header("last-event-id", after);
    }
    app.open(request.body(Body::empty()).unwrap()).await
}

/// Reads a stream until an event of this name has come.
async fn read_until(body: &mut Body, name: &str) -> Vec<Event> {
    let mut text = String::new();
    while !text.contains(&format!("event: {name}\n")) || !text.ends_with("\n\n") {
        let frame = body.frame().await.expect("the stream goes on").unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    events(&text)
}

#[tokio::test]
async fn an_ended_run_is_told_from_its_start_to_its_end() {
    let app = TestApp::with_tasks().await;
    let run = app.post("/v1/runs", &json!({ "task": "hello", "wait": "10s" })).await.json();
    let id = run["id"].as_str().unwrap();
    let answer = app.get(&format!("/v1/runs/{id}/events")).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(answer.header("x-accel-buffering"), Some("no"));
    let told = events(&answer.text);
    assert_eq!(names(&told), ["run_started", "log", "run_ended"]);
    assert_eq!(told.iter().map(|event| event.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(told[1].data["message"], "greeting");
    assert_eq!(told[2].data, run);
}

#[tokio::test]
async fn a_stream_goes_on_where_it_was_left() {
    let app = TestApp::with_tasks().await;
    let id = app.start(json!({ "task": "hello", "wait": "10s" })).await;
    let whole = events(&app.get(&format!("/v1/runs/{id}/events")).await.text);
    for event in &whole {
        let path = format!("/v1/runs/{id}/events?after={}", event.id);
        let rest: Vec<_> = whole.iter().filter(|other| other.id > event.id).cloned().collect();
        let answer = app.get(&path).await;
        assert_eq!(events(&answer.text), rest, "after {}", event.id);
        assert_eq!(answer.status.as_u16(), if rest.is_empty() { 204 } else { 200 });
    }
}

#[tokio::test]
async fn a_running_run_is_told_as_it_happens() {
    let app = TestApp::with_tasks().await;
    let id = app.start(json!({ "task": "waiter" })).await;
    let mut body = open(&app, &id, None).await.into_body();
    let begun = read_until(&mut body, "call_began").await;
    assert_eq!(names(&begun), ["run_started", "call_began"]);
    assert_eq!(begun[1].data["awaits"], "go");

    let sent =
        app.post(&format!("/v1/runs/{id}/events"), &json!({ "name": "go", "payload": { "n": 1 } })).await;
    assert_eq!((sent.status.as_u16(), sent.json()), (202, json!({ "number": 1 })));
    let ended = read_until(&mut body, "run_ended").await;
    assert_eq!(names(&ended), ["call_ended", "run_ended"]);
    assert_eq!(ended[0].data["result"], json!({ "n": 1 }));
    assert_eq!(ended[1].data["result"], json!({ "went": { "n": 1 } }));
    assert!(body.frame().await.is_none(), "the stream ends with the run");

    let last = begun[1].id.to_string();
    let resumed = open(&app, &id, Some(&last)).await.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(events(std::str::from_utf8(&resumed).unwrap()), ended);
}

#[tokio::test]
async fn a_stream_longer_than_a_page_is_told_whole() {
    let app = TestApp::new().await;
    app.publish(
        "counts.js",
        "export async function runTask() { for (let i = 0; i < 100; i++) console.log(i); }",
    )
    .await;
    let id = app.start(json!({ "task": "counts", "wait": "10s" })).await;
    let told = events(&app.get(&format!("/v1/runs/{id}/events")).await.text);
    assert_eq!(told.len(), 102);
    assert!(told.windows(2).all(|pair| pair[0].id + 1 == pair[1].id), "{told:?}");
}

#[tokio::test]
async fn a_stream_ends_with_the_server() {
    let app = TestApp::with_tasks().await;
    let id = app.start(json!({ "task": "waiter" })).await;
    let mut body = open(&app, &id, None).await.into_body();
    read_until(&mut body, "call_began").await;
    app.stopping.send_replace(true);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn an_event_needs_a_run_that_goes_on_and_a_name() {
    let app = TestApp::with_tasks().await;
    let (ended, running) = (
        app.start(json!({ "task": "hello", "wait": "10s" })).await,
        app.start(json!({ "task": "waiter" })).await,
    );
    let send = async |id: &str, body: Value| app.post(&format!("/v1/runs/{id}/events"), &body).await;
    assert_eq!(send(&ended, json!({ "name": "go" })).await.problem(409), "run_ended");
    assert_eq!(send(&running, json!({ "name": "" })).await.problem(422), "name_invalid");
    assert_eq!(send(&running, json!({ "name": "x".repeat(201) })).await.problem(422), "name_invalid");
    assert_eq!(send(&running, json!({ "payload": 1 })).await.problem(422), "body_invalid");
    assert_eq!(open(&app, &running, Some("x")).await.status(), 400);
    assert_eq!(send(&running, json!({ "name": "go" })).await.json(), json!({ "number": 1 }));
    let run = app.get(&format!("/v1/runs/{running}?wait=30s")).await.json();
    assert_eq!(run["result"], json!({ "went": null }));
}
