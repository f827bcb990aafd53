//! A tiny HTTP server on the loopback address, which steps ask: it answers at once and notes which
//! step asked and when.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::answer::find;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
/// A longer request is none of ours.
const REQUEST_BYTES_MAX: usize = 64 << 10;

/// A request that came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// The number in its path.
    pub(crate) step: usize,
    /// When it was there.
    pub(crate) at: Instant,
}

/// The server; it ends when this is dropped.
pub(crate) struct Loopback {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    serving: JoinHandle<()>,
}

impl Loopback {
    /// Starts it on a free port.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen on the loopback address")?;
        let address = listener.local_addr()?;
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let serving = tokio::spawn(serve(listener, asked.clone()));
        Ok(Self { address, asked, serving })
    }

    /// Its address, for a task.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// All requests since the last time this was asked.
    pub(crate) fn take_asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, asked: Arc<Mutex<Vec<Asked>>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        connections.spawn(converse(stream, asked.clone()));
    }
}

/// Answers requests without a body until the other side closes.
async fn converse(mut stream: TcpStream, asked: Arc<Mutex<Vec<Asked>>>) {
    let mut buffer = Vec::with_capacity(1024);
    if stream.set_nodelay(true).is_err() {
        return;
    }
    loop {
        while find(&buffer, b"\r\n\r\n").is_none() {
            let is_over =
                buffer.len() > REQUEST_BYTES_MAX || !matches!(stream.read_buf(&mut buffer).await, Ok(1..));
            if is_over {
                return;
            }
        }
        let request = Asked { step: step(&buffer), at: Instant::now() };
        asked.lock().unwrap_or_else(PoisonError::into_inner).push(request);
        buffer.clear();
        if stream.write_all(ANSWER).await.is_err() {
            return;
        }
    }
}

/// The number in `GET /{number} HTTP/1.1`; 0 without one.
fn step(request: &[u8]) -> usize {
    let path = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    let digits = std::str::from_utf8(path).unwrap_or_default().trim_start_matches('/');
    digits.parse().unwrap_or_default()
}
