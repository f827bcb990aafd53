//! Serving a router over a listener until it is told to stop.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Most connections at the same time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 10_000;
/// How long a client may take to send a request's head, and how long an idle connection is kept.
const HEAD_WITHIN: Duration = Duration::from_secs(75);
/// Wait after the system could not accept a connection, mostly for want of file descriptors.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);
/// How long connections may take to end after the server was told to stop.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

/// Serves `router` until `stopping` becomes true; then lets the requests that are being answered end.
pub(crate) async fn serve(listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            Some(_) = connections.join_next() => continue,
            () = told(&mut stopping) => break,
        };
        let (stream, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "No connection could be accepted");
                tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
                continue;
            }
        };
        let (router, stopping) = (router.clone(), stopping.clone());
        connections.spawn(async move {
            converse(stream, router, stopping).await;
            drop(permit);
        });
    }
    drop(listener);
    let drained =
        tokio::time::timeout(DRAIN_WITHIN, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(connections = connections.len(), "Connections were cut");
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = room.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    // Without it answers are slower, not wrong; a client that has gone again makes it fail.
    let _ = stream.set_nodelay(true);
    Ok((stream, permit))
}

/// Answers the requests of one connection, one after the other.
async fn converse(stream: TcpStream, router: Router, mut stopping: watch::Receiver<bool>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let service = TowerToHyperService::new(router);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "Connection ended");
    }
}

/// Resolves when the server is told to stop.
async fn told(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|is_stopping| *is_stopping).await.is_err() {
        std::future::pending::<()>().await;
    }
}
