//! Committing batches to the server: everything of a batch is sent at once, from `begin` to
//! `commit`, and waited for once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, FutureExt, join_all};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Statement};

use super::connection::{Connection, Server};
use super::without_nul;
use crate::change::Group;
use crate::coalesce::{self, Step};
use crate::committer::{Counters, Writer, rows};
use crate::db_error::{DbError, DbErrorKind};
use crate::error::CommitError;
use crate::value::{Kind, Value, values};
use crate::write::Write;

/// Longest wait for a commit; after it the connection counts as lost.
const COMMIT_WITHIN: Duration = Duration::from_secs(15);
/// How long a batch is tried again while the server cannot be reached, before its groups are told.
const REACH_WITHIN: Duration = Duration::from_secs(10);
/// Wait between two attempts to connect.
const RECONNECT_EVERY: Duration = Duration::from_millis(100);
/// How often a batch is repeated that others stood in the way of.
const BUSY_MAX: u32 = 20;

const BEGIN_COMMIT: &str = "select begin_commit(?1, ?2, ?3)";

/// This node, as the database knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeKey {
    pub(crate) id: i64,
    pub(crate) epoch: i64,
}

/// The one connection that writes.
pub(crate) struct PostgresWriter {
    pub(crate) server: Server,
    pub(crate) connection: Option<Connection>,
    pub(crate) node: NodeKey,
    /// How long a transaction may lie idle on the server: longer than that and this node is dead.
    pub(crate) lease: Duration,
    /// Number of the batch being written.
    pub(crate) number: i64,
    pub(crate) counters: Arc<Counters>,
    /// Set once the node may write nothing more.
    pub(crate) deposed: Arc<AtomicBool>,
    /// Set when the store closes: nothing is tried again.
    pub(crate) closing: Arc<AtomicBool>,
}

impl Writer for PostgresWriter {
    fn write_together(&mut self, batch: &[Group]) -> Result<u64, CommitError> {
        let steps = coalesce::merged(batch);
        let bundles = bundles(&steps, self.node.id);
        self.number += 1;
        self.until_reached(|writer| writer.send_batch(&bundles))?;
        Ok(steps.len() as u64)
    }

    fn write_apart(&mut self, batch: &[Group]) -> Result<(u64, Vec<Result<(), CommitError>>), CommitError> {
        self.number += 1;
        let written = self.write_one_by_one(batch);
        if written.is_err() {
            self.connection = None;
        }
        written
    }
}

