//! A TCP line that can be cut, slowed and torn, between a client under test and its server.
//!
//! What it carries is nothing to it; it serves PostgreSQL and S3 alike.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::own_thread;

const PORTION_BYTES: usize = 64 * 1024;

/// A proxy on a port of its own. Dropping it closes all its connections.
pub struct Proxy {
    address: SocketAddr,
    line: watch::Sender<Line>,
    traffic: Arc<Traffic>,
    thread: Option<JoinHandle<()>>,
}

/// The state of the line.
#[derive(Clone, Copy, Default)]
struct Line {
    /// Nothing is carried, and nobody is told.
    is_cut: bool,
    /// How long each portion takes, in each direction.
    delay: Duration,
    /// How often all connections were dropped.
    drops: u64,
    /// The proxy's life is over.
    is_ended: bool,
}

/// What was carried so far.
#[derive(Default)]
struct Traffic {
    connections: AtomicU64,
    to_target_bytes: AtomicU64,
    from_target_bytes: AtomicU64,
}

impl Proxy {
    /// Starts one in front of a server, which need not be there yet: while it is not, clients' connections are
    /// reset.
    ///
    /// # Panics
    ///
    /// When the machine has no port or no thread left.
    pub fn start(target: SocketAddr) -> Self {
        let (runtime, listener, address) =
            own_thread::listen().expect("a machine that runs tests has a port left");
        let (line, watched) = watch::channel(Line::default());
        let traffic = Arc::new(Traffic::default());
        let carrier = Carrier { target, line: watched, traffic: Arc::clone(&traffic) };
        let thread = thread::Builder::new().name("testkit-proxy".to_owned());
        let thread = thread.spawn(move || runtime.block_on(accept(listener, carrier)));
        let thread = thread.expect("a machine that runs tests has a thread left");
        Self { address, line, traffic, thread: Some(thread) }
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts the line, and tells nobody: connections stay open, further ones are accepted, and what either side
    /// sends from here on is held back. So is the end of a connection.
    pub fn cut(&self) {
        self.line.send_modify(|line| line.is_cut = true);
    }

    /// Mends the line. What was held back arrives, also from a side that has closed its connection since, as
    /// when a network comes back.
    pub fn heal(&self) {
        self.line.send_modify(|line| line.is_cut = false);
    }

    /// Closes all connections towards both sides, by a reset; what was held back is lost. Further ones are
    /// carried, and a cut line stays cut.
    pub fn drop_all(&self) {
        self.line.send_modify(|line| line.drops += 1);
    }

    /// How long each portion of bytes takes from here on, in each direction.
    pub fn delay(&self, delay: Duration) {
        self.line.send_modify(|line| line.delay = delay);
    }

    /// How many connections clients have made.
    pub fn connections(&self) -> u64 {
        self.traffic.connections.load(Ordering::SeqCst)
    }

    /// Bytes that were passed on to the server.
    pub fn to_target_bytes(&self) -> u64 {
        self.traffic.to_target_bytes.load(Ordering::SeqCst)
    }

    /// Bytes that were passed on to clients.
    pub fn from_target_bytes(&self) -> u64 {
        self.traffic.from_target_bytes.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.line.send_modify(|line| line.is_ended = true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, carrier: Carrier) {
    let mut line = carrier.line.clone();
    let serve = async {
        loop {
            // A client that is gone before it is accepted is no reason to stop.
            if let Ok((client, _)) = listener.accept().await {
                carrier.traffic.connections.fetch_add(1, Ordering::SeqCst);
                let drops = carrier.line.borrow().drops;
                tokio::spawn(carrier.clone().carry(client, drops));
            }
        }
    };
    tokio::select! {
        () = serve => {}
        _ = line.wait_for(|line| line.is_ended) => {}
    }
}

/// What carries one connection.
#[derive(Clone)]
struct Carrier {
    target: SocketAddr,
    line: watch::Receiver<Line>,
    traffic: Arc<Traffic>,
}

impl Carrier {
    /// Carries a connection to its end, or to the next drop of all.
    async fn carry(self, mut client: TcpStream, drops: u64) {
        let mut line = self.line.clone();
        let dropped = async { line.wait_for(|line| line.drops > drops).await.map(drop) };
        tokio::pin!(dropped);
        let reached = tokio::select! {
            // First, so that not a byte that came after the drop is carried.
            biased;
            _ = &mut dropped => None,
            server = self.reach() => server.ok(),
        };
        let Some(mut server) = reached else {
            return reset(&client);
        };
        let is_torn = tokio::select! {
            biased;
            _ = &mut dropped => true,
            ended = self.both_ways(&mut client, &mut server) => ended.is_err(),
        };
        if is_torn {
            reset(&client);
            reset(&server);
        }
    }

    async fn reach(&self) -> io::Result<TcpStream> {
        self.passage().await;
        TcpStream::connect(self.target).await
    }

    async fn both_ways(&self, client: &mut TcpStream, server: &mut TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let there = self.pass(from_client, to_server, &self.traffic.to_target_bytes);
        let back = self.pass(from_server, to_client, &self.traffic.from_target_bytes);
        tokio::try_join!(there, back).map(drop)
    }

    async fn pass(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, sum: &AtomicU64) -> io::Result<()> {
        let mut portion = vec![0; PORTION_BYTES];
        loop {
            let read = from.read(&mut portion).await;
            // Its end or its failure is news too, and is held back like bytes.
            self.passage().await;
            let bytes = read?;
            if bytes == 0 {
                return to.shutdown().await;
            }
            // Before they arrive, so that whoever has received them finds them counted.
            sum.fetch_add(bytes as u64, Ordering::SeqCst);
            to.write_all(&portion[..bytes]).await?;
        }
    }

    /// Waits as long as the line takes, and for as long as it is cut.
    async fn passage(&self) {
        let mut line = self.line.clone();
        let delay = line.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        // An error would mean that the proxy is gone, and this with it.
        let _ = line.wait_for(|line| !line.is_cut).await;
    }
}

/// Lets the connection end by a reset, as soon as it is dropped.
fn reset(stream: &TcpStream) {
    // It fails for connections that have ended already.
    let _ = stream.set_zero_linger();
}
