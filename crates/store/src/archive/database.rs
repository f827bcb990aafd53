//! Reading either database from its beginning to its end, in little memory.

use std::pin::pin;
use std::time::Duration;

use futures::TryStreamExt;
use tokio_postgres::types::ToSql;

use super::error::ArchiveError;
use crate::cells::{Cell, RowRef};
use crate::db_error::DbError;
use crate::sql::Read;
use crate::{postgres, sqlite};

/// Longest wait for the next row.
const ROW_WITHIN: Duration = Duration::from_secs(60);

/// Takes a row.
pub(super) type OnRow<'a> = &'a mut dyn FnMut(&[Cell<'_>]) -> Result<(), ArchiveError>;

/// A connection to either database.
pub(super) enum Database {
    Sqlite(rusqlite::Connection),
    Postgres(Box<postgres::connection::Connection>),
}

impl Database {
    /// Hands the rows of an answer to `row` one by one as they are read. `table` names them in errors.
    pub(super) fn each(&mut self, table: &str, sql: &str, row: OnRow<'_>) -> Result<(), ArchiveError> {
        let failed = |source: DbError| ArchiveError::Read { table: table.to_owned(), source };
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare(sql).map_err(|error| failed(sqlite::named(error)))?;
                let columns = statement.column_count();
                let mut rows = statement.raw_query();
                while let Some(found) = rows.next().map_err(|error| failed(sqlite::named(error)))? {
                    row(&cells(RowRef::Sqlite(found), columns).map_err(failed)?)?;
                }
            }
            Self::Postgres(connection) => {
                let statement = connection.prepared(sql).map_err(failed)?;
                let columns = statement.columns().len();
                let none = std::iter::empty::<&(dyn ToSql + Sync)>();
                let begin = connection.wait("a query", ROW_WITHIN, |client| async move {
                    client.query_raw(&statement, none).await
                });
                let mut rows = pin!(begin.map_err(failed)?);
                // What does not fit into the connection waits on the server.
                while let Some(found) =
                    connection.wait("the next row", ROW_WITHIN, |_| rows.try_next()).map_err(failed)?
                {
                    row(&cells(RowRef::Postgres(&found), columns).map_err(failed)?)?;
                }
            }
        }
        Ok(())
    }

    /// From here on all statements see the same state of the database.
    pub(super) fn begin_snapshot(&mut self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(connection) => sqlite::Reading(connection).begin_snapshot(),
            Self::Postgres(connection) => connection.begin_snapshot(),
        }
    }

    /// Whether it is the one that cannot keep the character 0 in a text.
    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

fn cells(row: RowRef<'_>, columns: usize) -> Result<Vec<Cell<'_>>, DbError> {
    (0..columns).map(|at| row.cell(at)).collect()
}
