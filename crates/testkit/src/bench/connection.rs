//! A client's connection: keep-alive HTTP/1.1 written by hand, because each microsecond of the
//! client is one that the server does not get.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::answer::{Head, find};

/// Longest wait for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(600);
const READ_BYTES: usize = 16 << 10;

/// How to reach a server.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// What it wants to see.
    pub(crate) token: String,
}

impl Access {
    /// The bytes of a request.
    pub(crate) fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let (token, bytes) = (&self.token, body.len());
        let head = format!("{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n");
        let body = format!("content-type: application/json\r\ncontent-length: {bytes}\r\n\r\n{body}");
        [head, body].concat().into_bytes()
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect(self.address).await.context("connect to the server")?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::with_capacity(READ_BYTES) })
    }

    /// Makes one request on a connection of its own and reads the JSON of a good answer.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> Result<Value> {
        self.connect().await?.ask(&self.request(method, path, body)).await
    }
}

/// An open connection with one request under way at most.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, as long as its connection asks nothing else.
pub(crate) struct Answer<'a> {
    /// The status code.
    pub(crate) status: u16,
    /// The body.
    pub(crate) body: &'a [u8],
}

impl Connection {
    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.buffer.clear();
        self.stream.write_all(request).await.context("send a request")?;
        let reading = tokio::time::timeout(ANSWER_WITHIN, read(&mut self.stream, &mut self.buffer));
        let head = reading.await.with_context(|| format!("no answer within {ANSWER_WITHIN:?}"))??;
        Ok(Answer { status: head.status, body: &self.buffer[head.body_at..head.body_at + head.body_bytes] })
    }

    /// Starts and completes a run by the same request again and again; how long each took.
    pub(crate) async fn complete(&mut self, request: &[u8], times: u64) -> Result<Vec<Duration>> {
        let mut took = Vec::new();
        for _ in 0..times {
            let began = Instant::now();
            self.send(request).await?.must_be_completed()?;
            took.push(began.elapsed());
        }
        Ok(took)
    }

    /// Sends a request and reads the JSON of a good answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Value> {
        let answer = self.send(request).await?;
        answer.must_be_good()?;
        serde_json::from_slice(answer.body).context("the answer is not JSON")
    }
}

impl Answer<'_> {
    /// Fails unless the request was done.
    pub(crate) fn must_be_good(&self) -> Result<()> {
        if (200..300).contains(&self.status) {
            return Ok(());
        }
        bail!("the server answered {}: {}", self.status, String::from_utf8_lossy(self.body))
    }

    /// Fails unless it tells of a run that is completed.
    pub(crate) fn must_be_completed(&self) -> Result<()> {
        if self.status == 200 && find(self.body, br#""status":"completed""#).is_some() {
            return Ok(());
        }
        bail!("a run is not completed ({}): {}", self.status, String::from_utf8_lossy(self.body))
    }

    /// The id of the run it tells of.
    pub(crate) fn run_id(&self) -> Result<&str> {
        const ID: &[u8] = br#""id":""#;
        let at = find(self.body, ID).context("the answer names no run")? + ID.len();
        let rest = &self.body[at..];
        let end = find(rest, b"\"").context("the id has no end")?;
        std::str::from_utf8(&rest[..end]).context("the id is no text")
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Result<Head> {
    let mut head = None;
    loop {
        let count = stream.read_buf(buffer).await.context("read an answer")?;
        if count == 0 {
            bail!("the server closed the connection");
        }
        if head.is_none() {
            head = Head::parse(buffer)?;
        }
        if let Some(head) = head.filter(|head| buffer.len() >= head.body_at + head.body_bytes) {
            return Ok(head);
        }
    }
}