impl PostgresWriter {
    /// Does `work` until it is done, for as long as the trouble may pass. A batch that was committed
    /// though nobody was told is found by its number.
    fn until_reached(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<(), Failure>,
    ) -> Result<(), CommitError> {
        let began = Instant::now();
        let mut busy = 0;
        loop {
            let failure = match work(self) {
                Ok(()) | Err(Failure::AlreadyCommitted) => return Ok(()),
                Err(failure) => failure,
            };
            match failure {
                Failure::Row(error) => return Err(error),
                Failure::Busy(error) if busy >= BUSY_MAX => return Err(CommitError::transaction(error)),
                Failure::Busy(_) => busy += 1,
                Failure::Lost(error) => {
                    self.connection = None;
                    let is_over = began.elapsed() > REACH_WITHIN || self.closing.load(Ordering::SeqCst);
                    if is_over || self.deposed.load(Ordering::SeqCst) {
                        return Err(CommitError::transaction(error));
                    }
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Database lost; connecting again"
                    );
                    std::thread::sleep(RECONNECT_EVERY);
                }
                Failure::AlreadyCommitted => {}
            }
        }
    }

    fn send_batch(&mut self, bundles: &[Bundle<'_>]) -> Result<(), Failure> {
        let NodeKey { id, epoch } = self.node;
        let number = self.number;
        self.counters.statements.fetch_add(bundles.len() as u64 + 3, Ordering::Relaxed);
        self.counters.round_trips.fetch_add(1, Ordering::Relaxed);
        let connection = self.connection().map_err(Failure::of)?;
        let begin = connection.prepared(BEGIN_COMMIT).map_err(Failure::of)?;
        let mut prepared = Vec::with_capacity(bundles.len());
        for bundle in bundles {
            let write = bundle.write;
            let sql = if bundle.is_checked() { &write.checked } else { &write.postgres };
            let statement = connection.prepared(sql).map_err(|error| Failure::of_row(write.what, error))?;
            prepared.push((statement, bundle));
        }
        let outcome = connection.wait("a commit", COMMIT_WITHIN, |client| async move {
            Ok(execute(client, &begin, [id, epoch, number], &prepared).await)
        });
        let failure = match outcome {
            Ok(Ok(())) => return Ok(()),
            Ok(Err((None, error))) => Failure::of_begin(super::named(error)),
            Ok(Err((Some(what), error))) => Failure::of_row(what, super::named(error)),
            Err(error) => Failure::Lost(error),
        };
        if matches!(failure, Failure::Row(CommitError::Deposed)) {
            self.deposed.store(true, Ordering::SeqCst);
        }
        Err(failure)
    }

    /// Each group behind a savepoint. Slow, and only for batches with a faulty group.
    fn write_one_by_one(
        &mut self,
        batch: &[Group],
    ) -> Result<(u64, Vec<Result<(), CommitError>>), CommitError> {
        let NodeKey { id, epoch } = self.node;
        let number = self.number;
        let connection = self.connection().map_err(CommitError::transaction)?;
        connection.batch("begin").map_err(CommitError::transaction)?;
        connection.query(BEGIN_COMMIT, values![id, epoch, number]).map_err(CommitError::transaction)?;
        let (mut rows, mut fates) = (0, Vec::new());
        for group in batch {
            connection.batch("savepoint alone").map_err(CommitError::transaction)?;
            let fate = apply_all(connection, group, id);
            match &fate {
                Ok(()) => rows += group.changes.len() as u64,
                Err(error) if error.is_of_the_changes() => {
                    connection.batch("rollback to alone").map_err(CommitError::transaction)?;
                }
                Err(error) => return Err(error.clone()),
            }
            connection.batch("release alone").map_err(CommitError::transaction)?;
            fates.push(fate);
        }
        connection.batch("commit").map_err(CommitError::transaction)?;
        Ok((rows, fates))
    }

    fn connection(&mut self) -> Result<&mut Connection, DbError> {
        if self.connection.as_ref().is_none_or(Connection::is_closed) {
            self.connection = Some(connect(&self.server, self.node.id, self.lease)?);
        }
        Ok(self.connection.as_mut().expect("it was just put there"))
    }
}

/// A connection for writing: the server knows the node, and ends what it leaves lying.
pub(crate) fn connect(server: &Server, node: i64, lease: Duration) -> Result<Connection, DbError> {
    let connection = Connection::open(server)?;
    let idle = (lease / 2).as_millis().max(1);
    connection.batch(&format!(
        "set fermata.node = '{node}'; set idle_in_transaction_session_timeout = {idle}; set lock_timeout = '5s'"
    ))?;
    Ok(connection)
}

fn apply_all(connection: &mut Connection, group: &Group, node: i64) -> Result<(), CommitError> {
    for change in &group.changes {
        let step = Step::of(change);
        let (write, row) = rows::of(&step, Some(node));
        let bundle = Bundle::new(write, vec![row]);
        let values = bundle.arrays();
        let statement = connection.prepared(&write.postgres);
        let written = statement.and_then(|statement| {
            connection.wait("a row", COMMIT_WITHIN, |client| async move {
                let values: Vec<&(dyn ToSql + Sync)> =
                    values.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect();
                client.execute(&statement, &values).await
            })
        });
        match written {
            Ok(0) if write.must_hit => return Err(CommitError::Missing { what: write.what }),
            Ok(_) => {}
            Err(error) => return Err(CommitError::naming(write.what, error)),
        }
    }
    Ok(())
}

