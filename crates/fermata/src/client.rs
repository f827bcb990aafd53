//! A client of the HTTP API: one method for each operation, the same over a socket and in process.
//!
//! Nothing here prints or decides what a command does. Connection failures are tried again where
//! that cannot do anything twice.

mod error;
mod events;
mod operations;
mod remote;
mod sse;
mod wire;

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response};
use serde::de::DeserializeOwned;
use tower::ServiceExt;

pub(crate) use error::ClientError;
pub(crate) use events::{Events, RunEvent};
pub(crate) use operations::RunFilter;
pub(crate) use wire::{
    Call, Document, Entry, EntryVersion, LogLine, Page, Publish, PutEntry, RestoreEntry, Run, SendEvent,
    StartRun, Task, WrittenEntry,
};

use crate::settings::{Server, Token};
use remote::Remote;

/// How often a request is made when the connection fails.
const ATTEMPTS: u32 = 3;
/// Wait before the second attempt; the third waits four times as long.
const RETRY_AFTER: Duration = Duration::from_millis(100);
/// How long the head of an answer may take, besides what the request itself asks to wait.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Largest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// This program's name in requests.
const AGENT: &str = concat!("fermata/", env!("CARGO_PKG_VERSION"));

/// The way requests go.
enum Transport {
    Remote(Remote),
    InProcess(axum::Router),
}

/// A client of one server.
pub(crate) struct Client {
    transport: Transport,
    authorization: Option<HeaderValue>,
}

/// A request to be made.
#[derive(Debug, Clone)]
struct Exchange {
    method: Method,
    path: String,
    body: Option<Vec<u8>>,
    headers: Vec<(&'static str, String)>,
    /// Whether making it twice is the same as making it once.
    is_repeatable: bool,
    within: Duration,
}

impl Exchange {
    /// A request without a body. All but POST may be repeated.
    fn new(method: Method, path: impl Into<String>) -> Self {
        let is_repeatable = method != Method::POST;
        Self {
            method,
            path: path.into(),
            body: None,
            headers: Vec::new(),
            is_repeatable,
            within: ANSWER_WITHIN,
        }
    }

    /// The same with a JSON body.
    fn with_body(self, body: &impl serde::Serialize) -> Result<Self, ClientError> {
        let body = serde_json::to_vec(body).map_err(|error| ClientError::BadAnswer(error.to_string()))?;
        Ok(Self { body: Some(body), ..self })
    }

    /// The same, and known to be harmless when repeated.
    fn repeatable(self) -> Self {
        Self { is_repeatable: true, ..self }
    }
}

impl Client {
    /// A client over a socket. Connects with the first request.
    pub(crate) fn remote(server: Server) -> Self {
        let authorization = server.token.as_ref().and_then(bearer);
        Self { transport: Transport::Remote(Remote::new(server.url)), authorization }
    }

    /// A client of a router in this process.
    pub(crate) fn in_process(router: axum::Router, token: &Token) -> Self {
        Self { transport: Transport::InProcess(router), authorization: bearer(token) }
    }

    /// Makes a request and reads the answer.
    async fn fetch<T: DeserializeOwned>(&self, exchange: Exchange) -> Result<T, ClientError> {
        let bytes = read_whole(self.open(exchange).await?).await?;
        serde_json::from_slice(&bytes).map_err(|error| ClientError::BadAnswer(error.to_string()))
    }

    /// Makes a request whose answer says nothing.
    async fn order(&self, exchange: Exchange) -> Result<(), ClientError> {
        read_whole(self.open(exchange).await?).await.map(drop)
    }

    /// Makes a request, again when the connection fails and that is safe, and gives the answer's
    /// head when it is a good one.
    async fn open(&self, exchange: Exchange) -> Result<Response<Body>, ClientError> {
        let mut attempt = 1;
        let mut wait = RETRY_AFTER;
        loop {
            let failed = match self.attempt(&exchange).await {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) => return Err(refusal(answer).await),
                Err(error) => error,
            };
            let may_repeat = exchange.is_repeatable || failed.is_before_sending();
            if attempt == ATTEMPTS || !may_repeat || !failed.is_connection() {
                return Err(failed);
            }
            tokio::time::sleep(wait).await;
            attempt += 1;
            wait *= 4;
        }
    }

    async fn attempt(&self, exchange: &Exchange) -> Result<Response<Body>, ClientError> {
        let request = self.request(exchange)?;
        let answer = async {
            match &self.transport {
                Transport::Remote(remote) => remote.send(request).await,
                Transport::InProcess(router) => {
                    Ok(router.clone().oneshot(request).await.unwrap_or_else(|e| match e {}))
                }
            }
        };
        match tokio::time::timeout(exchange.within, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(ClientError::Silent { within: exchange.within }),
        }
    }

    fn request(&self, exchange: &Exchange) -> Result<Request<Body>, ClientError> {
        let mut request =
            Request::builder().method(&exchange.method).uri(&exchange.path).header(USER_AGENT, AGENT);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        for (name, value) in &exchange.headers {
            request = request.header(*name, value);
        }
        let body = match &exchange.body {
            Some(bytes) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Body::from(bytes.clone())
            }
            None => Body::empty(),
        };
        request.body(body).map_err(|error| ClientError::BadRequest(error.to_string()))
    }
}

fn bearer(token: &Token) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

async fn read_whole(answer: Response<Body>) -> Result<Bytes, ClientError> {
    let read = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    read.map(|body| body.to_bytes()).map_err(|error| ClientError::Broken(error.to_string()))
}

async fn refusal(answer: Response<Body>) -> ClientError {
    let status = answer.status();
    match read_whole(answer).await {
        Ok(body) => ClientError::refused(status, &body),
        Err(error) => error,
    }
}
