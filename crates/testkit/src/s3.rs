//! A real S3 server over a temporary folder: signatures are checked, objects are files.
//!
//! Buckets are named in the path, `http://127.0.0.1:PORT/BUCKET/KEY`; any region will do.

use std::net::TcpListener as StdListener;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::postgres::Port;

const BUCKET: &str = "fermata-test";
const ACCESS_KEY: &str = "FERMATATESTKEY";
/// For what is being written when the server is stopped.
const STOPPED_WITHIN: Duration = Duration::from_secs(5);

/// A running or stopped server with one bucket. Dropping it stops it and removes its folder.
pub struct S3Server {
    // Dropped in this order: what serves, then what it uses.
    running: Mutex<Option<Running>>,
    folder: TempDir,
    port: Port,
    secret_key: String,
}

impl S3Server {
    /// Starts one on an empty folder; it listens when this returns.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("fermata-s3-").tempdir();
        let folder = folder.context("cannot make a folder for objects")?;
        std::fs::create_dir(folder.path().join(BUCKET)).context("cannot make the bucket")?;
        let secret_key = Uuid::new_v4().simple().to_string();
        let server = Self { running: Mutex::new(None), folder, port: Port::reserve()?, secret_key };
        server.start_again()?;
        Ok(server)
    }

    /// Such as `http://127.0.0.1:12345`, the same for life.
    pub fn url(&self) -> String {
        format!("http://{}", self.port.address())
    }

    /// Its bucket.
    pub fn bucket(&self) -> &str {
        BUCKET
    }

    /// Whom requests are to be signed for.
    pub fn access_key(&self) -> &str {
        ACCESS_KEY
    }

    /// What requests are to be signed with.
    pub fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// Stops it: connections break off, further ones are refused. It may be stopped already.
    pub fn stop(&self) -> Result<()> {
        let stopped = self.running().take();
        stopped.map_or(Ok(()), Running::stop)
    }

    /// Starts it after a stop, on the same port and folder.
    pub fn start_again(&self) -> Result<()> {
        let mut running = self.running();
        ensure!(running.is_none(), "the S3 server is running already");
        let listener = StdListener::bind(self.port.address()).context("cannot listen")?;
        *running = Some(Running::start(listener, self.service()?)?);
        Ok(())
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn service(&self) -> Result<S3Service> {
        let objects = FileSystem::new(self.folder.path());
        let objects = objects.map_err(|error| anyhow!("cannot serve the folder: {error:?}"))?;
        let mut service = S3ServiceBuilder::new(objects);
        service.set_auth(SimpleAuth::from_single(ACCESS_KEY, self.secret_key.as_str()));
        Ok(service.build())
    }
}

/// The thread that serves, and the way to end it.
struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start(listener: StdListener, service: S3Service) -> Result<Self> {
        listener.set_nonblocking(true).context("cannot wait for connections")?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot make a runtime")?;
        let guard = runtime.enter();
        let listener = TcpListener::from_std(listener).context("cannot wait for connections")?;
        drop(guard);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("testkit-s3".to_owned());
        let thread = thread.spawn(move || run(runtime, listener, service, stopped));
        Ok(Self { stop: Some(stop), thread: Some(thread.context("cannot start a thread")?) })
    }

    fn stop(mut self) -> Result<()> {
        self.end()
    }

    fn end(&mut self) -> Result<()> {
        drop(self.stop.take());
        let ended = self.thread.take().map_or(Ok(()), JoinHandle::join);
        ended.map_err(|_| anyhow!("the S3 server panicked"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.end();
    }
}

fn run(runtime: Runtime, listener: TcpListener, service: S3Service, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async {
        tokio::select! {
            () = accept(listener, service) => {}
            _ = stopped => {}
        }
    });
    runtime.shutdown_timeout(STOPPED_WITHIN);
}

async fn accept(listener: TcpListener, service: S3Service) {
    loop {
        // A client that is gone before it is accepted is no reason to stop.
        if let Ok((stream, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let _ = stream.set_nodelay(true);
                let server = auto::Builder::new(TokioExecutor::new());
                // How a connection ends is the client's matter.
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    }
}
