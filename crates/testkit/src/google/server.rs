//! The server: HTTP/1.1 on loopback, in a thread of its own.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use super::fault::Fault;
use super::reply::{Ask, Reply};
use super::state::State;

const BODY_BYTES_MAX: usize = 20 << 20;
/// For what is being answered when the server is stopped.
const STOPPED_WITHIN: Duration = Duration::from_secs(2);

type Body = http_body_util::combinators::BoxBody<Bytes, std::io::Error>;

/// A port that is taken, so that its number is known before anybody serves there.
pub(super) struct Bound {
    listener: std::net::TcpListener,
    address: SocketAddr,
}

impl Bound {
    pub(super) fn new() -> Result<Self> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot listen")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn serve(self, state: Arc<State>) -> Result<Server> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let guard = runtime.enter();
        let listener = TcpListener::from_std(self.listener)?;
        drop(guard);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("testkit-google".to_owned());
        let thread = thread.spawn(move || run(runtime, listener, state, stopped))?;
        Ok(Server { address: self.address, stop: Some(stop), thread: Some(thread) })
    }
}

/// The thread that serves, and the way to end it.
pub(super) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(runtime: Runtime, listener: TcpListener, state: Arc<State>, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async {
        tokio::select! {
            () = accept(listener, state) => {}
            _ = stopped => {}
        }
    });
    runtime.shutdown_timeout(STOPPED_WITHIN);
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    loop {
        // A client that is gone before it is accepted is no reason to stop.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&state), request));
            let server = hyper::server::conn::http1::Builder::new();
            // A client that goes away in the middle is its own matter.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let Some(ask) = read(request).await else {
        return Ok(response(Reply::error(413, "uploadTooLarge", "Request too large")));
    };
    match state.fault(&ask) {
        Some(Fault::Hang) => std::future::pending().await,
        Some(Fault::Half) => Ok(half()),
        Some(fault) => Ok(response(fault.reply().unwrap_or_else(Reply::empty))),
        None => Ok(response(state.answer(&ask))),
    }
}

async fn read(request: Request<Incoming>) -> Option<Ask> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.ok()?.to_bytes();
    let headers = head.headers.iter();
    let headers = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    Some(Ask::new(head.method.as_str(), target, headers.collect(), body.to_vec()))
}

fn response(reply: Reply) -> Response<Body> {
    let body = Full::new(Bytes::from(reply.body)).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, hyper::header::HeaderValue::from_str(&value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn half() -> Response<Body> {
    Response::new(Half { is_begun: false }.boxed())
}

/// Some bytes, and then the connection breaks.
struct Half {
    is_begun: bool,
}

impl hyper::body::Body for Half {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let frame = if std::mem::replace(&mut self.is_begun, true) {
            Err(std::io::Error::other("broken on request"))
        } else {
            Ok(Frame::data(Bytes::from_static(b"{\"messages\": [")))
        };
        Poll::Ready(Some(frame))
    }
}
