//! One connection to the server, used by one thread at a time.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::traffic::Traffic;
use super::{Told, named, timed_out};
use crate::cells::{Cells, RowRef};
use crate::db_error::{DbError, DbErrorKind};
use crate::open::DatabaseUrl;
use crate::sql::{Dialect, Read};
use crate::value::Value;

/// Longest wait for a connection, and then for the server to accept it.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Longest wait for a session that is set up.
pub(crate) const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// Longest wait for the answer to a statement.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How long the kernel may hold what the server has not confirmed.
const UNCONFIRMED_MAX: Duration = Duration::from_secs(10);
/// The schema that holds everything.
pub(crate) const SCHEMA: &str = "fermata";

/// What the session of a connection is set to, besides the schema.
///
/// All statements are looked up by keys, whatever the tables' statistics say at the moment, and are
/// planned once: a plan made while a table was small must still be right when it is large. Indexes are
/// walked in their order, never gathered first, so that a page costs no more when there are many.
pub(crate) const SESSION: &str = "
    set search_path = fermata;
    set synchronous_commit = on;
    set default_transaction_isolation = 'read committed';
    set plan_cache_mode = force_generic_plan;
    set enable_seqscan = off;
    set enable_hashjoin = off;
    set enable_mergejoin = off;
    set enable_bitmapscan = off;
    set jit = off;
    set client_min_messages = warning;";

/// How to reach the server.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    config: Config,
    tls: Option<Arc<rustls::ClientConfig>>,
    /// What all connections made with this one have sent.
    pub(crate) traffic: Arc<Traffic>,
}

impl Server {
    /// Reads the URL.
    pub(crate) fn new(url: &DatabaseUrl, name: &str) -> Result<Self, DbError> {
        let mut config: Config =
            url.expose().parse().map_err(|error| DbError::new(DbErrorKind::Other, Told(error)))?;
        config
            .application_name(name)
            .connect_timeout(CONNECT_WITHIN)
            .tcp_user_timeout(UNCONFIRMED_MAX)
            .keepalives_idle(UNCONFIRMED_MAX);
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            _ => Some(Arc::new(tls_config()?)),
        };
        Ok(Self { config, tls, traffic: Arc::default() })
    }

    /// How to connect.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// How to encrypt, unless the URL says not to.
    pub(crate) fn tls(&self) -> Option<rustls::ClientConfig> {
        self.tls.as_deref().cloned()
    }
}

fn tls_config() -> Result<rustls::ClientConfig, DbError> {
    use rustls_platform_verifier::BuilderVerifierExt;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier());
    match config {
        Ok(builder) => Ok(builder.with_no_client_auth()),
        Err(error) => Err(DbError::new(DbErrorKind::Other, error)),
    }
}

/// A connection and what it has prepared.
pub(crate) struct Connection {
    client: Client,
    statements: HashMap<String, Statement>,
    /// Longest wait for the answer to a statement.
    pub(super) answer_within: Duration,
    pub(super) traffic: Arc<Traffic>,
    /// Drives the connection while its thread waits for an answer. Always there, until the drop.
    runtime: Option<Runtime>,
}

impl Connection {
    /// Connects and sets the session up.
    pub(crate) fn open(server: &Server) -> Result<Self, DbError> {
        Self::open_within(server, OPEN_WITHIN, ANSWER_WITHIN)
    }

    /// The same, with other bounds for the connection and for the answers to statements.
    pub(crate) fn open_within(
        server: &Server,
        within: Duration,
        answer_within: Duration,
    ) -> Result<Self, DbError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| DbError::new(DbErrorKind::Other, error))?;
        let connected = async {
            let connecting = async {
                let client = connect(server).await?;
                client.batch_execute(SESSION).await?;
                Ok(client)
            };
            match tokio::time::timeout(within, connecting).await {
                Ok(connected) => connected.map_err(named),
                Err(_) => Err(timed_out("connect")),
            }
        };
        let client = apart(|| runtime.block_on(connected));
        // A runtime that is dropped where another one waits would panic.
        let client = match client {
            Ok(client) => client,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let traffic = server.traffic.clone();
        Ok(Self { client, statements: HashMap::new(), answer_within, traffic, runtime: Some(runtime) })
    }

    /// Whether the server is known to have hung up.
    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Waits for the answer to what `work` sends, for at most `within`.
    pub(crate) fn wait<'a, T, F>(
        &'a self,
        what: &'static str,
        within: Duration,
        work: impl FnOnce(&'a Client) -> F + Send,
    ) -> Result<T, DbError>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
        T: Send,
    {
        let runtime = self.runtime.as_ref().expect("it is there until the drop");
        self.traffic.waited();
        apart(move || {
            runtime.block_on(async {
                match tokio::time::timeout(within, work(&self.client)).await {
                    Ok(answer) => answer.map_err(named),
                    Err(_) => Err(timed_out(what)),
                }
            })
        })
    }

    /// Executes statements without values, one after the other.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), DbError> {
        self.traffic.sent(1);
        self.wait("a batch of statements", self.answer_within, |client| client.batch_execute(sql))
    }

    /// The prepared statement of `sql`, whose places are `?1` … or `$1` ….
    pub(crate) fn prepared(&mut self, sql: &str) -> Result<Statement, DbError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        // No statement of ours has a question mark that is not a place.
        let text = sql.replace('?', "$");
        let statement =
            self.wait("prepare", self.answer_within, |client| async move { client.prepare(&text).await })?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// All rows of an answer.
    pub(crate) fn query(&mut self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, DbError> {
        let statement = self.prepared(sql)?;
        self.traffic.sent(1);
        let values = parameters(values);
        self.wait(
            "a query",
            self.answer_within,
            |client| async move { client.query(&statement, &values).await },
        )
    }

    /// Executes a statement; gives the number of rows it hit.
    pub(crate) fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, DbError> {
        let statement = self.prepared(sql)?;
        self.traffic.sent(1);
        let values = parameters(values);
        self.wait("a statement", self.answer_within, |client| async move {
            client.execute(&statement, &values).await
        })
    }
}

/// Values as the client takes them.
pub(super) fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

/// Runs `work`, which drives a runtime of its own, where that is allowed: on a thread that drives
/// another runtime it is not, and gets a thread.
fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if tokio::runtime::Handle::try_current().is_err() {
        return work();
    }
    std::thread::scope(|scope| scope.spawn(work).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

async fn connect(server: &Server) -> Result<Client, tokio_postgres::Error> {
    match &server.tls {
        None => {
            let (client, connection) = server.config.connect(NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        }
        Some(tls) => {
            let tls = MakeRustlsConnect::new(rustls::ClientConfig::clone(tls));
            let (client, connection) = server.config.connect(tls).await?;
            tokio::spawn(connection);
            Ok(client)
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Read for Connection {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&mut Cells<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let found = self.query(sql, values)?;
        found.iter().try_for_each(|found| row(&mut Cells::new(RowRef::Postgres(found))))
    }

    fn at_once(&mut self, work: &mut dyn FnMut(&mut dyn Read) -> Result<(), DbError>) -> Result<(), DbError> {
        self.ask_at_once(work)
    }

    fn begin_snapshot(&mut self) -> Result<(), DbError> {
        self.batch("begin isolation level repeatable read read only")
    }

    fn end_snapshot(&mut self) -> Result<(), DbError> {
        self.batch("commit")
    }
}
