//! Log lines over the wire.

use fermata_model::record::{self, LogLevel};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{Time, raw};

/// A line a task wrote.
#[derive(Serialize, ToSchema)]
pub(crate) struct LogLine<'a> {
    /// Number in the run's event stream.
    seq: u32,
    /// When, by the run's own clock.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// `debug`, `info`, `warn` or `error`.
    #[schema(value_type = String, example = "info")]
    level: LogLevel,
    /// The text.
    message: &'a str,
    /// Structured values that came with it.
    #[schema(value_type = serde_json::Value)]
    data: Option<&'a RawValue>,
}

impl<'a> From<&'a record::LogLine> for LogLine<'a> {
    fn from(line: &'a record::LogLine) -> Self {
        Self {
            seq: line.seq,
            at: Time(line.at),
            level: line.level,
            message: &line.message,
            data: line.data.as_ref().map(raw),
        }
    }
}
