//! The errors of the auth and storage servers, as the client tells them.

use fermata_connect::http::Response;
use serde_json::{Map, Value, json};

/// The text of an error, wherever the server put it.
pub(super) fn message(error: &Value) -> String {
    let texts = ["msg", "message", "error_description", "error"];
    let text = texts.iter().find_map(|name| error.get(name)?.as_str());
    let nested = || error.get("error")?.get("message")?.as_str();
    text.or_else(nested).map_or_else(|| error.to_string(), str::to_owned)
}

/// An error as an object; a field without a value is left out.
pub(super) fn object<const COUNT: usize>(fields: [(&str, Option<Value>); COUNT]) -> Value {
    let present = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}

/// An error that is named and told, and no more.
pub(super) fn named(name: &str, message: &str) -> Value {
    json!({ "name": name, "message": message })
}

/// The reason of a response that does not tell one.
pub(super) fn reason(response: &Response, fallback: &str) -> String {
    let text = response.status_text.as_str();
    if text.is_empty() { fallback.to_owned() } else { text.to_owned() }
}

/// Whether the response is a success.
pub(super) fn is_ok(response: &Response) -> bool {
    (200..300).contains(&response.status)
}

/// The value of a header of the response.
pub(super) fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
