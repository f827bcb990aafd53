//! `tools.mail`: sends messages by SMTP.
//!
//! Until the server has the whole message, and after it has refused one, an attempt may be repeated. When the answer to
//! a whole message stays out nobody knows whether it was taken, so it is not sent again. All attempts of a call have
//! the same Message-ID, by which a repetition after a crash can be told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fermata_connect::retry;
use fermata_model::{CallError, Json, json};
use serde::Serialize;

use self::letter::Letter;
use self::relay::Relay;
use crate::args::Args;
use crate::call::{Attempt, Attempted, Failure, Policy, Request, Service, unknown_method};
use crate::way::Way;

mod address;
mod attachment;
mod delivery;
mod fault;
mod letter;
mod message;
mod relay;
mod reply;
mod talk;

/// Time of one attempt.
const TIME: Duration = Duration::from_secs(60);
/// How much longer it takes at most to say that it is over.
const SLACK: Duration = Duration::from_secs(5);
/// Servers that put senders off ("greylisting") want them back after minutes, not at once.
const RETRY: retry::Policy = retry::Policy {
    attempts_max: 6,
    base: Duration::from_secs(5),
    cap: Duration::from_secs(300),
    jitter: retry::Jitter::Equal,
};

/// The service.
#[derive(Debug, Clone, Copy)]
pub struct Mail {
    time: Duration,
}

impl Default for Mail {
    fn default() -> Self {
        Self { time: TIME }
    }
}

impl Mail {
    /// The service with another time for one attempt than a minute.
    #[must_use]
    pub fn within(self, time: Duration) -> Self {
        Self { time }
    }
}

/// What became of a message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    message_id: String,
    accepted: Vec<String>,
    rejected: Vec<Rejected>,
}

/// A recipient that the server does not take.
#[derive(Serialize)]
struct Rejected {
    address: String,
    /// Of three digits.
    status: u16,
    reply: String,
}

impl Service for Mail {
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError> {
        read(method, args)?;
        Ok(Policy { timeout: self.time + SLACK, retry: RETRY })
    }

    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a> {
        Box::pin(send(request, way, self.time))
    }
}

fn read(method: &str, args: &Json) -> Result<Letter, CallError> {
    if method != "send" {
        return Err(unknown_method("mail", method, &["send"]));
    }
    let mut args = Args::of("mail", method, args)?;
    let letter = args.optional_object("message")?;
    let letter = letter.ok_or_else(|| args.bad("argument 1, message, is an object"))?;
    let letter = Letter::of(letter).map_err(|why| args.bad(why))?;
    args.end()?;
    Ok(letter)
}

async fn send(request: Request, way: &Way<'_>, time: Duration) -> Attempted {
    let letter = read(&request.method, &request.args)?;
    let relay = Relay::of(way.vault)?;
    let message = message::of(&letter, &relay, &request.idempotency_key)?;
    let is_out = AtomicBool::new(false);
    let delivery = Box::pin(delivery::deliver(&relay, &message, way, &is_out));
    let sent = match tokio::time::timeout(time, delivery).await {
        Ok(sent) => sent?,
        Err(_) if is_out.load(Ordering::Relaxed) => return Err(fault::unclear("no answer came").into()),
        Err(_) => {
            let message = format!("tools.mail: no end within {} ms; nothing was sent", time.as_millis());
            return Err(CallError::passing("timeout", message).into());
        }
    };
    let answer = json::of(&sent).map_err(|error| CallError::fatal("bad_answer", error.to_string()));
    Ok(answer.map_err(Failure::plain)?.into())
}
