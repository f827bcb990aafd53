//! JSON text that is known to be valid and is passed along without being parsed again.

use std::sync::Arc;

use serde_json::value::RawValue;

/// Valid JSON text, shared by reference count. Serialises as itself.
pub type Json = Arc<RawValue>;

/// Checks `text` and takes it over.
///
/// # Errors
/// The parser's error, with line and column, when `text` is not one JSON value.
pub fn parse(text: String) -> Result<Json, serde_json::Error> {
    RawValue::from_string(text).map(Json::from)
}

/// The JSON of `value`.
///
/// # Errors
/// When the value has a part that JSON cannot say, such as a map whose keys are not text.
pub fn of<T: serde::Serialize + ?Sized>(value: &T) -> Result<Json, serde_json::Error> {
    serde_json::value::to_raw_value(value).map(Json::from)
}

/// The JSON of a value that is built from JSON values and so always has one.
pub fn of_value(value: &serde_json::Value) -> Json {
    of(value).unwrap_or_else(|_| null())
}

/// The JSON value `null`.
pub fn null() -> Json {
    Json::from(RawValue::NULL.to_owned())
}