/// Sends everything and waits for all answers. An error comes with what was being written.
async fn execute(
    client: &Client,
    begin: &Statement,
    key: [i64; 3],
    bundles: &[(Statement, &Bundle<'_>)],
) -> Result<(), (Option<&'static str>, tokio_postgres::Error)> {
    let parameters: Vec<Vec<Box<dyn ToSql + Sync + Send + '_>>> =
        bundles.iter().map(|(_, bundle)| bundle.parameters()).collect();
    let mut sent: Vec<BoxFuture<'_, Result<(), (Option<&'static str>, tokio_postgres::Error)>>> = vec![
        client.batch_execute("begin").map(|done| done.map_err(|error| (None, error))).boxed(),
        async move {
            let values: [&(dyn ToSql + Sync); 3] = [&key[0], &key[1], &key[2]];
            client.query(begin, &values).await.map(drop).map_err(|error| (None, error))
        }
        .boxed(),
    ];
    for ((statement, bundle), parameters) in bundles.iter().zip(&parameters) {
        let what = bundle.write.what;
        let send = async move {
            let values: Vec<&(dyn ToSql + Sync)> =
                parameters.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect();
            client.execute(statement, &values).await.map(drop).map_err(|error| (Some(what), error))
        };
        sent.push(send.boxed());
    }
    sent.push(client.batch_execute("commit").map(|done| done.map_err(|error| (None, error))).boxed());
    // In order: after a fault the server answers everything that follows with another error.
    join_all(sent).await.into_iter().collect()
}

/// Why a batch was not written.
enum Failure {
    /// It was, at an earlier attempt that nobody heard of.
    AlreadyCommitted,
    /// The fault lies in it, or in who writes it.
    Row(CommitError),
    /// Others stood in the way.
    Busy(DbError),
    /// The connection is gone.
    Lost(DbError),
}

impl Failure {
    fn of(error: DbError) -> Self {
        match error.kind() {
            DbErrorKind::Unavailable => Self::Lost(error),
            DbErrorKind::Busy => Self::Busy(error),
            _ => Self::Row(CommitError::transaction(error)),
        }
    }

    fn of_row(what: &'static str, error: DbError) -> Self {
        match error.kind() {
            DbErrorKind::Unavailable | DbErrorKind::Busy => Self::of(error),
            _ => Self::Row(CommitError::naming(what, error)),
        }
    }

    fn of_begin(error: DbError) -> Self {
        if error.kind() == DbErrorKind::Conflict { Self::AlreadyCommitted } else { Self::of(error) }
    }
}

/// Rows that one statement writes.
struct Bundle<'a> {
    write: &'static Write,
    rows: Vec<Vec<Value<'a>>>,
}

/// The rows of a batch by statement, in the order the statements may be executed.
fn bundles<'a>(steps: &[Step<'a>], node: i64) -> Vec<Bundle<'a>> {
    let mut bundles: Vec<Bundle<'a>> = Vec::new();
    let mut places: HashMap<*const Write, usize> = HashMap::new();
    for step in steps {
        let (write, row) = rows::of(step, Some(node));
        let at = *places.entry(std::ptr::from_ref(write)).or_insert_with(|| {
            bundles.push(Bundle::new(write, Vec::new()));
            bundles.len() - 1
        });
        bundles[at].rows.push(row);
    }
    bundles.sort_by_key(|bundle| bundle.write.rank);
    bundles
}

impl<'a> Bundle<'a> {
    fn new(write: &'static Write, rows: Vec<Vec<Value<'a>>>) -> Self {
        Self { write, rows }
    }

    /// New rows are there or the statement fails; others may be missing without a fault.
    fn is_checked(&self) -> bool {
        self.write.must_hit && self.write.rank > 0
    }

    /// One array for each column.
    fn arrays(&self) -> Vec<Box<dyn ToSql + Sync + Send + '_>> {
        self.write.columns.iter().enumerate().map(|(at, (_, kind))| self.column(at, *kind)).collect()
    }

    /// The arrays, and the number of rows where they are counted.
    fn parameters(&self) -> Vec<Box<dyn ToSql + Sync + Send + '_>> {
        let mut parameters = self.arrays();
        if self.is_checked() {
            parameters.push(Box::new(i64::try_from(self.rows.len()).unwrap_or(i64::MAX)));
        }
        parameters
    }

    fn column(&self, at: usize, kind: Kind) -> Box<dyn ToSql + Sync + Send + '_> {
        match kind {
            Kind::Int => {
                let numbers: Vec<Option<i64>> = self.rows.iter().map(|row| row[at].as_int()).collect();
                Box::new(numbers)
            }
            Kind::Text => {
                let texts: Vec<_> = self.rows.iter().map(|row| row[at].as_text().map(without_nul)).collect();
                Box::new(texts)
            }
            Kind::Blob => {
                let blobs: Vec<Option<&[u8]>> = self.rows.iter().map(|row| row[at].as_blob()).collect();
                Box::new(blobs)
            }
        }
    }
}
