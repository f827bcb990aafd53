//! What goes wrong in a conversation, as the guest gets it.

use std::io;

use fermata_model::{CallError, json};
use serde::Serialize;

use super::reply::Reply;
use crate::way;

#[derive(Serialize)]
struct Facts<'a> {
    status: u16,
    reply: String,
    during: &'a str,
}

/// The error of a reply that refuses something: passing where the server says so.
pub(super) fn refused(during: &str, reply: &Reply) -> CallError {
    let facts = Facts { status: reply.status, reply: reply.text(), during };
    let message = format!("the mail server refuses {during}: {} {}", reply.status, facts.reply);
    let error = CallError { retryable: reply.is_passing(), ..CallError::fatal("smtp_reply", message) };
    match json::of(&facts) {
        Ok(facts) => error.with_details(facts),
        Err(_) => error,
    }
}

/// The error of a login that is refused. The server's words are left out: it has just been told the password.
pub(super) fn login(reply: &Reply) -> CallError {
    let message = format!("the mail server refuses the login with {}", reply.status);
    CallError { retryable: reply.is_passing(), ..CallError::fatal("login", message) }
}

/// The error of a connection that broke before the server had the message.
pub(super) fn lost(error: &io::Error) -> CallError {
    if let Some(limit) = error.get_ref().and_then(|cause| cause.downcast_ref::<fermata_connect::Error>()) {
        return way::refused(limit).error;
    }
    CallError::passing("connection_lost", format!("the mail server hung up: {error}; nothing was sent"))
}

/// The error of a server that does not speak as mail servers do.
pub(super) fn garbage() -> CallError {
    CallError::passing("bad_answer", "what the mail server says is no reply of a mail server")
}

/// The error of a TLS session that could not be made.
pub(super) fn tls(error: &io::Error) -> CallError {
    let message = format!("no trusted TLS session with the mail server: {error}");
    // What the server shows does not get better; a connection that breaks may.
    let is_lost = matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset);
    CallError { retryable: is_lost, ..CallError::fatal("tls", message) }
}

/// The error of a message that the server has and does not answer.
pub(super) fn unclear(why: &str) -> CallError {
    let message = format!(
        "the mail server had the whole message, and {why}: it may have been sent or not, so it is not sent again"
    );
    CallError::fatal("outcome_unknown", message)
}
