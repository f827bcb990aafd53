//! What is answered when a request cannot be done: the body, and the status that goes with it.
//!
//! After the page "Errors" of PostgREST's documentation. Hints that need a fuzzy search for names are left out.

use serde_json::{Value, json};

use crate::http_peer::Reply;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Error {
    pub(super) status: u16,
    code: String,
    message: String,
    details: Value,
    hint: Value,
}

pub(super) type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        let (code, message) = (code.to_owned(), message.into());
        Self { status, code, message, details: Value::Null, hint: Value::Null }
    }

    /// A part of the query that cannot be read.
    pub(super) fn syntax(message: impl Into<String>, details: impl Into<Value>) -> Self {
        Self::new(400, "PGRST100", message).details(details)
    }

    /// A body that cannot be read.
    pub(super) fn body(message: impl Into<String>) -> Self {
        Self::new(400, "PGRST102", message)
    }

    /// No answer can take the form that was asked for.
    pub(super) fn form(wanted: &str) -> Self {
        Self::new(406, "PGRST107", format!("None of these media types are available: {wanted}"))
    }

    pub(super) fn details(self, details: impl Into<Value>) -> Self {
        Self { details: details.into(), ..self }
    }

    pub(super) fn hint(self, hint: impl Into<Value>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// The answer.
    pub(super) fn reply(&self) -> Reply {
        let body = json!({
            "code": self.code, "details": self.details, "hint": self.hint, "message": self.message,
        });
        Reply::new(self.status, "application/json; charset=utf-8", body.to_string())
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(told) = error.as_db_error() else {
            let told = Self::new(503, "PGRST001", "Database client error. Retrying the connection.");
            return told.details(error.to_string());
        };
        let code = told.code().code();
        let error = Self::new(status(code, told.message()), code, told.message());
        error.details(told.detail()).hint(told.hint())
    }
}

/// "HTTP Status Codes": the status for a SQLSTATE.
fn status(code: &str, message: &str) -> u16 {
    if let Some(chosen) = code.strip_prefix("PT") {
        return chosen.parse().ok().filter(|status| (100..600).contains(status)).unwrap_or(500);
    }
    match code {
        "23503" | "23505" => 409,
        "25006" => 405,
        "42883" | "42P01" => 404,
        "42501" => 403,
        "57P01" => 503,
        "42P17" | "53400" => 500,
        "21000" if !message.ends_with("requires a WHERE clause") => 500,
        "P0001" => 400,
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "53" => 503,
            "0L" | "0P" | "28" => 403,
            "09" | "25" | "2D" | "38" | "39" | "3B" | "40" | "54" | "55" | "57" | "58" | "F0" | "HV"
            | "P0" | "XX" => 500,
            _ => 400,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn a_sqlstate_has_a_status() {
        let cases = [
            ("23505", 409),
            ("23514", 400),
            ("22P02", 400),
            ("25006", 405),
            ("42P01", 404),
            ("42703", 400),
            ("P0001", 400),
            ("P0002", 500),
            ("PT402", 402),
            ("PTxyz", 500),
            ("53100", 503),
            ("53400", 500),
        ];
        for (code, expected) in cases {
            assert_eq!(status(code, ""), expected, "{code}");
        }
    }
}
