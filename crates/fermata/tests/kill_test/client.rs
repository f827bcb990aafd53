//! A client that treats an answer that does not come as "unknown" and asks again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// Longest wait for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// Wait before a server that does not answer is asked again.
const AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Where the server is and what opens it.
#[derive(Clone)]
pub(crate) struct Access {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    /// Answers that were no fault of a kill.
    pub(crate) faults: Arc<AtomicU32>,
}

/// A client with a connection of its own.
pub(crate) struct Client {
    access: Access,
    connection: Option<SendRequest<Full<Bytes>>>,
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
    /// An earlier time the question was asked, no answer came: it may have been heard all the same.
    pub(crate) may_be_second: bool,
}

impl Client {
    pub(crate) fn new(access: &Access) -> Self {
        Self { access: access.clone(), connection: None }
    }

    /// Asks until there is an answer.
    pub(crate) async fn ask(&mut self, question: &Question) -> Answer {
        let mut may_be_second = false;
        loop {
            match self.ask_once(question).await {
                Some((status, body)) if status < 500 => return Answer { status, body, may_be_second },
                Some(_) => drop(self.access.faults.fetch_add(1, Ordering::Relaxed)),
                None => {}
            }
            may_be_second = true;
            tokio::time::sleep(AGAIN_AFTER).await;
        }
    }

    /// Asks once. Nothing when no answer came.
    pub(crate) async fn ask_once(&mut self, question: &Question) -> Option<(u16, Value)> {
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.exchange(question)).await.ok().flatten();
        if answer.is_none() {
            self.connection = None;
        }
        answer
    }

    async fn exchange(&mut self, question: &Question) -> Option<(u16, Value)> {
        let mut connection = match self.connection.take() {
            Some(connection) if !connection.is_closed() => connection,
            _ => self.connect().await?,
        };
        connection.ready().await.ok()?;
        let answer = connection.send_request(self.request(question)).await.ok()?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        self.connection = Some(connection);
        Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }

    async fn connect(&self) -> Option<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.access.address).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let (connection, driver) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(driver);
        Some(connection)
    }

    fn request(&self, question: &Question) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(&question.method)
            .uri(&question.path)
            .header("host", self.access.address.to_string())
            .header("authorization", format!("Bearer {}", self.access.token))
            .header("content-type", "application/json");
        if let Some(key) = &question.key {
            request = request.header("idempotency-key", key);
        }
        let body = question.body.as_ref().map(Value::to_string).unwrap_or_default();
        request.body(Full::from(body)).unwrap()
    }

    /// Gives a run as it stands after `wait` at most.
    pub(crate) async fn run(&mut self, id: &str, wait: Option<&str>) -> Value {
        let wait = wait.map(|wait| format!("?wait={wait}")).unwrap_or_default();
        let answer = self.ask(&Question::get(format!("/v1/runs/{id}{wait}"))).await;
        assert_eq!(answer.status, 200, "run {id} was accepted: {}", answer.body);
        answer.body
    }

    /// Publishes a text.
    pub(crate) async fn publish(&mut self, file_name: &str, source: &str) {
        let question = Question::post("/v1/tasks", json!({ "file_name": file_name, "source": source }));
        let answer = self.ask(&question).await;
        assert!(matches!(answer.status, 200 | 201), "{file_name}: {}", answer.body);
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
