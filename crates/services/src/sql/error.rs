//! Errors as the guest gets them: with the database's own code, and never with a password.

use std::time::Duration;

use fermata_model::{CallError, json};
use serde::Serialize;

/// What a database says of a statement that failed.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Facts {
    /// The index of the statement in the call, from 0.
    pub(super) statement: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<String>,
    /// Where in the text, in characters from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) position: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) column: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) constraint: Option<String>,
}

/// The error of a statement. `code` is an SQLSTATE or SQLite's name of the error.
pub(super) fn of_statement(
    code: &str,
    message: impl Into<String>,
    retryable: bool,
    facts: &Facts,
) -> CallError {
    let mut error = CallError::fatal(code, message);
    error.name = "SqlError".into();
    error.retryable = retryable;
    error.details = json::of(facts).ok();
    error
}

/// The error of a statement that our own rules refuse.
pub(super) fn refused(statement: usize, code: &str, message: impl Into<String>) -> CallError {
    of_statement(code, message, false, &Facts { statement, ..Facts::default() })
}

/// The error of a call that took too long. Nothing of it is left.
pub(super) fn too_slow(time: Duration) -> CallError {
    let message = format!("tools.sql: not done within {} ms; nothing was changed", time.as_millis());
    CallError { name: "SqlError".into(), ..CallError::fatal("timeout", message) }
}
