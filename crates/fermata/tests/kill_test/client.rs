//! A client that treats an answer that does not come as "unknown" and asks again, where there are
//! several servers one of them by chance.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// How long the same is asked again and again: longer than servers are ever away.
const ASKED_FOR: Duration = Duration::from_secs(50);
/// Wait before a server that does not answer is asked again.
const AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Where the servers are, what opens them, and how patient clients are with them.
#[derive(Clone)]
pub(crate) struct Access {
    /// Each of them knows the same runs.
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) token: String,
    /// Longest wait for one answer.
    pub(crate) answer_within: Duration,
    /// How long a server is asked to wait for the end of a run before it answers; shorter than
    /// `answer_within`.
    pub(crate) wait: &'static str,
    /// Answers that were no fault of a kill.
    pub(crate) faults: Arc<AtomicU32>,
}

/// A client with connections of its own.
pub(crate) struct Client {
    access: Access,
    /// One for each server.
    connections: Vec<Option<SendRequest<Full<Bytes>>>>,
}

/// What is asked.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    pub(crate) body: Option<Value>,
}

impl Question {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), key: None, body: None }
    }

    pub(crate) fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), key: None, body: Some(body) }
    }

    pub(crate) fn with_key(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    /// How often it was asked. The times before, no answer came: it may have been heard all the same.
    pub(crate) times: u32,
}

impl Client {
    pub(crate) fn new(access: &Access) -> Self {
        let connections = access.addresses.iter().map(|_| None).collect();
        Self { access: access.clone(), connections }
    }

    /// Asks until there is an answer.
    pub(crate) async fn ask(&mut self, question: &Question) -> Answer {
        let (began, mut times, mut last) = (Instant::now(), 0, Value::Null);
        loop {
            times += 1;
            let answer = self.ask_once(question).await;
            if let Some((status, body)) = answer {
                if status < 500 {
                    return Answer { status, body, times };
                }
                self.access.faults.fetch_add(1, Ordering::Relaxed);
                last = body;
            }
            let Question { method, path, .. } = question;
            assert!(began.elapsed() < ASKED_FOR, "{method} {path} has no answer after {times} times: {last}");
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    /// Asks once. Nothing when no answer came.
    pub(crate) async fn ask_once(&mut self, question: &Question) -> Option<(u16, Value)> {
        let (server, within) = (rand::random_range(0..self.connections.len()), self.access.answer_within);
        tokio::time::timeout(within, self.exchange(server, question)).await.ok().flatten()
    }

    /// A connection is put back only once it has brought an answer.
    async fn exchange(&mut self, server: usize, question: &Question) -> Option<(u16, Value)> {
        let address = self.access.addresses[server];
        let mut connection = match self.connections[server].take() {
            Some(connection) if !connection.is_closed() => connection,
            _ => connect(address).await?,
        };
        connection.ready().await.ok()?;
        let answer = connection.send_request(self.request(address, question)).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        self.connections[server] = Some(connection);
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    fn request(&self, address: SocketAddr, question: &Question) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(&question.method)
            .uri(&question.path)
            .header("host", address.to_string())
            .header("authorization", format!("Bearer {}", self.access.token))
            .header("content-type", "application/json");
        if let Some(key) = &question.key {
            request = request.header("idempotency-key", key);
        }
        let body = question.body.as_ref().map(Value::to_string).unwrap_or_default();
        request.body(Full::from(body)).unwrap()
    }

    /// Gives a run as it stands.
    pub(crate) async fn run(&mut self, id: &str) -> Value {
        self.run_at(&format!("/v1/runs/{id}")).await
    }

    /// Gives a run once it has ended.
    pub(crate) async fn ended(&mut self, id: &str) -> Value {
        loop {
            let run = self.run_at(&format!("/v1/runs/{id}?wait={}", self.access.wait)).await;
            if is_ended(&run) {
                return run;
            }
        }
    }

    /// Gives all calls of a run, which is whole or from a list.
    pub(crate) async fn calls(&mut self, run: &Value) -> Vec<Value> {
        self.list(&format!("/v1/runs/{}/calls", run["id"].as_str().unwrap())).await
    }

    async fn run_at(&mut self, path: &str) -> Value {
        let answer = self.ask(&Question::get(path)).await;
        assert_eq!(answer.status, 200, "{path} was accepted: {}", answer.body);
        answer.body
    }

    /// Publishes a text; gives the version's number.
    pub(crate) async fn publish(&mut self, file_name: &str, source: &str) -> Value {
        let question = Question::post("/v1/tasks", json!({ "file_name": file_name, "source": source }));
        let answer = self.ask(&question).await;
        assert!(matches!(answer.status, 200 | 201), "{file_name}: {}", answer.body);
        answer.body["version"].clone()
    }

    /// Everything of a list, page by page.
    pub(crate) async fn list(&mut self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let separator = if path.contains('?') { '&' } else { '?' };
            let page = Question::get(format!("{path}{separator}limit=200{cursor}"));
            let mut answer = self.ask(&page).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            items.append(answer.body["items"].as_array_mut().unwrap());
            match answer.body["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

/// Whether a run, whole or in a list, has ended.
pub(crate) fn is_ended(run: &Value) -> bool {
    matches!(run["status"].as_str(), Some("completed" | "failed" | "cancelled"))
}

async fn connect(address: SocketAddr) -> Option<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(address).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let (connection, driver) = handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(driver);
    Some(connection)
}
