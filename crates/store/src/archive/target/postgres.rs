//! A PostgreSQL database that gets everything in one transaction.

use std::time::Duration;

use tokio_postgres::types::ToSql;

use super::{ArchiveError, Shape, not_written};
use crate::archive::tables::TABLES;
use crate::db_error::DbError;
use crate::error::OpenError;
use crate::open::{self, DatabaseUrl};
use crate::postgres::connection::{Connection, Server};
use crate::postgres::open::refuse_old_server;
use crate::postgres::{migrate, writer};
use crate::sql::Read;
use crate::value::{Kind, Value, values};

/// Rows sent at once.
const ROWS_AT_ONCE: usize = 1_000;
/// Bytes of rows after which no more are sent at once.
const ROW_BYTES_AT_ONCE: usize = 4 << 20;
/// Longest wait for rows to be taken, and for the transaction to end.
const WRITE_WITHIN: Duration = Duration::from_secs(300);

/// Begins the transaction and makes an empty ledger of a schema, or finds one.
pub(super) fn begin(url: &DatabaseUrl, schema: u32) -> Result<Connection, ArchiveError> {
    let failed = |action| move |error: DbError| OpenError::server(action, url, error);
    let server = Server::new(url, "fermata restore").map_err(failed("read the address of"))?;
    let mut connection = Connection::open(&server).map_err(failed("open"))?;
    refuse_old_server(&mut connection, url)?;
    // However long the objects take in between: the transaction must last.
    connection
        .batch("set statement_timeout = 0; set idle_in_transaction_session_timeout = 0")
        .map_err(failed("open"))?;
    migrate::begin(&mut connection).map_err(failed("prepare"))?;
    match migrate::found(&mut connection).map_err(failed("read the schema of"))? {
        None => {
            migrate::migrate_to(&mut connection, schema, open::now()).map_err(failed("prepare"))?;
        }
        Some(found) if found != schema => {
            let found = format!("schema {found}, where schema {schema} is to be made");
            return Err(ArchiveError::NotEmpty { place: url.to_string(), found });
        }
        Some(_) => refuse_rows(&mut connection, url)?,
    }
    Ok(connection)
}

fn refuse_rows(connection: &mut Connection, url: &DatabaseUrl) -> Result<(), ArchiveError> {
    for table in TABLES.iter() {
        let sql = format!("select exists (select 1 from {})", table.name);
        let db: &mut dyn Read = connection;
        let found = db.row(&sql, values![], |cells| cells.take::<bool>());
        if found.map_err(|error| OpenError::server("look into", url, error))? == Some(true) {
            let found = format!("rows in the table {}", table.name);
            return Err(ArchiveError::NotEmpty { place: url.to_string(), found });
        }
    }
    Ok(())
}

/// The statement that writes rows, one array for each column.
pub(super) fn insert(shape: &Shape) -> String {
    let array = |(n, (_, kind)): (usize, &(String, Kind))| match kind {
        Kind::Int => format!("?{n}::bigint[]"),
        Kind::Text => format!("?{n}::text[]"),
        Kind::Blob => format!("?{n}::bytea[]"),
    };
    let arrays: Vec<String> = (1..).zip(&shape.columns).map(array).collect();
    format!("insert into {} ({}) select * from unnest({})", shape.name, shape.names(), arrays.join(", "))
}

/// Rows that wait to be sent.
#[derive(Default)]
pub(super) struct Rows {
    rows: Vec<Vec<Value<'static>>>,
    bytes: usize,
}

impl Rows {
    /// One more.
    pub(super) fn push(&mut self, row: Vec<Value<'static>>) {
        self.bytes += row.iter().map(size).sum::<usize>();
        self.rows.push(row);
    }

    /// Whether it is time to send them.
    pub(super) fn are_many(&self) -> bool {
        self.rows.len() >= ROWS_AT_ONCE || self.bytes >= ROW_BYTES_AT_ONCE
    }

    /// Sends them.
    pub(super) fn write(
        &mut self,
        connection: &mut Connection,
        shape: &Shape,
        insert: &str,
    ) -> Result<(), ArchiveError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let failed = |error| not_written(shape, error);
        let statement = connection.prepared(insert).map_err(failed)?;
        let arrays: Vec<Box<dyn ToSql + Sync + Send + '_>> = shape
            .columns
            .iter()
            .enumerate()
            .map(|(at, (_, kind))| writer::array(&self.rows, at, *kind))
            .collect();
        let written = connection.wait("rows", WRITE_WITHIN, |client| async move {
            let arrays: Vec<&(dyn ToSql + Sync)> =
                arrays.iter().map(|array| array.as_ref() as &(dyn ToSql + Sync)).collect();
            client.execute(&statement, &arrays).await
        });
        written.map_err(failed)?;
        self.rows.clear();
        self.bytes = 0;
        Ok(())
    }
}

fn size(value: &Value<'_>) -> usize {
    match value {
        Value::Null | Value::Int(_) => 8,
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
    }
}

/// Brings the ledger up to date and ends the transaction.
pub(super) fn finish(connection: &mut Connection, url: &DatabaseUrl) -> Result<(), ArchiveError> {
    let failed = |error| OpenError::server("write", url, error);
    migrate::migrate(connection, open::now()).map_err(failed)?;
    let commit = connection.wait("commit", WRITE_WITHIN, |client| client.batch_execute("commit"));
    Ok(commit.map_err(failed)?)
}
