//! Why an operation of the API did not give what was asked for.

use std::time::Duration;

use hyper::StatusCode;

use super::wire::{Fault, Problem};
use crate::console::printable;
use crate::exit::{Exit, Failure};

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// No connection could be made.
    #[error("cannot reach the server at {url}: {reason}")]
    Unreachable {
        /// The server.
        url: String,
        /// The operating system's reason.
        reason: String,
    },
    /// The connection broke before the answer was whole.
    #[error("the connection to the server broke: {0}")]
    Broken(String),
    /// No answer came.
    #[error("the server did not answer within {} s", .within.as_secs())]
    Silent {
        /// How long was waited.
        within: Duration,
    },
    /// The server said no.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// The server answered something else than the API describes.
    #[error("the answer is not one of a Fermata server: {0}")]
    BadAnswer(String),
    /// An argument cannot be put into a request.
    #[error("this cannot be asked for: {0}")]
    BadRequest(String),
}

impl ClientError {
    /// The error that an answer with a status other than success is.
    pub(super) fn refused(status: StatusCode, body: &[u8]) -> Self {
        let mut problem = serde_json::from_slice::<Problem>(body).unwrap_or_default();
        problem.status = status.as_u16();
        if problem.detail.is_empty() {
            problem.detail = match problem.title.as_str() {
                "" => format!("the server answered {status}"),
                title => title.to_owned(),
            };
        }
        Self::Refused(Box::new(problem))
    }

    /// Whether the fault lies in the connection, so that another attempt may succeed.
    pub(super) fn is_connection(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Broken(_))
    }

    /// Whether the server cannot have seen the request.
    pub(super) fn is_before_sending(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// The places the server found fault with.
    pub(crate) fn faults(&self) -> &[Fault] {
        match self {
            Self::Refused(problem) => &problem.errors,
            _ => &[],
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Unreachable { .. } | Self::Broken(_) | Self::Silent { .. } => Exit::Unreachable,
            Self::BadAnswer(_) => Exit::Internal,
            Self::BadRequest(_) => Exit::Usage,
            Self::Refused(problem) => match problem.status {
                401 | 403 => Exit::Unauthorized,
                400 => Exit::Usage,
                404 => Exit::NotFound,
                502..=504 => Exit::Unreachable,
                507 => Exit::Io,
                500.. => Exit::Internal,
                _ => Exit::Failed,
            },
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let mut failure = Self::new(error.exit(), printable(&error.to_string()));
        // The server says a single fault in its detail already.
        let is_told = |fault: &&Fault| failure.message.contains(&fault.message);
        let faults: Vec<_> =
            error.faults().iter().filter(|fault| !is_told(fault)).map(Fault::to_string).collect();
        failure.notes.extend(faults.iter().map(|fault| printable(fault)));
        match failure.exit {
            Exit::Unreachable if matches!(error, ClientError::Unreachable { .. }) => {
                failure.note("is it running? start it with `fermata serve`, or name another one with --url")
            }
            Exit::Unauthorized => {
                failure.note("give the token with --token-file, or in the environment as FERMATA_TOKEN")
            }
            _ => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> Failure {
        ClientError::refused(StatusCode::from_u16(status).unwrap(), body.as_bytes()).into()
    }

    #[test]
    fn a_status_becomes_an_exit_code() {
        let cases = [
            (401, Exit::Unauthorized),
            (404, Exit::NotFound),
            (409, Exit::Failed),
            (422, Exit::Failed),
            (500, Exit::Internal),
            (503, Exit::Unreachable),
        ];
        for (status, exit) in cases {
            assert_eq!(refused(status, "{}").exit, exit, "{status}");
        }
    }

    #[test]
    fn a_problem_is_shown_with_its_places() {
        let body = r#"{"title":"Invalid input","detail":"the input does not fit",
            "errors":[{"pointer":"/name","message":"is not a string"},{"message":"bad","line":3,"column":7}]}"#;
        let failure = refused(422, body);
        assert_eq!(failure.message, "the input does not fit");
        assert_eq!(failure.notes, ["/name: is not a string", "3:7: bad"]);
        assert_eq!(refused(418, "<html>").message, "the server answered 418 I'm a teapot");
    }
}
