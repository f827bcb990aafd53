//! The events of a response: the last one holds all of it.

use fermata_model::CallError;
use serde_json::Value;

use super::{Brought, Gather, cut_short};

/// The events that end a response, however it went.
const LAST: [&str; 3] = ["response.completed", "response.failed", "response.incomplete"];

/// What has come so far.
#[derive(Default)]
pub(super) struct Response {
    whole: Option<Value>,
}

impl Gather for Response {
    fn take(&mut self, mut piece: Value) -> Result<Brought, CallError> {
        let kind = piece["type"].as_str().unwrap_or_default();
        if LAST.contains(&kind) {
            self.whole = piece.get_mut("response").map(Value::take);
            return Ok(Brought::End);
        }
        let is_text = kind.ends_with(".delta");
        let delta = piece["delta"].as_str().filter(|_| is_text).unwrap_or_default();
        Ok(Brought::Characters(delta.chars().count()))
    }

    fn finish(&mut self) -> Result<String, CallError> {
        let whole = self.whole.take().filter(Value::is_object);
        whole.map(|whole| whole.to_string()).ok_or_else(|| cut_short("there is no whole response"))
    }
}
