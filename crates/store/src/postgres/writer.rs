//! Committing batches to the server: everything of a batch is sent at once, from `begin` to
//! `commit`, and waited for once.

use std::collections::HashMap;
use std::convert::Infallible;
use std::ops::Range;
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
use crate::committer::{Writer, rows};
use crate::db_error::{DbError, DbErrorKind};
use crate::error::CommitError;
use crate::spill::Carrying;
use crate::value::{Kind, Value, values};
use crate::write::Write;

/// Longest wait for a commit; after it the connection counts as lost.
const COMMIT_WITHIN: Duration = Duration::from_secs(15);
/// How long a batch is tried again while the server cannot be reached, before its groups are told.
const REACH_WITHIN: Duration = Duration::from_secs(10);
/// Wait between two attempts to connect.
const RECONNECT_WAIT: Range<Duration> = Duration::from_millis(50)..Duration::from_millis(150);
/// How often a batch is repeated that others stood in the way of.
const BUSY_MAX: u32 = 20;
/// Wait before that.
const BUSY_WAIT: Range<Duration> = Duration::from_millis(1)..Duration::from_millis(20);
/// Bytes of one statement's values, after which it is followed by another one: while one is on its way
/// the server counts the transaction as idle.
const BUNDLE_BYTES_MAX: usize = 4 << 20;
/// Shortest time that a transaction may lie idle, however short the lease.
const IDLE_MIN: Duration = Duration::from_secs(1);

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
    /// Set once the node may write nothing more.
    pub(crate) deposed: Arc<AtomicBool>,
    /// Set when the store closes: nothing is tried again.
    pub(crate) closing: Arc<AtomicBool>,
}

impl Writer for PostgresWriter {
    fn write_together(&mut self, batch: &[Group]) -> Result<u64, CommitError> {
        let steps = coalesce::merged(batch);
        let bundles = bundles(&steps, &Carrying::of(batch), self.node.id);
        self.number += 1;
        self.until_reached(|writer| writer.send_batch(&bundles))?;
        Ok(steps.len() as u64)
    }

    fn write_apart(&mut self, batch: &[Group]) -> Result<(u64, Vec<Result<(), CommitError>>), CommitError> {
        self.number += 1;
        let mut written = (0, Vec::new());
        // What the last attempt found counts: it got as far as the groups only because no earlier one
        // was committed, so if one was, it was the last.
        self.until_reached(|writer| writer.write_one_by_one(batch, &mut written))?;
        Ok(written)
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
            match work(self) {
                Ok(()) | Err(Failure::AlreadyCommitted) => return Ok(()),
                Err(Failure::Row(error)) => return Err(self.noticed(error)),
                Err(Failure::Busy(error)) if busy >= BUSY_MAX => return Err(CommitError::transaction(error)),
                Err(Failure::Busy(_)) => {
                    busy += 1;
                    std::thread::sleep(rand::random_range(BUSY_WAIT));
                }
                Err(Failure::Lost(error)) => {
                    self.connection = None;
                    if self.deposed.load(Ordering::SeqCst) {
                        return Err(CommitError::Deposed);
                    }
                    if began.elapsed() > REACH_WITHIN || self.closing.load(Ordering::SeqCst) {
                        return Err(CommitError::transaction(error));
                    }
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Database lost; connecting again"
                    );
                    std::thread::sleep(rand::random_range(RECONNECT_WAIT));
                }
            }
        }
    }

    /// Remembers that nothing can be written any more, when the error says so.
    fn noticed(&self, error: CommitError) -> CommitError {
        if matches!(error, CommitError::Deposed) {
            self.deposed.store(true, Ordering::SeqCst);
        }
        error
    }

    fn send_batch(&mut self, bundles: &[Bundle<'_>]) -> Result<(), Failure> {
        let NodeKey { id, epoch } = self.node;
        let number = self.number;
        self.server.traffic.sent(bundles.len() as u64 + 3);
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
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err((None, error))) => Err(Failure::of(super::named(error))),
            Ok(Err((Some(what), error))) => Err(Failure::of_row(what, super::named(error))),
            Err(error) => Err(Failure::Lost(error)),
        }
    }

    /// Each group behind a savepoint. Slow, and only for batches with a faulty group.
    fn write_one_by_one(&mut self, batch: &[Group], written: &mut Written) -> Result<(), Failure> {
        let NodeKey { id, epoch } = self.node;
        let number = self.number;
        let connection = self.connection().map_err(Failure::of)?;
        let done = in_transaction(connection, [id, epoch, number], |connection| {
            *written = (0, Vec::with_capacity(batch.len()));
            for group in batch {
                let fate = write_behind_savepoint(connection, group, id)?;
                written.0 += if fate.is_ok() { group.changes.len() as u64 } else { 0 };
                written.1.push(fate);
            }
            Ok(())
        });
        if done.is_err() {
            // It may be in the middle of the transaction.
            self.connection = None;
        }
        done
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
    let idle = (lease / 2).max(IDLE_MIN).as_millis();
    connection.batch(&format!(
        "set fermata.node = '{node}'; set idle_in_transaction_session_timeout = {idle}; set lock_timeout = '5s'"
    ))?;
    Ok(connection)
}

/// Rows written, and the fates of the groups.
type Written = (u64, Vec<Result<(), CommitError>>);

