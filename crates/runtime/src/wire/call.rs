//! Calls over the wire.

use fermata_model::record::{self, Outcome};
use fermata_model::{CallError as Failure, CallNumber, CallStatus, DeliveryNumber, RunId};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::usage::Usage;
use super::{Time, raw};

/// A call a run made: to a service or to another task.
#[derive(Serialize, ToSchema)]
pub(crate) struct Call<'a> {
    /// 1 for the run's first call, then 2, 3 …
    number: CallNumber,
    /// The service, such as `http`.
    service: &'a str,
    /// The method, such as `get`.
    method: &'a str,
    /// Arguments, an array.
    #[schema(value_type = Vec<serde_json::Value>)]
    args: &'a RawValue,
    /// Where it stands: `pending`, `processing`, `suspended_waiting_child`, `pending_resume`, `completed`,
    /// `failed`, `cancelled`.
    #[schema(value_type = String, example = "completed")]
    status: CallStatus,
    /// Attempts begun; those that a restart cut off among them.
    attempts: u32,
    /// When it falls due: a timer's end, the next attempt, an event's time limit.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Time>,
    /// The event it waits for.
    awaits: Option<&'a str>,
    /// The run it started.
    #[schema(value_type = Option<String>)]
    child: Option<RunId>,
    /// What came back; null until then.
    #[schema(value_type = serde_json::Value)]
    result: Option<&'a RawValue>,
    /// Why it failed; null unless it did.
    error: Option<CallError<'a>>,
    /// What it took of a provider that counts; null where none does.
    usage: Option<Usage>,
    /// The number of the delivery that handed the outcome to the run.
    delivery: Option<DeliveryNumber>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Time,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Time>,
}

impl<'a> From<&'a record::Call> for Call<'a> {
    fn from(call: &'a record::Call) -> Self {
        let (birth, state) = (&call.birth, &call.state);
        let (result, error) = match &state.outcome {
            None => (None, None),
            Some(Outcome::Ok(result)) => (Some(raw(result)), None),
            Some(Outcome::Err(error)) => (None, Some(CallError::from(error))),
        };
        Self {
            number: call.number,
            service: &birth.service,
            method: &birth.method,
            args: raw(&birth.args),
            status: state.status,
            attempts: state.attempts,
            due_at: state.due_at.map(Time),
            awaits: state.awaits.as_deref(),
            child: state.child,
            result,
            error,
            usage: state.usage.as_ref().map(Usage::from),
            delivery: state.delivered.map(|delivered| delivered.number),
            created_at: Time(birth.created_at),
            ended_at: state.ended_at.map(Time),
        }
    }
}

/// Why a call failed.
#[derive(Serialize, ToSchema)]
struct CallError<'a> {
    /// Stable word for programs, such as `timeout`.
    code: &'a str,
    /// The JavaScript error name.
    name: &'a str,
    /// What happened, for people.
    message: &'a str,
    /// Whether the same call may succeed later.
    retryable: bool,
    /// How many attempts were made.
    attempts: Option<u32>,
    /// More facts in the service's own shape.
    #[schema(value_type = serde_json::Value)]
    details: Option<&'a RawValue>,
}

impl<'a> From<&'a Failure> for CallError<'a> {
    fn from(error: &'a Failure) -> Self {
        Self {
            code: &error.code,
            name: &error.name,
            message: &error.message,
            retryable: error.retryable,
            attempts: error.attempts,
            details: error.details.as_ref().map(raw),
        }
    }
}
