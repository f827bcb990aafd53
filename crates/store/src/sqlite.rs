//! The embedded database: one SQLite file in the store's folder.

pub(crate) mod connection;
pub(crate) mod migrate;
pub(crate) mod open;
pub(crate) mod readers;
pub(crate) mod writer;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode};

use crate::cells::{Cell, Cells, RowRef, Unfit};
use crate::db_error::{DbError, DbErrorKind};
use crate::sql::{Dialect, Read};
use crate::value::Value;

/// A cell of a SQLite row.
pub(crate) fn cell<'row>(row: &'row rusqlite::Row<'row>, at: usize) -> Result<Cell<'row>, DbError> {
    let value = row.get_ref(at).map_err(named)?;
    match value {
        ValueRef::Null => Ok(Cell::Null),
        ValueRef::Integer(number) => Ok(Cell::Int(number)),
        ValueRef::Text(text) => {
            std::str::from_utf8(text).map(Cell::Text).map_err(|error| DbError::damaged(at, error))
        }
        ValueRef::Blob(bytes) => Ok(Cell::Blob(bytes)),
        ValueRef::Real(_) => Err(DbError::damaged(at, Unfit)),
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// A connection of SQLite, seen as one that reads.
pub(crate) struct Reading<'a>(pub(crate) &'a Connection);

impl Read for Reading<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn each(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        row: &mut dyn FnMut(&mut Cells<'_>) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let mut statement = self.0.prepare_cached(sql).map_err(named)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(named)?;
        while let Some(found) = rows.next().map_err(named)? {
            row(&mut Cells::new(RowRef::Sqlite(found)))?;
        }
        Ok(())
    }

    fn at_once(&mut self, work: &mut dyn FnMut(&mut dyn Read) -> Result<(), DbError>) -> Result<(), DbError> {
        let db: &mut dyn Read = self;
        db.in_snapshot(|db| work(db))
    }

    fn begin_snapshot(&mut self) -> Result<(), DbError> {
        self.0.execute_batch("begin deferred").map_err(named)
    }

    fn end_snapshot(&mut self) -> Result<(), DbError> {
        self.0.execute_batch("commit").map_err(named)
    }
}

/// What an error of SQLite means.
pub(crate) fn named(error: rusqlite::Error) -> DbError {
    DbError::new(kind(&error), error)
}

fn kind(error: &rusqlite::Error) -> DbErrorKind {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE};
    let Some(failure) = error.sqlite_error() else { return DbErrorKind::Other };
    match (failure.code, failure.extended_code) {
        (_, SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_ROWID) => {
            DbErrorKind::Conflict
        }
        (ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch, _) => {
            DbErrorKind::Refused
        }
        (ErrorCode::DiskFull, _) => DbErrorKind::Full,
        (ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory, _) => DbErrorKind::Disk,
        (ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => DbErrorKind::ReadOnly,
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => DbErrorKind::Corrupt,
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => DbErrorKind::Busy,
        _ => DbErrorKind::Other,
    }
}
