//! An HTTP server on loopback for peers: it remembers what it was asked, and can be told to misbehave.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::own_thread;

/// A larger request is answered with 413.
const REQUEST_BYTES_MAX: usize = 16 << 20;

/// A request as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The method, in capitals.
    pub method: String,
    /// The path, as it came.
    pub path: String,
    /// The query after the question mark, as it came; empty without one.
    pub query: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Seen {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// What the server answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: ReplyBody,
}

/// The body of an answer, and how it comes.
#[derive(Debug, Clone)]
pub enum ReplyBody {
    /// At once.
    Whole(Vec<u8>),
    /// Piece by piece.
    Pieces(Vec<Vec<u8>>),
    /// Announced as twice as long as it is: then the connection breaks.
    Half(Vec<u8>),
    /// Again and again, for ever.
    Endless(Vec<u8>),
    /// Nothing at all, not even a head.
    Hang,
}

impl Reply {
    /// An answer of this status and content type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: ReplyBody::Whole(body.into()) }
    }

    /// An answer in JSON.
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::new(status, "application/json", value.to_string())
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a body that comes in this way.
    #[must_use]
    pub fn coming(self, body: ReplyBody) -> Self {
        Self { body, ..self }
    }
}

type Answer = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

/// A running server on a port of its own, in a thread of its own. It ends when this is dropped.
pub struct HttpPeer {
    address: SocketAddr,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    answer: Answer,
    seen: Mutex<Vec<Seen>>,
    next: Mutex<VecDeque<Reply>>,
}

impl HttpPeer {
    /// Starts one that answers by a function.
    ///
    /// # Panics
    ///
    /// When the machine has no port or no thread left.
    pub fn start(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let (runtime, listener, address) =
            own_thread::listen().expect("a machine that runs tests has a port left");
        let state =
            Arc::new(State { answer: Arc::new(answer), seen: Mutex::default(), next: Mutex::default() });
        let (stop, stopped) = oneshot::channel();
        let conversing = Arc::clone(&state);
        let serving =
            own_thread::serve(listener, stopped, move |client| converse(client, Arc::clone(&conversing)));
        let thread = thread::Builder::new().name("testkit-http-peer".to_owned());
        let thread = thread.spawn(move || runtime.block_on(serving));
        let thread = thread.expect("a machine that runs tests has a thread left");
        Self { address, state, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path, which begins with a slash or is empty.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next requests get these answers instead of the usual ones, in this order.
    pub fn next(&self, replies: impl IntoIterator<Item = Reply>) {
        lock(&self.state.next).extend(replies);
    }

    /// All requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state.seen).clone()
    }

    /// All requests since this was last asked.
    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut lock(&self.state.seen))
    }
}

impl Drop for HttpPeer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn converse(client: TcpStream, state: Arc<State>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&state)));
    // It fails when the client leaves, and when a body is broken off on purpose.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(client), service).await;
}

type Response = hyper::Response<UnsyncBoxBody<Bytes, Broken>>;

async fn answer(request: hyper::Request<Incoming>, state: Arc<State>) -> Result<Response, Infallible> {
    let reply = match read(request).await {
        Some(seen) => {
            lock(&state.seen).push(seen.clone());
            let next = lock(&state.next).pop_front();
            next.unwrap_or_else(|| (state.answer)(&seen))
        }
        None => Reply::new(413, "text/plain", "too large"),
    };
    if matches!(reply.body, ReplyBody::Hang) {
        std::future::pending::<()>().await;
    }
    Ok(response(reply))
}

async fn read(request: hyper::Request<Incoming>) -> Option<Seen> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, REQUEST_BYTES_MAX).collect().await.ok()?.to_bytes().to_vec();
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Some(Seen {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        body,
    })
}

fn response(reply: Reply) -> Response {
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    if let ReplyBody::Half(half) = &reply.body {
        response = response.header("content-length", half.len() * 2);
    }
    response.body(body(reply.body)).expect("a test's reply has a status and headers that can be sent")
}

/// A body that ends before its end.
#[derive(Debug, Clone, Copy)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("broken off on purpose")
    }
}

impl std::error::Error for Broken {}

fn body(body: ReplyBody) -> UnsyncBoxBody<Bytes, Broken> {
    let pieces: BoxStream<'static, Result<Vec<u8>, Broken>> = match body {
        ReplyBody::Whole(whole) => {
            return Full::new(Bytes::from(whole)).map_err(|never| match never {}).boxed_unsync();
        }
        ReplyBody::Hang => return Full::default().map_err(|never| match never {}).boxed_unsync(),
        ReplyBody::Pieces(pieces) => stream::iter(pieces.into_iter().map(Ok)).boxed(),
        ReplyBody::Half(half) => stream::iter([Ok(half), Err(Broken)]).boxed(),
        ReplyBody::Endless(piece) => stream::repeat(piece).map(Ok).boxed(),
    };
    // A breath between two pieces, so that they leave one by one.
    let frames = pieces.then(|piece| async {
        tokio::time::sleep(Duration::from_millis(1)).await;
        piece.map(|piece| Frame::data(Bytes::from(piece)))
    });
    BodyExt::boxed_unsync(StreamBody::new(frames))
}
