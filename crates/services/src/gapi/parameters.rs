//! Holds a call's parameters to the discovery document, and writes them as they go into a path or a query.

use std::collections::BTreeMap;

use fermata_model::CallError;
use regex::RegexBuilder;
use serde_json::Value;
use serde_json::value::RawValue;

use super::document::{Document, Method, Parameter};
use super::nearest::nearest;
use crate::fields::Fields;

/// Largest compiled pattern of a parameter, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Most values of a repeated parameter.
const VALUES_MAX: usize = 10_000;
/// Parameters that would put credentials into a URL, or are ours to set.
const OURS: [&str; 6] =
    ["access_token", "oauth_token", "bearer_token", "callback", "uploadType", "upload_protocol"];

/// Parameters that suit their method.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// By name, for the path's template.
    pub(super) path: BTreeMap<String, String>,
    /// In the order in which they were given.
    pub(super) query: Vec<(String, String)>,
}

/// Checks what is left of a call's parameters when its body, media and `alt` are taken out.
///
/// # Errors
/// Names the parameter that is missing, unknown, or of a wrong type, pattern, range or number.
pub(super) fn check(document: &Document, method: &Method, params: &Fields) -> Result<Checked, CallError> {
    let mut checked = Checked::default();
    for (name, value) in params.members().filter(|(_, value)| value.get() != "null") {
        let parameter = find(document, method, name)?;
        let texts = texts(name, parameter, value)?;
        if parameter.location == "path" || is_in_template(method, name) {
            checked.path.insert(name.to_owned(), texts.join(","));
        } else {
            checked.query.extend(texts.into_iter().map(|text| (name.to_owned(), text)));
        }
    }
    let mut required = method.parameters.iter().filter(|(_, parameter)| parameter.required);
    match required.find(|(name, _)| params.get(name).is_none()) {
        Some((name, _)) => Err(bad(name, "is missing")),
        None => Ok(checked),
    }
}

fn find<'a>(document: &'a Document, method: &'a Method, name: &str) -> Result<&'a Parameter, CallError> {
    if OURS.contains(&name) && !method.parameters.contains_key(name) {
        return Err(bad(name, "is for the host to set"));
    }
    method.parameters.get(name).or_else(|| document.parameters.get(name)).ok_or_else(|| {
        let body = method.request.as_ref().map(|_| "requestBody");
        let known = method.parameters.keys().chain(document.parameters.keys()).map(String::as_str);
        let hint = nearest(name, known.filter(|known| !OURS.contains(known)).chain(body));
        let hint = hint.map_or_else(|| all(method), |near| format!("; did you mean {near}?"));
        bad(name, &format!("is unknown{hint}"))
    })
}

fn all(method: &Method) -> String {
    let names: Vec<&str> = method.parameters.keys().map(String::as_str).take(30).collect();
    if names.is_empty() { String::new() } else { format!("; there are {}", names.join(", ")) }
}

fn is_in_template(method: &Method, name: &str) -> bool {
    method.path.contains(&format!("{{{name}}}")) || method.path.contains(&format!("{{+{name}}}"))
}

/// The values as texts: one, or as many as were given of a repeated parameter.
fn texts(name: &str, parameter: &Parameter, value: &RawValue) -> Result<Vec<String>, CallError> {
    let value: Value = serde_json::from_str(value.get()).map_err(|error| bad(name, &error.to_string()))?;
    let values = match value {
        Value::Array(values) if parameter.repeated && values.len() <= VALUES_MAX => values,
        Value::Array(_) if parameter.repeated => return Err(bad(name, "has more than 10000 values")),
        Value::Array(_) => return Err(bad(name, "has one value, not a list")),
        value => vec![value],
    };
    values.iter().map(|value| text(name, parameter, value)).collect()
}

fn text(name: &str, parameter: &Parameter, value: &Value) -> Result<String, CallError> {
    let text = match parameter.kind.as_str() {
        "integer" => integer(value),
        "number" => number(value),
        "boolean" => boolean(value),
        _ => string(value),
    };
    let text = text.ok_or_else(|| bad(name, &format!("is {}, not {}", expected(parameter), kind(value))))?;
    is_within(name, parameter, &text)?;
    is_allowed(name, parameter, &text)?;
    Ok(text)
}

fn integer(value: &Value) -> Option<String> {
    let number: i128 = match value {
        Value::Number(number) => number.to_string().parse().ok()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    Some(number.to_string())
}

/// As Python writes it, with a point at least.
fn number(value: &Value) -> Option<String> {
    let number: f64 = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    number.is_finite().then(|| format!("{number:?}"))
}

fn boolean(value: &Value) -> Option<String> {
    match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::String(text) if matches!(text.as_str(), "true" | "false") => Some(text.clone()),
        _ => None,
    }
}

/// Large numbers are texts in documents, and may be numbers in JavaScript.
fn string(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn is_within(name: &str, parameter: &Parameter, text: &str) -> Result<(), CallError> {
    let (least, most) = match parameter.format.as_deref() {
        Some("int32") => (i128::from(i32::MIN), i128::from(i32::MAX)),
        Some("uint32") => (0, i128::from(u32::MAX)),
        Some("int64") => (i128::from(i64::MIN), i128::from(i64::MAX)),
        Some("uint64") => (0, i128::from(u64::MAX)),
        _ => return Ok(()),
    };
    let bound = |bound: &Option<String>| bound.as_ref().and_then(|bound| bound.parse::<i128>().ok());
    let least = bound(&parameter.minimum).unwrap_or(least);
    let most = bound(&parameter.maximum).unwrap_or(most);
    let is_within = text.parse::<i128>().is_ok_and(|number| (least..=most).contains(&number));
    if is_within { Ok(()) } else { Err(bad(name, &format!("is an integer from {least} to {most}"))) }
}

fn is_allowed(name: &str, parameter: &Parameter, text: &str) -> Result<(), CallError> {
    if let Some(allowed) =
        parameter.allowed.as_ref().filter(|allowed| !allowed.iter().any(|known| known == text))
    {
        return Err(bad(name, &format!("is one of {}", allowed.join(", "))));
    }
    let Some(pattern) = &parameter.pattern else { return Ok(()) };
    // What we cannot read Google can: its answer will say whether the value suits.
    let beginning = RegexBuilder::new(&format!("^(?:{pattern})")).size_limit(PATTERN_BYTES_MAX).build();
    match beginning {
        Ok(beginning) if !beginning.is_match(text) => Err(bad(name, &format!("does not match {pattern}"))),
        _ => Ok(()),
    }
}

fn expected(parameter: &Parameter) -> &'static str {
    match parameter.kind.as_str() {
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "true or false",
        _ => "a text",
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "this number",
        Value::String(_) => "this text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn bad(name: &str, rule: &str) -> CallError {
    CallError::fatal("bad_arguments", format!("{name} {rule}"))
}
