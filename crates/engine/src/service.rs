//! What a service is: a name, methods, a policy, and a function that either answers at once, makes
//! the call wait, or goes outside.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use fermata_connect::retry;
use fermata_model::record::{Outcome, Run};
use fermata_model::{CallError, CallNumber, Json, Millis, RunId};

pub(crate) mod events;
pub(crate) mod http;
pub(crate) mod keystore;
pub(crate) mod sleep;
pub(crate) mod tasks;

/// What a call leads to.
pub(crate) enum Step {
    /// It has ended.
    Done(Outcome),
    /// It waits for a moment.
    Until(Millis),
    /// It waits for an event, for at most so long.
    Event { name: String, until: Option<Millis> },
    /// It started a run and waits for its end.
    Child(Box<Run>),
    /// It started a run and has ended with its id.
    Started(Box<Run>),
    /// It goes outside, once what led to it is on disk.
    Outside,
}

impl Step {
    /// The call ended with this JSON.
    pub(crate) fn ok(value: Json) -> Self {
        Self::Done(Outcome::Ok(value))
    }

    /// The call ended with this error.
    pub(crate) fn error(error: CallError) -> Self {
        Self::Done(Outcome::Err(error))
    }
}

/// How an attempt at an outward call ended.
pub(crate) type Attempted = Result<Json, Failure>;

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Why; says whether another attempt may help.
    pub(crate) error: CallError,
    /// How long the service asked to wait.
    pub(crate) retry_after: Option<Duration>,
    /// What the guest gets instead of the error when no attempt is left.
    pub(crate) last_answer: Option<Json>,
}

impl Failure {
    /// A failure that is nothing but its error.
    pub(crate) fn plain(error: CallError) -> Self {
        Self { error, retry_after: None, last_answer: None }
    }
}

/// How calls of a method are treated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Longest time of one attempt.
    pub(crate) timeout: Duration,
    /// How often and how patiently failed attempts are repeated.
    pub(crate) retry: retry::Policy,
}

/// One attempt at an outward call.
pub(crate) struct Request {
    pub(crate) method: String,
    /// Arguments as the guest gave them. Secret references in them are still references.
    pub(crate) args: Json,
    /// The same on every attempt of this call, different for every other call.
    pub(crate) idempotency_key: String,
}

/// An attempt on its way.
pub(crate) type Attempt<'a> = Pin<Box<dyn Future<Output = Attempted> + Send + 'a>>;

/// A service whose calls leave the system.
pub(crate) trait Outward: Send + Sync {
    /// Refuses a call that no attempt could make, before anything is written.
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError>;

    /// Makes one attempt.
    fn attempt(&self, request: Request) -> Attempt<'_>;
}

/// The key that goes out with every attempt of a call.
pub(crate) fn idempotency_key(run: RunId, number: CallNumber) -> String {
    format!("{run}.{number}")
}

/// The arguments as a tuple of JSON values; missing ones are `null`.
pub(crate) fn arguments<T: serde::de::DeserializeOwned>(what: &str, args: &Json) -> Result<T, CallError> {
    serde_json::from_str(args.get())
        .map_err(|error| CallError::fatal("bad_arguments", format!("{what}: {error}")))
}

/// The error of a method that a service does not have.
pub(crate) fn unknown_method(service: &str, method: &str, known: &[&str]) -> CallError {
    let message = format!("tools.{service} has no method {method}; it has {}", known.join(", "));
    CallError::fatal("unknown_method", message)
}
