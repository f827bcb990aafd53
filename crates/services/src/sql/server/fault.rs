//! PostgreSQL's errors as the guest gets them.

use std::error::Error;
use std::io;

use fermata_model::CallError;
use tokio_postgres::error::{DbError, ErrorPosition, SqlState};

use super::super::error::{self, Facts};
use crate::way;

/// Why a call was not done.
pub(super) enum Broken {
    /// A statement failed; with its index.
    Postgres(usize, tokio_postgres::Error),
    /// The commit did; and whether it would have kept something.
    Commit(usize, tokio_postgres::Error, bool),
    /// Our own rules refuse something.
    Refused(CallError),
}

impl From<CallError> for Broken {
    fn from(error: CallError) -> Self {
        Self::Refused(error)
    }
}

impl Broken {
    /// Whether the server said this.
    pub(super) fn is(&self, state: &SqlState) -> bool {
        matches!(self, Self::Postgres(_, error) if error.code() == Some(state))
    }

    /// The error of the call. `why` is what ended the connection, where it has ended.
    pub(super) fn named(self, why: Option<&(dyn Error + 'static)>) -> CallError {
        match self {
            Self::Refused(error) => error,
            Self::Postgres(index, error) => match error.as_db_error() {
                Some(told) => of_statement(index, told),
                None => of_connection(index, why.unwrap_or(&error)),
            },
            Self::Commit(index, error, has_written) => match error.as_db_error() {
                // A server that refuses a commit has kept nothing; one that goes down may have.
                Some(told) if !is_going_down(told) => of_statement(index, told),
                _ if has_written => unclear(),
                _ => of_connection(index, why.unwrap_or(&error)),
            },
        }
    }
}

/// The error of a commit that was sent and not answered.
pub(super) fn unclear() -> CallError {
    let message = "tools.sql: the connection broke while the transaction was committed; it may have counted or not, \
                   so it is not repeated. Look at what is in the database";
    CallError { name: "SqlError".into(), ..CallError::fatal("outcome_unknown", message) }
}

/// The error of a connection that was not logged in.
pub(super) fn of_login(failed: &tokio_postgres::Error) -> CallError {
    if let Some(told) = failed.as_db_error() {
        let message = format!("the database refuses the connection: {}", told.message());
        return error::of_statement(told.code().code(), message, is_passing(told), &Facts::default());
    }
    let words = with_causes(failed);
    let is_lost = causes(failed).filter_map(|cause| cause.downcast_ref::<io::Error>()).any(is_lost);
    // The driver tells these apart in words only.
    let code = match words.as_str() {
        _ if is_lost => return CallError::passing("connect", format!("tools.sql: {words}")),
        words if words.starts_with("error performing TLS handshake") => "tls",
        words if words.starts_with("authentication error") || words.starts_with("invalid configuration") => {
            "login"
        }
        _ => return of_connection(0, failed),
    };
    CallError { name: "SqlError".into(), ..CallError::fatal(code, format!("tools.sql: {words}")) }
}

/// Whether a connection was lost, rather than being of no use.
fn is_lost(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | TimedOut | UnexpectedEof)
}

fn of_statement(index: usize, told: &DbError) -> CallError {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let position = match told.position() {
        Some(ErrorPosition::Original(at)) => Some(*at),
        _ => None,
    };
    let facts = Facts {
        statement: index,
        detail: owned(told.detail()),
        hint: owned(told.hint()),
        position,
        table: owned(told.table()),
        column: owned(told.column()),
        constraint: owned(told.constraint()),
    };
    // The limit that is reached is the one that the call has named.
    let is_late = *told.code() == SqlState::QUERY_CANCELED;
    let code = if is_late { "timeout" } else { told.code().code() };
    error::of_statement(code, told.message(), is_passing(told), &facts)
}

/// What another attempt may not meet. The transaction has left nothing behind.
fn is_passing(told: &DbError) -> bool {
    let passing =
        [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::LOCK_NOT_AVAILABLE];
    passing.contains(told.code()) || is_going_down(told) || told.code().code().starts_with("53")
}

/// Whether the server says goodbye, or that the connection is no good. Codes are those of
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn is_going_down(told: &DbError) -> bool {
    let code = told.code().code();
    code.starts_with("57P")
        || code.starts_with("08")
        || *told.code() == SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN
}

/// The error of a connection that broke before anything was committed.
fn of_connection(index: usize, failed: &(dyn Error + 'static)) -> CallError {
    let ours =
        causes(failed).filter_map(|cause| cause.downcast_ref::<io::Error>()).find_map(|io| io.get_ref());
    if let Some(limit) = ours.and_then(|cause| cause.downcast_ref::<fermata_connect::Error>()) {
        return CallError { name: "SqlError".into(), ..way::refused(limit).error };
    }
    let message = format!("{}; nothing was changed", with_causes(failed));
    error::of_statement("connection_lost", message, true, &Facts { statement: index, ..Facts::default() })
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

fn with_causes(error: &(dyn Error + 'static)) -> String {
    let words: Vec<String> = causes(error).map(ToString::to_string).collect();
    words.join(": ")
}
