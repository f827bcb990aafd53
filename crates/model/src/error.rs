//! The two errors a user of Fermata meets as data: why a call failed, why a run failed.

use serde::{Deserialize, Serialize};

use crate::json::Json;

/// Why a call failed, as the guest receives it and as the ledger keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallError {
    /// The JavaScript error name, `ToolError` unless there is a closer one.
    pub name: String,
    /// Stable word for programs, such as `timeout` or `task_unknown`.
    pub code: String,
    /// What happened, for people. Never holds a secret.
    pub message: String,
    /// Whether the same call may succeed later.
    #[serde(default)]
    pub retryable: bool,
    /// How many attempts were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// More facts in the service's own shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Json>,
}

impl CallError {
    /// A failure that another attempt would meet again.
    pub fn fatal(code: &str, message: impl Into<String>) -> Self {
        Self {
            name: "ToolError".into(),
            code: code.into(),
            message: message.into(),
            retryable: false,
            attempts: None,
            details: None,
        }
    }

    /// A failure that another attempt may not meet.
    pub fn passing(code: &str, message: impl Into<String>) -> Self {
        Self { retryable: true, ..Self::fatal(code, message) }
    }

    /// The rejection that a cancelled run's pending calls receive.
    pub fn cancelled() -> Self {
        Self { name: "CancelledError".into(), ..Self::fatal("cancelled", "The run was cancelled") }
    }

    /// The same error with more facts.
    #[must_use]
    pub fn with_details(self, details: Json) -> Self {
        Self { details: Some(details), ..self }
    }
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    /// Stable word for programs: `task_error` when the task threw, else the limit or cause.
    pub code: String,
    /// The JavaScript error name, such as `TypeError`.
    pub name: String,
    /// What happened, for people.
    pub message: String,
    /// Frames in the author's own files and lines, one a line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// The code of the call's error when the task threw one on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_code: Option<String>,
}

impl RunError {
    /// An error that did not come from the task's own code.
    pub fn system(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            name: "FermataError".into(),
            message: message.into(),
            stack: None,
            call_code: None,
        }
    }
}
