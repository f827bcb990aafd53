//! The pieces of a chat completion put together, by the rules of the official SDK.

use fermata_model::CallError;
use serde_json::{Map, Value, json};

use super::super::fault;
use super::{Brought, Gather, append, cut_short};

/// The most choices, and the most tool calls of one; the API gives no more.
const ITEMS_MAX: usize = 128;

/// What has come so far.
#[derive(Default)]
pub(super) struct Chat {
    head: Map<String, Value>,
    choices: Vec<Option<Choice>>,
}

#[derive(Default)]
struct Choice {
    /// Members of the choice itself.
    rest: Map<String, Value>,
    finish_reason: Option<Value>,
    logprobs: Option<Map<String, Value>>,
    message: Map<String, Value>,
    tool_calls: Vec<Option<Map<String, Value>>>,
}

impl Gather for Chat {
    fn take(&mut self, piece: Value) -> Result<Brought, CallError> {
        let Value::Object(mut piece) = piece else { return Err(fault::bad_answer("an event is no object")) };
        let choices = piece.remove("choices");
        piece.remove("obfuscation");
        if self.head.is_empty() || is_text(piece.get("id")) {
            self.head.append(&mut piece);
        }
        let mut characters = 0;
        for choice in items(choices) {
            let place = place(&mut self.choices, choice.get("index"))?;
            characters += place.take(choice)?;
        }
        Ok(Brought::Characters(characters))
    }

    fn finish(&mut self) -> Result<String, CallError> {
        if self.head.is_empty() {
            return Err(cut_short("there is no completion"));
        }
        let mut completion = std::mem::take(&mut self.head);
        let choices = std::mem::take(&mut self.choices).into_iter().enumerate();
        let choices = choices.map(|(index, choice)| choice.unwrap_or_default().finish(index));
        completion.insert("choices".into(), Value::Array(choices.collect::<Result<_, _>>()?));
        completion.insert("object".into(), "chat.completion".into());
        if !is_text(completion.get("system_fingerprint")) {
            completion.remove("system_fingerprint");
        }
        Ok(Value::Object(completion).to_string())
    }
}

impl Choice {
    fn take(&mut self, mut piece: Map<String, Value>) -> Result<usize, CallError> {
        piece.remove("index");
        let delta = piece.remove("delta");
        if let Some(reason) = piece.remove("finish_reason").filter(|reason| !reason.is_null()) {
            self.finish_reason = Some(reason);
        }
        if let Some(Value::Object(logprobs)) = piece.remove("logprobs") {
            add_logprobs(self.logprobs.get_or_insert_default(), logprobs);
        }
        self.rest.append(&mut piece);
        let Some(Value::Object(mut delta)) = delta else { return Ok(0) };
        let mut characters = 0;
        for name in ["content", "refusal"] {
            if let Some(Value::String(text)) = delta.remove(name) {
                characters += text.chars().count();
                // An empty refusal is none; an empty content is one.
                if name == "content" || !text.is_empty() {
                    append(&mut self.message, name, &text);
                }
            }
        }
        for call in items(delta.remove("tool_calls")) {
            let place = place(&mut self.tool_calls, call.get("index"))?;
            characters += add_tool_call(place, call);
        }
        if let Some(Value::Object(call)) = delta.remove("function_call") {
            characters +=
                within(&mut self.message, "function_call", |known| add_pieces(known, call, "arguments"));
        }
        if let Some(Value::Object(audio)) = delta.remove("audio") {
            characters += within(&mut self.message, "audio", |known| add_audio(known, audio));
        }
        if let Some(role) = delta.remove("role").filter(|role| is_text(Some(role))) {
            self.message.insert("role".into(), role);
        }
        self.message.append(&mut delta);
        Ok(characters)
    }

