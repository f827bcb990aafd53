//! SQLite's errors as the guest gets them.

use std::time::Duration;

use fermata_model::CallError;
use rusqlite::{Error, ErrorCode, ffi};

use super::super::error::{self, Facts};

/// SQLite's names of its errors (<https://sqlite.org/rescode.html>), as far as statements meet them.
const NAMES: [(i32, &str); 29] = [
    (ffi::SQLITE_CONSTRAINT_CHECK, "SQLITE_CONSTRAINT_CHECK"),
    (ffi::SQLITE_CONSTRAINT_DATATYPE, "SQLITE_CONSTRAINT_DATATYPE"),
    (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, "SQLITE_CONSTRAINT_FOREIGNKEY"),
    (ffi::SQLITE_CONSTRAINT_NOTNULL, "SQLITE_CONSTRAINT_NOTNULL"),
    (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "SQLITE_CONSTRAINT_PRIMARYKEY"),
    (ffi::SQLITE_CONSTRAINT_ROWID, "SQLITE_CONSTRAINT_ROWID"),
    (ffi::SQLITE_CONSTRAINT_TRIGGER, "SQLITE_CONSTRAINT_TRIGGER"),
    (ffi::SQLITE_CONSTRAINT_UNIQUE, "SQLITE_CONSTRAINT_UNIQUE"),
    (ffi::SQLITE_ERROR, "SQLITE_ERROR"),
    (ffi::SQLITE_INTERNAL, "SQLITE_INTERNAL"),
    (ffi::SQLITE_PERM, "SQLITE_PERM"),
    (ffi::SQLITE_ABORT, "SQLITE_ABORT"),
    (ffi::SQLITE_BUSY, "SQLITE_BUSY"),
    (ffi::SQLITE_LOCKED, "SQLITE_LOCKED"),
    (ffi::SQLITE_NOMEM, "SQLITE_NOMEM"),
    (ffi::SQLITE_READONLY, "SQLITE_READONLY"),
    (ffi::SQLITE_INTERRUPT, "SQLITE_INTERRUPT"),
    (ffi::SQLITE_IOERR, "SQLITE_IOERR"),
    (ffi::SQLITE_CORRUPT, "SQLITE_CORRUPT"),
    (ffi::SQLITE_FULL, "SQLITE_FULL"),
    (ffi::SQLITE_CANTOPEN, "SQLITE_CANTOPEN"),
    (ffi::SQLITE_PROTOCOL, "SQLITE_PROTOCOL"),
    (ffi::SQLITE_SCHEMA, "SQLITE_SCHEMA"),
    (ffi::SQLITE_TOOBIG, "SQLITE_TOOBIG"),
    (ffi::SQLITE_CONSTRAINT, "SQLITE_CONSTRAINT"),
    (ffi::SQLITE_MISMATCH, "SQLITE_MISMATCH"),
    (ffi::SQLITE_AUTH, "SQLITE_AUTH"),
    (ffi::SQLITE_RANGE, "SQLITE_RANGE"),
    (ffi::SQLITE_NOTADB, "SQLITE_NOTADB"),
];

/// The error of a statement.
pub(super) fn of_statement(failed: &Error, statement: usize, time: Duration) -> CallError {
    let Some(code) = code_of(failed) else {
        return error::refused(statement, "SQLITE_ERROR", said(failed));
    };
    match code.code {
        ErrorCode::OperationInterrupted => error::too_slow(time),
        ErrorCode::AuthorizationForStatementDenied => {
            let message = "the statement does what statements of tasks may not; see docs/services/sql.md";
            error::refused(statement, "SQLITE_AUTH", message)
        }
        _ => {
            let facts = Facts { statement, position: position(failed), ..Facts::default() };
            error::of_statement(name_of(code), said(failed), is_passing(code.code), &facts)
        }
    }
}

/// The error of a file that cannot be used.
pub(super) fn of_file(failed: &Error) -> CallError {
    let Some(code) = code_of(failed) else { return error::refused(0, "SQLITE_ERROR", said(failed)) };
    let message = format!("the workspace's SQLite file cannot be used: {}", said(failed));
    error::of_statement(name_of(code), message, is_passing(code.code), &Facts::default())
}

/// The error of a call whose temporary files take too much of a disk. Nothing of it is left.
pub(super) fn no_room() -> CallError {
    error::refused(0, "SQLITE_FULL", "sorting or grouping takes too much of the disk; nothing was changed")
}

fn code_of(failed: &Error) -> Option<ffi::Error> {
    match failed {
        Error::SqlInputError { error, .. } => Some(*error),
        other => other.sqlite_error().copied(),
    }
}

/// What another attempt may not meet. Repeating is safe: a call that was done is recorded.
fn is_passing(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
    )
}

fn name_of(code: ffi::Error) -> &'static str {
    let find = |number: i32| NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name);
    find(code.extended_code).or_else(|| find(code.extended_code & 0xff)).unwrap_or("SQLITE_ERROR")
}

/// SQLite's words, without the text of the statement.
fn said(failed: &Error) -> String {
    match failed {
        Error::SqlInputError { msg, .. } => msg.clone(),
        Error::SqliteFailure(_, Some(message)) => message.clone(),
        other => other.to_string(),
    }
}

fn position(failed: &Error) -> Option<u32> {
    let Error::SqlInputError { sql, offset, .. } = failed else { return None };
    let before = sql.get(..usize::try_from(*offset).ok()?)?;
    u32::try_from(before.chars().count() + 1).ok()
}
