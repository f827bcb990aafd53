//! A listener on a port of its own, for a peer that lives on a thread of its own.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

/// A runtime for one thread, and a listener of it on loopback.
pub(crate) fn listen() -> io::Result<(Runtime, TcpListener, SocketAddr)> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let guard = runtime.enter();
    let listener = TcpListener::from_std(listener)?;
    drop(guard);
    Ok((runtime, listener, address))
}

/// Talks to each client in a task of its own, until it is stopped.
pub(crate) async fn serve<F>(
    listener: TcpListener,
    stopped: oneshot::Receiver<()>,
    converse: impl Fn(TcpStream) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let accepting = async {
        loop {
            // A client that is gone before it is accepted is no reason to stop.
            if let Ok((client, _)) = listener.accept().await {
                tokio::spawn(converse(client));
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        _ = stopped => {}
    }
}
