//! The JSON of the HTTP API as this program reads and writes it. Unknown fields are left alone.

use std::fmt;
use std::ops::Deref;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// A value together with the text it was read from, which `--json` shows as it is.
#[derive(Debug)]
pub(crate) struct Document<T> {
    /// The text.
    pub(crate) text: Box<RawValue>,
    value: T,
}

impl<T> Document<T> {
    /// The value without the text.
    pub(crate) fn into_value(self) -> T {
        self.value
    }
}

impl<T> Deref for Document<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Document<T> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(input)?;
        let value = serde_json::from_str(text.get()).map_err(serde::de::Error::custom)?;
        Ok(Self { text, value })
    }
}

/// One page of a list.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: serde::de::DeserializeOwned")]
pub(crate) struct Page<T> {
    /// The items.
    pub(crate) items: Vec<T>,
    /// What asks for the next page, if there is one.
    #[serde(default)]
    pub(crate) next: Option<String>,
}

/// A text to publish.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Publish {
    /// The author's file name.
    pub(crate) file_name: String,
    /// The text.
    pub(crate) source: String,
    /// The task's name, when it is not to follow from the text or the file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

/// A published version of a task.
#[derive(Debug, Deserialize)]
pub(crate) struct Task {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: u32,
    /// False when the same text was the latest already.
    #[serde(default)]
    pub(crate) is_new: bool,
    /// What it does.
    #[serde(default)]
    pub(crate) description: Option<String>,
    /// JSON Schema of its input.
    #[serde(default)]
    pub(crate) input_schema: Option<serde_json::Value>,
    /// When it was published.
    #[serde(default)]
    pub(crate) created_at: Option<Timestamp>,
}

/// A run to start.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct StartRun {
    /// The task's name.
    pub(crate) task: String,
    /// The version; the latest without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<u32>,
    /// The input.
    pub(crate) input: Box<RawValue>,
}

/// A run.
#[derive(Debug, Deserialize)]
pub(crate) struct Run {
    /// Its id.
    pub(crate) id: String,
    /// Its task.
    #[serde(default)]
    pub(crate) task: String,
    /// The version it executes.
    #[serde(default)]
    pub(crate) version: u32,
    /// Where it stands.
    pub(crate) status: String,
    /// Its input; not in lists.
    #[serde(default)]
    pub(crate) input: Option<Box<RawValue>>,
    /// What it returned.
    #[serde(default)]
    pub(crate) result: Option<Box<RawValue>>,
    /// Why it failed.
    #[serde(default)]
    pub(crate) error: Option<RunError>,
    /// CPU time.
    #[serde(default)]
    pub(crate) cpu_ms: Option<f64>,
    /// How many outcomes it was given.
    #[serde(default)]
    pub(crate) deliveries: Option<u64>,
    /// The run that started it.
    #[serde(default)]
    pub(crate) parent: Option<Parent>,
    /// When it was accepted.
    #[serde(default)]
    pub(crate) created_at: Option<Timestamp>,
    /// When it began.
    #[serde(default)]
    pub(crate) started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default)]
    pub(crate) ended_at: Option<Timestamp>,
}

impl Run {
    /// Whether it is over for good.
    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "failed" | "cancelled")
    }

    /// From its beginning to its end, if both have happened.
    pub(crate) fn duration_ms(&self) -> Option<i64> {
        let began = self.started_at.or(self.created_at)?;
        Some(self.ended_at?.as_millisecond() - began.as_millisecond())
    }
}

/// The call that waits for a run.
#[derive(Debug, Deserialize)]
pub(crate) struct Parent {
    /// The run that made the call.
    pub(crate) run: String,
    /// The call's number.
    pub(crate) call: u64,
}

/// Why a run or a call failed.
#[derive(Debug, Deserialize)]
pub(crate) struct RunError {
    /// Word for programs.
    #[serde(default)]
    pub(crate) code: String,
    /// The JavaScript error name.
    #[serde(default)]
    pub(crate) name: String,
    /// What happened.
    #[serde(default)]
    pub(crate) message: String,
    /// Frames in the author's files.
    #[serde(default)]
    pub(crate) stack: Option<String>,
    /// Of a call: whether the same call may succeed later.
    #[serde(default)]
    pub(crate) retryable: bool,
    /// Of a call: more facts in the service's own shape.
    #[serde(default)]
    pub(crate) details: Option<Box<RawValue>>,
}

