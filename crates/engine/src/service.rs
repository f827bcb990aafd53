//! What a service is: a name, methods, a policy, and a function that either answers at once, makes
//! the call wait, or goes outside.

use std::sync::Arc;

use fermata_model::record::{Outcome, Run};
use fermata_model::{CallError, CallNumber, Json, Millis, RunId};

use crate::policies::Rules;

pub(crate) mod events;
pub(crate) mod keystore;
pub(crate) mod script;
pub(crate) mod sleep;
pub(crate) mod state;
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
    /// An attempt is made under these rules, once what led to it is on disk.
    Outside(Arc<Rules>),
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
