//! `tools.mail` against a server on loopback. What it sends is read by Python's `email`, and what the server
//! understands is checked with Python's `smtplib`, so that the two are not only right with each other.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod arguments;
mod encrypted;
mod messages;
#[path = "../support/outside.rs"]
mod outside;
mod peer;
#[path = "../support/python.rs"]
mod python;
mod trouble;

use fermata_model::CallError;
use fermata_services::mail::Mail;
use fermata_testkit::smtp::{Setup, SmtpPeer};
use serde_json::{Value, json};

use outside::Outside;

/// A server without encryption and login.
fn plain() -> SmtpPeer {
    SmtpPeer::start(Setup::default()).unwrap()
}

/// What surrounds the service when it is configured for a server on this machine.
fn configured(peer: &SmtpPeer) -> Outside {
    let url = format!("smtp://127.0.0.1:{}", peer.port());
    Outside::with(&[("MAIL_SMTP_URL", &url), ("MAIL_FROM", "Fermata <fermata@example.com>")])
}

/// One attempt at sending a message.
async fn send(outside: &Outside, message: Value) -> Result<Value, CallError> {
    let attempted = outside.attempt(&Mail::default(), "send", &json!([message]).to_string()).await;
    let answer = attempted.map_err(|failure| failure.error)?;
    Ok(serde_json::from_str(answer.value.get()).unwrap())
}

/// The least that a message has.
fn short() -> Value {
    json!({ "to": "bob@example.com", "subject": "Hello", "text": "Hi" })
}

/// The same with other fields.
fn with(fields: Value) -> Value {
    let mut message = short();
    message.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    message
}
