//! What a service is: methods, a policy, and one attempt at a call.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use fermata_connect::retry;
use fermata_model::usage::Usage;
use fermata_model::{CallError, Json, WorkspaceId};

use crate::way::Way;

/// How an attempt at a call ended.
pub type Attempted = Result<Answer, Failure>;

/// An attempt on its way.
pub type Attempt<'a> = Pin<Box<dyn Future<Output = Attempted> + Send + 'a>>;

/// A service whose calls leave the system.
pub trait Service: Send + Sync {
    /// Refuses a call that no attempt could make, before anything is written, and says how the others
    /// are treated.
    ///
    /// # Errors
    /// A fatal error that names the method or the argument that is wrong.
    fn check(&self, method: &str, args: &Json) -> Result<Policy, CallError>;

    /// Makes one attempt. The arguments have passed [`Service::check`].
    fn attempt<'a>(&'a self, request: Request, way: &'a Way<'a>) -> Attempt<'a>;
}

/// How calls of a method are treated.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Longest time of one attempt.
    pub timeout: Duration,
    /// How often and how patiently failed attempts are repeated.
    pub retry: retry::Policy,
}

/// One attempt at a call.
#[derive(Debug)]
pub struct Request {
    /// Whose call it is.
    pub workspace: WorkspaceId,
    /// The path after the service's name, such as `chat.completions.create`.
    pub method: String,
    /// Arguments as the guest gave them, a JSON array. Secret references in them are still references.
    pub args: Json,
    /// The same on every attempt of this call, different for every other call.
    pub idempotency_key: String,
}

/// What a call brought back.
#[derive(Debug)]
pub struct Answer {
    /// What the guest gets.
    pub value: Json,
    /// What it took of the provider, where the provider tells.
    pub usage: Option<Usage>,
}

impl From<Json> for Answer {
    fn from(value: Json) -> Self {
        Self { value, usage: None }
    }
}

/// A failed attempt.
#[derive(Debug)]
pub struct Failure {
    /// Why; says whether another attempt may help.
    pub error: CallError,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// What the guest gets instead of the error when no attempt is left.
    pub last_answer: Option<Json>,
}

impl Failure {
    /// A failure that is nothing but its error.
    pub fn plain(error: CallError) -> Self {
        Self { error, retry_after: None, last_answer: None }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::plain(error)
    }
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