/// A call made by a run.
#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    /// Its number in the run.
    pub(crate) number: u64,
    /// The service.
    #[serde(default)]
    pub(crate) service: String,
    /// The method.
    #[serde(default)]
    pub(crate) method: String,
    /// Its arguments, an array.
    #[serde(default)]
    pub(crate) args: Option<Box<RawValue>>,
    /// Where it stands.
    #[serde(default)]
    pub(crate) status: String,
    /// How often it was tried.
    #[serde(default)]
    pub(crate) attempts: Option<u32>,
    /// The run it started.
    #[serde(default)]
    pub(crate) child: Option<String>,
    /// What came back; nothing where that was `null`.
    #[serde(default)]
    pub(crate) result: Option<Box<RawValue>>,
    /// Why it failed.
    #[serde(default)]
    pub(crate) error: Option<RunError>,
    /// When it was made.
    #[serde(default)]
    pub(crate) created_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default)]
    pub(crate) ended_at: Option<Timestamp>,
}

/// A line that a task wrote.
#[derive(Debug, Deserialize)]
pub(crate) struct LogLine {
    /// When it was written, by the task's clock.
    #[serde(default)]
    pub(crate) at: Option<Timestamp>,
    /// `debug`, `info`, `warn` or `error`.
    #[serde(default)]
    pub(crate) level: String,
    /// The text.
    pub(crate) message: String,
    /// Structured data that came with it.
    #[serde(default)]
    pub(crate) data: Option<Box<RawValue>>,
}

/// An event to send to a run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SendEvent {
    /// Its name.
    pub(crate) name: String,
    /// What comes with it.
    pub(crate) payload: Box<RawValue>,
}

/// An entry of the keystore; values never come back.
#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: String,
    /// `value` or `secret`.
    #[serde(default)]
    pub(crate) kind: String,
    /// Rises with each change.
    #[serde(default)]
    pub(crate) version: Option<u32>,
    /// Tasks that may use it.
    #[serde(default)]
    pub(crate) tasks: Vec<String>,
    /// Hosts that a secret may go to.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    /// When it was last changed.
    #[serde(default)]
    pub(crate) updated_at: Option<Timestamp>,
    /// When it was last used on behalf of a task.
    #[serde(default)]
    pub(crate) used_at: Option<Timestamp>,
}

/// A version of an entry.
#[derive(Debug, Deserialize)]
pub(crate) struct EntryVersion {
    /// Its number.
    pub(crate) version: u32,
    /// `value` or `secret`.
    #[serde(default)]
    pub(crate) kind: String,
    /// When it was written.
    #[serde(default)]
    pub(crate) created_at: Option<Timestamp>,
    /// The task that wrote it.
    #[serde(default)]
    pub(crate) written_by: Option<String>,
}

/// An entry that was written.
#[derive(Debug, Deserialize)]
pub(crate) struct WrittenEntry {
    /// The number of the version.
    pub(crate) version: u32,
}

/// Which version to put back.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RestoreEntry {
    /// Its number.
    pub(crate) version: u32,
    /// The version that the entry must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected_version: Option<u32>,
}

/// A value for the keystore. Not printable: it is a secret.
#[derive(Clone, Serialize)]
pub(crate) struct PutEntry {
    /// `value` or `secret`.
    pub(crate) kind: &'static str,
    /// Any JSON; of a secret, text.
    pub(crate) value: Box<RawValue>,
    /// Tasks that may use it, when that is to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tasks: Option<Vec<String>>,
    /// Hosts that a secret may go to, when that is to change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hosts: Option<Vec<String>>,
    /// The version that the entry must have; nought when it must not be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected_version: Option<u32>,
}

/// What the server says when it refuses (RFC 9457).
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Problem {
    /// The status of the answer.
    #[serde(default)]
    pub(crate) status: u16,
    /// The kind of problem.
    #[serde(default)]
    pub(crate) title: String,
    /// What happened, for people.
    #[serde(default)]
    pub(crate) detail: String,
    /// Places in what was sent.
    #[serde(default)]
    pub(crate) errors: Vec<Fault>,
}

/// A place in a request or a source text that is at fault.
#[derive(Debug, Deserialize)]
pub(crate) struct Fault {
    /// Place in a JSON document.
    #[serde(default)]
    pub(crate) pointer: Option<String>,
    /// Name of a query parameter.
    #[serde(default)]
    pub(crate) parameter: Option<String>,
    /// What is wrong.
    pub(crate) message: String,
    /// Line in a source text, from 1.
    #[serde(default)]
    pub(crate) line: Option<usize>,
    /// Column in a source text, from 1.
    #[serde(default)]
    pub(crate) column: Option<usize>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.pointer.as_ref().filter(|pointer| !pointer.is_empty()).or(self.parameter.as_ref());
        match (place, self.line) {
            (_, Some(line)) => write!(f, "{line}:{}: {}", self.column.unwrap_or(1), self.message),
            (Some(place), None) => write!(f, "{place}: {}", self.message),
            (None, None) => f.write_str(&self.message),
        }
    }
}
