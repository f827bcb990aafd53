//! Notifications: what the server tells all nodes at once. None is needed for a run to go on, since
//! each may be lost: a poll finds what they tell of, later.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use fermata_model::{RunId, WorkspaceId};
use futures::stream::{self, StreamExt};
use tokio_postgres::{AsyncMessage, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::{OPEN_WITHIN, Server};
use crate::db_error::DbError;

/// Wait before the server is asked again after a lost connection.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// How often the connection is tried, so that one that was cut is noticed.
const TRIED_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked whether the store closes.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What other nodes and SQL clients tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// There may be runs to claim.
    Work,
    /// There are new moments at which something falls due.
    Timers,
    /// Something about a run changed for the node with this number.
    Run {
        /// The node.
        node: i64,
        /// Tenant.
        workspace: WorkspaceId,
        /// The run.
        run: RunId,
    },
    /// A letter was answered.
    Answer([u8; 16]),
    /// A task has a new version.
    Task {
        /// Tenant.
        workspace: WorkspaceId,
        /// The task's name.
        name: String,
    },
    /// Notices may have been lost: anything may have changed.
    Anything,
}

impl Notice {
    /// Reads a payload. Words that are not known mean that anything may have changed.
    fn parse(payload: &str) -> Self {
        let (word, rest) = payload.split_once(' ').unwrap_or((payload, ""));
        let read = match word {
            "work" => Some(Self::Work),
            "run" => Self::parse_run(rest),
            "answer" => sixteen(rest).map(Self::Answer),
            "task" => Self::parse_task(rest),
            _ => None,
        };
        read.unwrap_or(Self::Anything)
    }

    fn parse_run(rest: &str) -> Option<Self> {
        let mut words = rest.splitn(3, ' ');
        Some(Self::Run {
            node: words.next()?.parse().ok()?,
            run: RunId::from_bytes(sixteen(words.next()?)?),
            workspace: words.next()?.parse().ok()?,
        })
    }

    fn parse_task(rest: &str) -> Option<Self> {
        let (workspace, name) = rest.split_once(' ')?;
        Some(Self::Task { workspace: workspace.parse().ok()?, name: name.to_owned() })
    }

    /// The payload that says it.
    pub(crate) fn payload(&self) -> String {
        match self {
            Self::Work => "work".into(),
            Self::Timers => "timers".into(),
            Self::Run { node, workspace, run } => {
                format!("run {node} {} {workspace}", digits(run.as_bytes()))
            }
            Self::Answer(id) => format!("answer {}", digits(id)),
            Self::Task { workspace, name } => format!("task {workspace} {name}"),
            Self::Anything => "anything".into(),
        }
    }
}

fn sixteen(text: &str) -> Option<[u8; 16]> {
    u128::from_str_radix(text, 16).ok().filter(|_| text.len() == 32).map(u128::to_be_bytes)
}

fn digits(id: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*id))
}

/// Starts the thread that listens and tells. It ends when the store closes.
pub(crate) fn start(
    server: Server,
    closing: Arc<AtomicBool>,
    tell: Box<dyn Fn(Notice) + Send>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("fermata-listen".into()).spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                tracing::error!(%error, "Nothing listens for notices; the poll finds what they tell of");
                return;
            }
        };
        while !closing.load(Ordering::SeqCst) {
            let ended = runtime.block_on(listen(&server, &closing, &tell));
            if let Err(error) = ended {
                tracing::warn!(error = &error as &dyn std::error::Error, "Notices are lost; listening again");
            }
            std::thread::sleep(AGAIN_AFTER);
        }
        runtime.shutdown_background();
    })
}

async fn listen(
    server: &Server,
    closing: &AtomicBool,
    tell: &(dyn Fn(Notice) + Send),
) -> Result<(), DbError> {
    match server.tls() {
        None => {
            let (client, connection) = reach(server.config().connect(NoTls)).await?;
            follow(client, connection, closing, tell).await
        }
        Some(tls) => {
            let tls = MakeRustlsConnect::new(tls);
            let (client, connection) = reach(server.config().connect(tls)).await?;
            follow(client, connection, closing, tell).await
        }
    }
}

async fn reach<T>(connecting: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, DbError> {
    let connected = tokio::time::timeout(OPEN_WITHIN, connecting).await;
    connected.map_err(|_| super::timed_out("connect"))?.map_err(super::named)
}

async fn follow<S, T>(
    client: tokio_postgres::Client,
    mut connection: tokio_postgres::Connection<S, T>,
    closing: &AtomicBool,
    tell: &(dyn Fn(Notice) + Send),
) -> Result<(), DbError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    let asking = async {
        reach(client.batch_execute("listen fermata")).await?;
        // Whatever was told before nobody listened.
        tell(Notice::Anything);
        let mut tried = tokio::time::Instant::now();
        while !closing.load(Ordering::SeqCst) {
            tokio::time::sleep(LOOK_EVERY).await;
            if tried.elapsed() >= TRIED_EVERY {
                tried = tokio::time::Instant::now();
                let trying = tokio::time::timeout(TRIED_EVERY, client.batch_execute("select 1"));
                trying.await.map_err(|_| super::timed_out("a sign of life"))?.map_err(super::named)?;
            }
        }
        Ok(())
    };
    let hearing = async {
        while let Some(message) = messages.next().await {
            if let AsyncMessage::Notification(notice) = message.map_err(super::named)? {
                tell(Notice::parse(notice.payload()));
            }
        }
        Err(super::timed_out("listen"))
    };
    tokio::select! {
        ended = asking => ended,
        ended = hearing => ended,
    }
}
