//! The transport over a socket: HTTP/1.1 with connections that are kept and used again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::body::Body;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use url::Url;

use super::ClientError;
use crate::exit::with_causes;

/// The time for making a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Connections to one server.
pub(super) struct Remote {
    url: Url,
    /// Connections that are not known to be closed; those still busy with an answer among them.
    kept: Mutex<Vec<SendRequest<Body>>>,
    /// What moves the bytes of the connections. Ends with the client.
    drivers: Mutex<JoinSet<()>>,
}

impl Remote {
    /// No connection yet.
    pub(super) fn new(url: Url) -> Self {
        Self { url, kept: Mutex::default(), drivers: Mutex::default() }
    }

    /// Sends a request over a connection that is free, or a new one.
    pub(super) async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, ClientError> {
        let host = HeaderValue::try_from(self.authority());
        request.headers_mut().insert(HOST, host.map_err(|error| ClientError::BadRequest(error.to_string()))?);
        let mut connection = match self.take_free() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let answer = connection.send_request(request).await;
        let answer = answer.map_err(|error| ClientError::Broken(with_causes(&error)))?;
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        Ok(answer.map(Body::new))
    }

    fn take_free(&self) -> Option<SendRequest<Body>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|connection| !connection.is_closed());
        let free = kept.iter().position(SendRequest::is_ready)?;
        Some(kept.swap_remove(free))
    }

    async fn connect(&self) -> Result<SendRequest<Body>, ClientError> {
        let unreachable = |reason: String| ClientError::Unreachable {
            url: self.url.origin().ascii_serialization(),
            reason,
        };
        let stream = tokio::time::timeout(CONNECT_WITHIN, TcpStream::connect(self.address())).await;
        let stream =
            stream.map_err(|_| unreachable(format!("no answer within {} s", CONNECT_WITHIN.as_secs())))?;
        let stream = stream.map_err(|error| unreachable(plain_reason(&error)))?;
        // Without it the connection is slower, not wrong.
        let _ = stream.set_nodelay(true);
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (connection, driver) = shaken.map_err(|error| unreachable(with_causes(&error)))?;
        let mut drivers = self.drivers.lock().unwrap_or_else(PoisonError::into_inner);
        drivers.spawn(async move {
            if let Err(error) = driver.await {
                tracing::debug!(%error, "Connection ended");
            }
        });
        Ok(connection)
    }

    fn address(&self) -> (String, u16) {
        let host = self.url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (host.to_owned(), self.url.port_or_known_default().unwrap_or(80))
    }

    fn authority(&self) -> String {
        self.url.authority().rsplit('@').next().unwrap_or_default().to_owned()
    }
}

/// An operating system error without its number.
fn plain_reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
        _ => error.to_string(),
    }
}
