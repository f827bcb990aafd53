//! The pieces of a completion of the older kind put together.

use std::collections::BTreeMap;

use fermata_model::CallError;
use serde_json::{Map, Value};

use super::super::fault;
use super::{Brought, Gather, append, cut_short};

/// The most choices; the API gives no more.
const CHOICES_MAX: u64 = 128;

/// What has come so far.
#[derive(Default)]
pub(super) struct Text {
    head: Map<String, Value>,
    choices: BTreeMap<u64, Map<String, Value>>,
}

impl Gather for Text {
    fn take(&mut self, piece: Value) -> Result<Brought, CallError> {
        let Value::Object(mut piece) = piece else { return Err(fault::bad_answer("an event is no object")) };
        let choices = piece.remove("choices");
        self.head.append(&mut piece);
        let Some(Value::Array(choices)) = choices else { return Ok(Brought::Characters(0)) };
        let mut characters = 0;
        for choice in choices {
            let Value::Object(choice) = choice else {
                return Err(fault::bad_answer("a choice is no object"));
            };
            characters += self.add(choice)?;
        }
        Ok(Brought::Characters(characters))
    }

    fn finish(&mut self) -> Result<String, CallError> {
        let mut completion = std::mem::take(&mut self.head);
        let choices: Vec<Value> =
            std::mem::take(&mut self.choices).into_values().map(Value::Object).collect();
        if choices.is_empty() || choices.iter().any(|choice| choice["finish_reason"].is_null()) {
            return Err(cut_short("a choice has no finish_reason"));
        }
        completion.insert("choices".into(), Value::Array(choices));
        Ok(Value::Object(completion).to_string())
    }
}

impl Text {
    fn add(&mut self, mut piece: Map<String, Value>) -> Result<usize, CallError> {
        let index = piece.get("index").and_then(Value::as_u64).filter(|index| *index < CHOICES_MAX);
        let index = index.ok_or_else(|| fault::bad_answer("the index of a choice is no small number"))?;
        let choice = self.choices.entry(index).or_default();
        let text = piece.remove("text");
        let text = text.as_ref().and_then(Value::as_str).unwrap_or_default();
        append(choice, "text", text);
        // What is told once is not taken back by a later null.
        piece.retain(|name, value| !value.is_null() || !choice.contains_key(name));
        choice.append(&mut piece);
        Ok(text.chars().count())
    }
}
