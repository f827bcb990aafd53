//! An entry of the file: which calls it answers, with what, and how often.

use std::num::NonZeroU32;

use fermata_model::{CallError, Json};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::call::Answer;

/// An outcome for calls, as the file has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The service, such as `openai`.
    pub service: String,
    /// The path after it, such as `chat.completions.create`.
    pub method: String,
    /// Which calls it answers: those whose arguments have all that is in this array. Without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Json>,
    /// What the calls get. Either this is there or `error`.
    #[serde(default, deserialize_with = "there", skip_serializing_if = "Option::is_none")]
    pub result: Option<Json>,
    /// Why they fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<EntryError>,
    /// How many calls it answers.
    #[serde(default, skip_serializing_if = "Times::is_once")]
    pub times: Times,
    /// Attempts at each of the calls that fail in passing before there is the outcome.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub fails: u32,
}

/// Why calls fail.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryError {
    /// Stable word for programs.
    pub code: String,
    /// What happened, for people.
    #[serde(default)]
    pub message: String,
    /// The JavaScript error name.
    #[serde(default = "tool_error", skip_serializing_if = "is_tool_error")]
    pub name: String,
    /// Whether the same call may succeed later: then it is attempted again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retryable: bool,
    /// More facts in the service's own shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Json>,
}

/// How many calls an entry answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub enum Times {
    /// So many.
    Count(NonZeroU32),
    /// All that come.
    Any,
}

impl Default for Times {
    fn default() -> Self {
        Self::Count(NonZeroU32::MIN)
    }
}

impl TryFrom<Value> for Times {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok()).and_then(NonZeroU32::new);
        match count {
            Some(count) => Ok(Self::Count(count)),
            None if value == "any" => Ok(Self::Any),
            None => Err(format!("times is a whole number from 1, or \"any\", not {value}")),
        }
    }
}

impl From<Times> for Value {
    fn from(times: Times) -> Self {
        match times {
            Times::Count(count) => count.get().into(),
            Times::Any => "any".into(),
        }
    }
}

impl Times {
    /// Whether an entry that has answered so many calls is used up.
    pub(super) fn is_reached(self, uses: u32) -> bool {
        matches!(self, Self::Count(count) if uses >= count.get())
    }

    fn is_once(&self) -> bool {
        *self == Self::default()
    }
}

impl Entry {
    /// The method with its service.
    pub(super) fn path(&self) -> String {
        super::path(&self.service, &self.method)
    }

    /// What attempt number `attempt` at a call leads to; 1 is the first.
    pub(super) fn outcome(&self, attempt: u32) -> Result<Answer, CallError> {
        if attempt <= self.fails {
            let message = format!("attempt {attempt} fails, as the mock file says");
            return Err(CallError::passing("mock_failure", message));
        }
        match (&self.result, &self.error) {
            (Some(result), _) => Ok(result.clone().into()),
            (None, Some(error)) => Err(error.clone().into()),
            (None, None) => Ok(fermata_model::json::null().into()),
        }
    }
}

impl From<EntryError> for CallError {
    fn from(error: EntryError) -> Self {
        let EntryError { code, message, name, retryable, details } = error;
        Self { name, code, message, retryable, attempts: None, details }
    }
}

/// A field that is there is there also when it is `null`.
fn there<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(input).map(Some)
}

fn tool_error() -> String {
    "ToolError".to_owned()
}

fn is_tool_error(name: &str) -> bool {
    name == "ToolError"
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}