fn in_transaction(
    connection: &mut Connection,
    [node, epoch, number]: [i64; 3],
    work: impl FnOnce(&mut Connection) -> Result<(), Failure>,
) -> Result<(), Failure> {
    connection.batch("begin").map_err(Failure::of)?;
    connection.query(BEGIN_COMMIT, values![node, epoch, number]).map_err(Failure::of)?;
    work(connection)?;
    connection.batch("commit").map_err(Failure::of)
}

/// The fate of the group; a failure when it has nothing to do with the group.
fn write_behind_savepoint(
    connection: &mut Connection,
    group: &Group,
    node: i64,
) -> Result<Result<(), CommitError>, Failure> {
    if group.is_cut_off() {
        return Ok(Err(CommitError::CutOff));
    }
    connection.batch("savepoint alone").map_err(Failure::of)?;
    let fate = match apply_all(connection, group, node) {
        Err(Failure::Row(error)) if error.is_of_the_changes() => {
            group.end_chain();
            connection.batch("rollback to alone").map_err(Failure::of)?;
            Err(error)
        }
        applied => Ok(applied?),
    };
    connection.batch("release alone").map_err(Failure::of)?;
    Ok(fate)
}

fn apply_all(connection: &mut Connection, group: &Group, node: i64) -> Result<(), Failure> {
    let carrying = Carrying::of(std::slice::from_ref(group));
    group.changes.iter().try_for_each(|change| {
        rows::each(&Step::of(change), Some(node), &carrying, |write, row| {
            let hit = apply(connection, &Bundle::new(write, vec![row]));
            if hit.map_err(|error| Failure::of_row(write.what, error))? == 0 && write.must_hit {
                return Err(Failure::Row(CommitError::Missing { what: write.what }));
            }
            Ok(())
        })
    })
}

fn apply(connection: &mut Connection, bundle: &Bundle<'_>) -> Result<u64, DbError> {
    let statement = connection.prepared(&bundle.write.postgres)?;
    let values = bundle.arrays();
    connection.wait("a row", COMMIT_WITHIN, |client| async move {
        let values: Vec<&(dyn ToSql + Sync)> =
            values.iter().map(|value| value.as_ref() as &(dyn ToSql + Sync)).collect();
        client.execute(&statement, &values).await
    })
}

/// An error, and what was being written.
type Fault = (Option<&'static str>, tokio_postgres::Error);

/// Sends everything and waits for all answers.
async fn execute(
    client: &Client,
    begin: &Statement,
    key: [i64; 3],
    bundles: &[(Statement, &Bundle<'_>)],
) -> Result<(), Fault> {
    let parameters: Vec<Vec<Box<dyn ToSql + Sync + Send + '_>>> =
        bundles.iter().map(|(_, bundle)| bundle.parameters()).collect();
    let mut sent: Vec<BoxFuture<'_, Result<(), Fault>>> = vec![
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
            DbErrorKind::Committed => Self::AlreadyCommitted,
            _ => Self::Row(CommitError::transaction(error)),
        }
    }

    fn of_row(what: &'static str, error: DbError) -> Self {
        match error.kind() {
            DbErrorKind::Unavailable | DbErrorKind::Busy => Self::of(error),
            _ => Self::Row(CommitError::naming(what, error)),
        }
    }
}

/// Rows that one statement writes.
struct Bundle<'a> {
    write: &'static Write,
    rows: Vec<Vec<Value<'a>>>,
    bytes: usize,
}

/// The rows of a batch by statement, in the order the statements may be executed.
fn bundles<'a>(steps: &[Step<'a>], carrying: &Carrying<'a>, node: i64) -> Vec<Bundle<'a>> {
    let mut bundles: Vec<Bundle<'a>> = Vec::new();
    let mut places: HashMap<*const Write, usize> = HashMap::new();
    let mut put = |write: &'static Write, row: Vec<Value<'a>>| {
        let bytes: usize = row.iter().map(Value::bytes).sum();
        let place = places.get(&std::ptr::from_ref(write)).copied();
        let at = place.filter(|at| bundles[*at].bytes + bytes <= BUNDLE_BYTES_MAX).unwrap_or_else(|| {
            bundles.push(Bundle::new(write, Vec::new()));
            bundles.len() - 1
        });
        places.insert(write, at);
        bundles[at].rows.push(row);
        bundles[at].bytes += bytes;
        Ok::<(), Infallible>(())
    };
    for step in steps {
        let Ok(()) = rows::each(step, Some(node), carrying, &mut put);
    }
    bundles.sort_by_key(|bundle| bundle.write.rank);
    bundles
}

impl<'a> Bundle<'a> {
    fn new(write: &'static Write, rows: Vec<Vec<Value<'a>>>) -> Self {
        Self { write, rows, bytes: 0 }
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
        array(&self.rows, at, kind)
    }
}

/// One column of rows, as an array.
pub(crate) fn array<'a>(
    rows: &'a [Vec<Value<'_>>],
    at: usize,
    kind: Kind,
) -> Box<dyn ToSql + Sync + Send + 'a> {
    match kind {
        Kind::Int => Box::new(rows.iter().map(|row| row[at].as_int()).collect::<Vec<Option<i64>>>()),
        Kind::Text => Box::new(rows.iter().map(|row| row[at].as_text().map(without_nul)).collect::<Vec<_>>()),
        Kind::Blob => Box::new(rows.iter().map(|row| row[at].as_blob()).collect::<Vec<Option<&[u8]>>>()),
    }
}
