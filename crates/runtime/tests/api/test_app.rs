//! An API with an engine and a store of its own, and answers that can be compared.

use std::path::PathBuf;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use axum::response::IntoResponse;
use fermata_engine::Engine;
use fermata_model::Limits;
use fermata_runtime::{InternalToken, Settings, router, token};
use fermata_store::{DatabaseUrl, Options, Store};
use fermata_testkit::postgres::{self, Database};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

/// The task most tests run.
pub(crate) const HELLO: &str = "\
/**
 * Greets somebody.
 * @param {object} input
 * @param {string} [input.name] Whom.
 */
export async function runTask(input, tools) {
  tools.log.info('greeting', { whom: input?.name ?? null });
  return { greeting: `Hello, ${input?.name ?? 'world'}!` };
}
";

/// A task that waits for the event `go` and gives its payload.
pub(crate) const WAITER: &str = "\
export async function runTask(input, tools) {
  return { went: await tools.events.wait('go') };
}
";

/// What the database shows when it pushes a run.
pub(crate) const INTERNAL_TOKEN: &str = "what-only-the-database-and-the-server-know";

/// An API to ask.
pub(crate) struct TestApp {
    pub(crate) router: axum::Router,
    pub(crate) token: String,
    pub(crate) stopping: watch::Sender<bool>,
    pub(crate) store: Store,
    _folder: TempDir,
    _database: Option<Database>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = postgres::is_wanted().then(|| Database::create().unwrap());
        let url = database.as_ref().map(|database| DatabaseUrl::parse(database.url()).unwrap());
        let store = Store::open(folder.path(), Options { database: url, ..Options::default() }).unwrap();
        let token = token::ensure_token(&store).unwrap().unwrap();
        let settings = fermata_engine::Settings {
            // Shared, so that the engine is compiled once for all tests.
            engine_folder: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("engine"),
            limits: Limits::default(),
            resident_max: 16,
            resident_for: Duration::from_secs(1),
            keep_runs: None,
            executors: 2,
            egress: fermata_connect::egress::Policy::default(),
        };
        let engine = Engine::start(settings, store.clone()).unwrap();
        let (stopping, stops) = watch::channel(false);
        let internal_token = Some(InternalToken::new(INTERNAL_TOKEN));
        let settings = Settings { version: "1.2.3".into(), stopping: stops, internal_token };
        let router = router(engine, settings);
        Self { router, token, stopping, store, _folder: folder, _database: database }
    }

    /// An API that knows the tasks `hello` and `waiter`.
    pub(crate) async fn with_tasks() -> Self {
        let app = Self::new().await;
        for (file_name, source) in [("hello.js", HELLO), ("waiter.js", WAITER)] {
            let published = app.publish(file_name, source).await;
            assert_eq!(published.status, StatusCode::CREATED, "{}", published.text);
        }
        app
    }

    pub(crate) async fn publish(&self, file_name: &str, source: &str) -> Answer {
        self.post("/v1/tasks", &json!({ "file_name": file_name, "source": source })).await
    }

    /// Starts a run and gives its id.
    pub(crate) async fn start(&self, body: Value) -> String {
        let answer = self.post("/v1/runs", &body).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send_json(Method::POST, path, body).await
    }

    pub(crate) async fn send_json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).header(CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// A request with the token.
    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let bearer = format!("Bearer {}", self.token);
        Request::builder().method(method).uri(path).header(AUTHORIZATION, bearer)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Answer::read(self.open(request).await).await
    }

    /// Sends a request and leaves the answer's body to be read.
    pub(crate) async fn open(&self, request: Request<Body>) -> Response<Body> {
        self.router.clone().oneshot(request).await.into_response()
    }
}

impl Answer {
    pub(crate) async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let answer = Self {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(body.to_vec()).unwrap(),
        };
        assert!(answer.headers.contains_key("x-request-id"), "every answer has a request id: {answer:?}");
        answer
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body with ids, times and CPU time replaced by what they are.
    pub(crate) fn redacted(&self) -> Value {
        redact(self.json())
    }

    /// The problem's code, after checking that it is a whole problem.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("urn:fermata:problem:{code}"));
        assert_eq!(problem["status"], status);
        assert_eq!(problem["instance"].as_str(), self.header("x-request-id"));
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        code
    }
}

/// Replaces what differs from run to run.
pub(crate) fn redact(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let redact_member = |(name, value): (String, Value)| {
                let value =
                    if name == "cpu_ms" && value.is_number() { "<cpu>".into() } else { redact(value) };
                (name, value)
            };
            Value::Object(members.into_iter().map(redact_member).collect())
        }
        Value::Array(items) => items.into_iter().map(redact).collect(),
        Value::String(text) => redact_text(text).into(),
        other => other,
    }
}

fn redact_text(text: String) -> String {
    let is_hex = |digits: &str| digits.len() == 32 && digits.chars().all(|c| c.is_ascii_hexdigit());
    for (prefix, shown) in [("run_", "<run>"), ("ver_", "<version>"), ("req_", "<request>")] {
        if text.strip_prefix(prefix).is_some_and(is_hex) {
            return shown.into();
        }
    }
    let is_time = text.len() == 24 && text.ends_with('Z') && text.as_bytes()[10] == b'T';
    if is_time { "<time>".into() } else { text }
}
