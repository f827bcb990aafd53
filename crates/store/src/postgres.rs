//! PostgreSQL: a ledger that many nodes share.
//!
//! Each connection has a runtime of its own on the thread that uses it, so that a statement costs no
//! change of thread; what is sent together is answered together.

mod at_once;
pub(crate) mod connection;
pub(crate) mod lease;
pub(crate) mod listen;
pub(crate) mod migrate;
pub(crate) mod open;
pub(crate) mod readers;
pub(crate) mod traffic;
pub(crate) mod writer;

use bytes::BytesMut;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::cells::{Cell, Unfit};
use crate::db_error::{DbError, DbErrorKind};
use crate::value::Value;

/// A cell of a PostgreSQL row.
pub(crate) fn cell<'row>(row: &'row tokio_postgres::Row, at: usize) -> Result<Cell<'row>, DbError> {
    let Some(column) = row.columns().get(at) else { return Err(DbError::damaged(at, Unfit)) };
    let found = match *column.type_() {
        Type::INT8 => row.try_get::<_, Option<i64>>(at).map(|number| number.map(Cell::Int)),
        Type::INT4 => row.try_get::<_, Option<i32>>(at).map(|number| number.map(|n| Cell::Int(n.into()))),
        Type::BOOL => row.try_get::<_, Option<bool>>(at).map(|yes| yes.map(|yes| Cell::Int(yes.into()))),
        Type::BYTEA => row.try_get::<_, Option<&[u8]>>(at).map(|bytes| bytes.map(Cell::Blob)),
        _ => row.try_get::<_, Option<&str>>(at).map(|text| text.map(Cell::Text)),
    };
    found.map(|cell| cell.unwrap_or(Cell::Null)).map_err(|error| DbError::damaged(at, error))
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, of) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(of, out),
            (Self::Int(number), &Type::BOOL) => (*number != 0).to_sql(of, out),
            (Self::Int(number), _) => number.to_sql(of, out),
            (Self::Text(text), _) => without_nul(text).as_ref().to_sql(of, out),
            (Self::Blob(bytes), _) => bytes.as_ref().to_sql(of, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// PostgreSQL's texts cannot hold the character 0; where a task puts one into a name or a log line
/// it becomes the sign for a character that cannot be shown. JSON is not touched: it spells it out.
pub(crate) fn without_nul(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// What an error of PostgreSQL means. Codes are those of
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(crate) fn named(error: tokio_postgres::Error) -> DbError {
    DbError::new(kind(&error), Told(error))
}

fn kind(error: &tokio_postgres::Error) -> DbErrorKind {
    let Some(code) = error.code() else { return kind_of_driver(error) };
    match code.code() {
        "FM001" => return DbErrorKind::Missing,
        "FM002" => return DbErrorKind::Deposed,
        "FM003" => return DbErrorKind::Committed,
        _ => {}
    }
    if *code == SqlState::UNIQUE_VIOLATION {
        return DbErrorKind::Conflict;
    }
    if *code == SqlState::DISK_FULL {
        return DbErrorKind::Full;
    }
    if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        return DbErrorKind::ReadOnly;
    }
    if *code == SqlState::UNDEFINED_DATABASE {
        return DbErrorKind::NoDatabase;
    }
    if [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE, SqlState::LOCK_NOT_AVAILABLE]
        .contains(code)
    {
        return DbErrorKind::Busy;
    }
    match &code.code()[..2] {
        // Class 21: one statement would change a row twice.
        "21" | "22" | "23" => DbErrorKind::Refused,
        "28" => DbErrorKind::Login,
        // Connection faults; out of connections or memory; the server is stopping or starting.
        "08" | "53" | "57" => DbErrorKind::Unavailable,
        "25" if *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => DbErrorKind::Unavailable,
        "58" => DbErrorKind::Disk,
        "XX" => DbErrorKind::Corrupt,
        _ => DbErrorKind::Other,
    }
}

/// What an error means that the server knows nothing of. The driver tells its kinds apart in words only.
fn kind_of_driver(error: &tokio_postgres::Error) -> DbErrorKind {
    let words = error.to_string();
    let begins = |with: &[&str]| with.iter().any(|with| words.starts_with(with));
    if begins(&["invalid configuration", "authentication error"]) {
        return DbErrorKind::Login;
    }
    if begins(&["error serializing", "error encoding"]) {
        return DbErrorKind::Refused;
    }
    // The connection is gone, or there never was one.
    DbErrorKind::Unavailable
}

/// An error of the driver, with what the server said, which the driver shows only as a cause.
#[derive(Debug)]
pub(crate) struct Told(tokio_postgres::Error);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_db_error() {
            Some(told) => f.write_str(told.message()),
            None => std::fmt::Display::fmt(&self.0, f),
        }
    }
}

impl std::error::Error for Told {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.0.as_db_error() {
            Some(_) => None,
            None => std::error::Error::source(&self.0),
        }
    }
}

/// The error of a wait that took too long: the connection is of no use any more.
pub(crate) fn timed_out(what: &'static str) -> DbError {
    let message = format!("no answer in time to: {what}");
    DbError::new(DbErrorKind::Unavailable, std::io::Error::new(std::io::ErrorKind::TimedOut, message))
}