    fn finish(self, index: usize) -> Result<Value, CallError> {
        let has_audio = self.message.get("audio").is_some_and(|audio| audio["expires_at"].is_number());
        let otherwise = || has_audio.then(|| Value::from("stop"));
        let missing = |what: &str| cut_short(&format!("choice {index} has no {what}"));
        let reason = self.finish_reason.or_else(otherwise).ok_or_else(|| missing("finish_reason"))?;
        let mut message = self.message;
        if !is_text(message.get("role")) {
            return Err(missing("role"));
        }
        message.entry("content").or_insert(Value::Null);
        message.entry("refusal").or_insert(Value::Null);
        if !self.tool_calls.is_empty() {
            let calls: Option<Vec<Value>> =
                self.tool_calls.into_iter().map(|call| call.map(Value::Object).filter(is_whole)).collect();
            message
                .insert("tool_calls".into(), Value::Array(calls.ok_or_else(|| missing("whole tool call"))?));
        }
        let mut choice = self.rest;
        let logprobs = self.logprobs.map_or(Value::Null, Value::Object);
        choice.extend([
            ("index".to_owned(), json!(index)),
            ("finish_reason".to_owned(), reason),
            ("logprobs".to_owned(), logprobs),
            ("message".to_owned(), Value::Object(message)),
        ]);
        Ok(Value::Object(choice))
    }
}

/// A tool call has a kind, and what it calls has a name.
fn is_whole(call: &Value) -> bool {
    let called = if call["type"] == "custom" { &call["custom"] } else { &call["function"] };
    call["type"].is_string() && called["name"].as_str().is_some_and(|name| !name.is_empty())
}

fn add_tool_call(call: &mut Map<String, Value>, mut piece: Map<String, Value>) -> usize {
    piece.remove("index");
    let mut characters = 0;
    for (name, grows) in [("function", "arguments"), ("custom", "input")] {
        if let Some(Value::Object(called)) = piece.remove(name) {
            characters += within(call, name, |known| {
                known.entry("name").or_insert_with(|| "".into());
                known.entry(grows).or_insert_with(|| "".into());
                add_pieces(known, called, grows)
            });
        }
    }
    for name in ["id", "type"] {
        if let Some(value) = piece.remove(name).filter(|value| is_text(Some(value))) {
            call.insert(name.into(), value);
        }
    }
    call.append(&mut piece);
    characters
}

/// Adds a piece of something with a name and a text that grows.
fn add_pieces(known: &mut Map<String, Value>, piece: Map<String, Value>, grows: &str) -> usize {
    if let Some(name) = piece.get("name").filter(|name| is_text(Some(name))) {
        known.insert("name".into(), name.clone());
    }
    let Some(Value::String(text)) = piece.get(grows) else { return 0 };
    append(known, grows, text);
    text.chars().count()
}

fn add_audio(known: &mut Map<String, Value>, piece: Map<String, Value>) -> usize {
    let mut characters = 0;
    for (name, value) in piece {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("data" | "transcript", Value::String(text)) => {
                characters += text.chars().count();
                append(known, &name, &text);
            }
            (_, value) => {
                known.insert(name, value);
            }
        }
    }
    characters
}

fn add_logprobs(known: &mut Map<String, Value>, piece: Map<String, Value>) {
    for (name, value) in piece {
        match (known.get_mut(&name), value) {
            (Some(Value::Array(list)), Value::Array(mut more)) => list.append(&mut more),
            (Some(_), Value::Null) => {}
            (_, value) => {
                known.insert(name, value);
            }
        }
    }
}

/// The place that a piece says it is for.
fn place<'a, T: Default>(
    places: &'a mut Vec<Option<T>>,
    index: Option<&Value>,
) -> Result<&'a mut T, CallError> {
    let index = index.and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
    let index = index.filter(|index| *index < ITEMS_MAX);
    let index = index.ok_or_else(|| fault::bad_answer("the index of a piece is no small number"))?;
    if places.len() <= index {
        places.resize_with(index + 1, || None);
    }
    Ok(places[index].get_or_insert_default())
}

/// Changes the object of this name, which is empty at first.
fn within<T>(
    known: &mut Map<String, Value>,
    name: &str,
    change: impl FnOnce(&mut Map<String, Value>) -> T,
) -> T {
    let mut inner = match known.remove(name) {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    };
    let result = change(&mut inner);
    known.insert(name.to_owned(), Value::Object(inner));
    result
}

fn items(list: Option<Value>) -> impl Iterator<Item = Map<String, Value>> {
    let list = match list {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    list.into_iter().filter_map(|item| if let Value::Object(item) = item { Some(item) } else { None })
}

fn is_text(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}
