//! Why a call failed, as the provider tells it.

use std::time::{Duration, SystemTime};

use fermata_connect::retry;
use fermata_model::{CallError, json};
use serde_json::Value;

use crate::call::Failure;
use crate::rest::header;

/// Most characters of a provider's own message.
const MESSAGE_CHARS_MAX: usize = 2000;
/// Most characters of a provider's own words, such as a code.
const WORD_CHARS_MAX: usize = 100;
/// What a stream may break off with that another attempt may not meet.
const PASSING: [&str; 4] =
    ["server_error", "rate_limit_exceeded", "overloaded_error", "server_is_overloaded"];
/// What no repetition cures, although its status says so.
const FINAL: &str = "insufficient_quota";

/// The failure that a response with a status of an error stands for.
pub(super) fn of_status(status: u16, headers: &[(String, String)], body: &[u8]) -> Failure {
    let told = Told::from_body(body);
    let message = match &told.message {
        Some(message) => format!("The provider answered {status}: {message}"),
        None => format!("The provider answered {status}"),
    };
    let passing = is_passing(status, headers) && !told.is(FINAL);
    let mut error = told.error(passing, message, &format!("http_{status}"));
    error.details = Some(told.details(Some(status), header(headers, "x-request-id")));
    Failure { error, retry_after: wait(headers), last_answer: None }
}

/// The failure that an error within a stream stands for.
pub(super) fn in_stream(error: &Value) -> CallError {
    let told = Told::from_value(error);
    let message = told.message.clone().unwrap_or_else(|| "no reason given".into());
    let passing = PASSING.iter().any(|word| told.is(word));
    let mut error =
        told.error(passing, format!("The provider broke the stream off: {message}"), "stream_error");
    error.details = Some(told.details(None, None));
    error
}

/// A successful response that is not what was asked for.
pub(super) fn bad_answer(why: &str) -> CallError {
    CallError::passing("bad_answer", format!("The provider's answer cannot be read: {why}"))
}

/// What the provider tells.
struct Told {
    message: Option<String>,
    kind: Option<String>,
    code: Option<String>,
    param: Option<String>,
}

impl Told {
    fn from_body(body: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        Self::from_value(value.get("error").filter(|error| !error.is_null()).unwrap_or(&value))
    }

    fn from_value(error: &Value) -> Self {
        let text = |name: &str, most| {
            let text = match error.get(name)? {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            Some(text.chars().take(most).collect::<String>()).filter(|text| !text.is_empty())
        };
        let whole = || error.as_str().map(|text| text.chars().take(MESSAGE_CHARS_MAX).collect());
        Self {
            message: text("message", MESSAGE_CHARS_MAX).or_else(whole),
            kind: text("type", WORD_CHARS_MAX).filter(|kind| kind != "error"),
            code: text("code", WORD_CHARS_MAX),
            param: text("param", WORD_CHARS_MAX),
        }
    }

    fn is(&self, word: &str) -> bool {
        self.code.as_deref() == Some(word) || self.kind.as_deref() == Some(word)
    }

    fn error(&self, passing: bool, message: String, otherwise: &str) -> CallError {
        let code = self.code.as_deref().or(self.kind.as_deref()).unwrap_or(otherwise);
        if passing { CallError::passing(code, message) } else { CallError::fatal(code, message) }
    }

    fn details(&self, status: Option<u16>, request_id: Option<&str>) -> json::Json {
        json::of_value(&serde_json::json!({
            "status": status,
            "type": self.kind,
            "code": self.code,
            "param": self.param,
            "requestId": request_id,
        }))
    }
}

/// Whether the official SDK would try again.
fn is_passing(status: u16, headers: &[(String, String)]) -> bool {
    match header(headers, "x-should-retry") {
        Some("true") => true,
        Some("false") => false,
        _ => matches!(status, 408 | 409 | 429) || status >= 500,
    }
}

/// How long the provider asks to wait: `retry-after-ms`, else `retry-after`, which may have a fraction here.
fn wait(headers: &[(String, String)]) -> Option<Duration> {
    let number = |name, unit: f64| {
        let number: f64 = header(headers, name)?.parse().ok()?;
        Duration::try_from_secs_f64(number * unit).ok()
    };
    number("retry-after-ms", 0.001)
        .or_else(|| number("retry-after", 1.0))
        .or_else(|| retry::after(headers, SystemTime::now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn failure(status: u16, pairs: &[(&str, &str)], body: &str) -> Failure {
        of_status(status, &headers(pairs), body.as_bytes())
    }

    #[test]
    fn the_providers_words_are_kept() {
        let body = r#"{"error":{"message":"No such model","type":"invalid_request_error","code":"model_not_found","param":null}}"#;
        let failure = failure(404, &[("x-request-id", "req_1")], body);
        assert_eq!(failure.error.code, "model_not_found");
        assert_eq!(failure.error.message, "The provider answered 404: No such model");
        assert!(!failure.error.retryable);
        let details: Value = serde_json::from_str(failure.error.details.unwrap().get()).unwrap();
        assert_eq!(details["type"], "invalid_request_error");
        assert_eq!(details["requestId"], "req_1");
    }

    #[test]
    fn what_is_no_json_is_an_error_by_its_status() {
        assert_eq!(failure(502, &[], "<html>").error.code, "http_502");
        assert!(failure(502, &[], "").error.retryable);
        assert_eq!(
            failure(400, &[], r#"{"error":"bad model"}"#).error.message,
            "The provider answered 400: bad model"
        );
    }

    #[test]
    fn attempts_are_repeated_when_the_official_sdk_would() {
        for (status, expected) in
            [(400, false), (401, false), (408, true), (409, true), (429, true), (501, true)]
        {
            assert_eq!(failure(status, &[], "{}").error.retryable, expected, "{status}");
        }
        assert!(failure(400, &[("x-should-retry", "true")], "{}").error.retryable);
        assert!(!failure(500, &[("x-should-retry", "false")], "{}").error.retryable);
        let broke = r#"{"error":{"message":"Pay","type":"insufficient_quota","code":"insufficient_quota"}}"#;
        assert!(!failure(429, &[("x-should-retry", "true")], broke).error.retryable);
    }

    #[test]
    fn the_wait_is_read_from_either_header() {
        let wait = |pairs: &[(&str, &str)]| failure(429, pairs, "{}").retry_after;
        assert_eq!(wait(&[("retry-after", "3")]), Some(Duration::from_secs(3)));
        assert_eq!(wait(&[("retry-after", "0.5")]), Some(Duration::from_millis(500)));
        assert_eq!(
            wait(&[("retry-after", "9"), ("retry-after-ms", "250")]),
            Some(Duration::from_millis(250))
        );
        assert_eq!(wait(&[("retry-after", "-1")]), None);
        let date =
            [("date", "Sat, 21 Nov 2026 10:00:00 GMT"), ("retry-after", "Sat, 21 Nov 2026 10:00:07 GMT")];
        assert_eq!(wait(&date), Some(Duration::from_secs(7)));
    }
}
