//! What a slice hands back.

use std::time::Duration;

use fermata_model::record::LogLevel;
use fermata_model::{CallNumber, Json, RunError};

/// What the VM executed between two suspensions.
#[derive(Debug)]
pub struct Slice {
    /// Calls the guest made, in order.
    pub calls: Vec<CallRequest>,
    /// Pending calls the guest does not want any more, such as cleared timers.
    pub dropped: Vec<CallNumber>,
    /// Lines the guest wrote.
    pub logs: Vec<LogRequest>,
    /// How the slice ended.
    pub end: SliceEnd,
    /// CPU time it took.
    pub cpu: Duration,
    /// Size of the VM's linear memory after it.
    pub memory_bytes: u32,
}

/// How a slice ended. After anything but `Waiting` the VM is of no further use.
#[derive(Debug)]
pub enum SliceEnd {
    /// Calls are pending.
    Waiting,
    /// The task returned this value.
    Returned(Json),
    /// The task threw, or was stopped.
    Threw(RunError),
}

/// A call the guest wants made. Its parts are the guest's own words: nothing about them is checked
/// but their form and size.
#[derive(Debug, Clone)]
pub struct CallRequest {
    /// Its number in the run.
    pub number: CallNumber,
    /// The service, such as `http`.
    pub service: String,
    /// The method's path, such as `chat.completions.create`.
    pub method: String,
    /// Arguments, a JSON array.
    pub args: Json,
}

/// A line the guest wrote.
#[derive(Debug, Clone)]
pub struct LogRequest {
    /// How much it matters.
    pub level: LogLevel,
    /// The text, cut to the limit.
    pub message: String,
    /// Structured data.
    pub data: Option<Json>,
}
