//! Google's errors as errors of calls, and which of them may pass.
//!
//! Sources: "Resolve errors" of the Gmail, Drive, Calendar and Directory APIs, and AIP-193 for the newer shape. What
//! Google says is the reason is in the message; the whole of what it says is in the details.

use std::time::SystemTime;

use fermata_connect::{http, retry};
use fermata_model::{CallError, json};
use serde::Deserialize;
use serde_json::Value;

use super::credentials::{Grant, Proof};
use super::request::Call;
use super::tokens::For;
use crate::call::Failure;

/// Longest text of Google's that a message quotes, in characters.
const TEXT_CHARS_MAX: usize = 1000;
/// Largest account of an error that is kept, in bytes.
const DETAILS_BYTES_MAX: usize = 16 << 10;
/// Reasons that say: too fast.
const RATE: [&str; 4] =
    ["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "sharingRateLimitExceeded"];
/// Reasons that say: enough for today.
const DAILY: [&str; 3] = ["dailyLimitExceeded", "dailyLimitExceededUnreg", "uploadLimitExceeded"];
/// What says it in the text of a quota's error.
const DAILY_WORDS: [&str; 4] = ["per day", "daily", "perday", "per_day"];
/// What says that a quota fills up again soon.
const SOON_WORDS: [&str; 4] = ["per minute", "per second", "per 100 seconds", "per user per"];

/// What Google says went wrong.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    /// Such as `rateLimitExceeded` or `PERMISSION_DENIED`.
    pub(super) reason: Option<String>,
    /// For people.
    pub(super) message: String,
    /// All of it.
    whole: Option<Value>,
}

/// How an error is to be treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Google did nothing: any method may be tried again.
    NotDone,
    /// Google may have done it: only what may be done twice is tried again.
    Perhaps,
    /// Another attempt would meet it again.
    Final,
}

/// The error of a call that Google answered.
pub(super) fn of(call: &Call<'_>, answer: &http::Response) -> Failure {
    failure(&format!("tools.gapi.{}", call.what), call.is_repeatable(), answer)
}

/// The error of a request that was answered. `is_repeatable` says whether it may be acted on twice.
pub(super) fn failure(what: &str, is_repeatable: bool, answer: &http::Response) -> Failure {
    let complaint = Complaint::read(&answer.body);
    let kind = kind(answer.status, &complaint);
    let error = complaint.error(
        what,
        answer.status,
        kind == Kind::NotDone || (kind == Kind::Perhaps && is_repeatable),
    );
    let retry_after = retry::after(&answer.headers, SystemTime::now());
    Failure { error, retry_after, last_answer: None }
}

/// The error of a call that was not answered: what may have been done is not done again.
pub(super) fn unanswered(mut failure: Failure, is_repeatable: bool) -> Failure {
    let was_sent = !matches!(failure.error.code.as_str(), "dns" | "connect");
    failure.error.retryable &= is_repeatable || !was_sent;
    failure
}

/// The error of a token that was not given.
pub(super) fn no_token(grant: &Grant, key: &For, answer: &http::Response) -> Failure {
    let complaint = Complaint::read(&answer.body);
    let kind = kind(answer.status, &complaint);
    let subject = key.subject.as_ref().map(|user| format!(" acting for {user}")).unwrap_or_default();
    let scopes = match grant.proof {
        Proof::Account(_) => format!(" with the scopes {}", key.scopes),
        Proof::Refresh(_) => String::new(),
    };
    let what = format!("No token for {}{subject}{scopes}", grant.name());
    let mut error = complaint.error(&what, answer.status, kind != Kind::Final);
    if kind == Kind::Final {
        "no_token".clone_into(&mut error.code);
    }
    Failure { error, retry_after: retry::after(&answer.headers, SystemTime::now()), last_answer: None }
}

/// How an answer with this status is to be treated.
pub(super) fn kind(status: u16, complaint: &Complaint) -> Kind {
    let text = complaint.message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let is_daily = complaint.is_one_of(&DAILY) || says(&DAILY_WORDS);
    match status {
        403 if complaint.is_one_of(&RATE) && !is_daily => Kind::NotDone,
        403 if complaint.is_one_of(&["quotaExceeded"]) && says(&SOON_WORDS) && !is_daily => Kind::NotDone,
        429 if is_daily => Kind::Final,
        429 | 503 => Kind::NotDone,
        408 | 500 | 502 | 504 => Kind::Perhaps,
        _ => Kind::Final,
    }
}

impl Complaint {
    /// Reads an error's body; one that is no JSON of Google's is quoted.
    pub(super) fn read(body: &[u8]) -> Self {
        let Ok(mut outer) = serde_json::from_slice::<Value>(body) else {
            return Self { message: shortened(&String::from_utf8_lossy(body)), ..Self::default() };
        };
        match outer.get_mut("error").map(Value::take) {
            Some(Value::String(reason)) => {
                let message = outer.get("error_description").and_then(Value::as_str).unwrap_or_default();
                Self { reason: Some(shortened(&reason)), message: shortened(message), whole: None }
            }
            Some(whole) => Self::of(whole),
            None => Self::default(),
        }
    }

    fn of(whole: Value) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Error {
            message: String,
            status: Option<String>,
            errors: Vec<Reason>,
            details: Vec<Reason>,
        }
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Reason {
            reason: Option<String>,
        }
        let error = Error::deserialize(&whole).unwrap_or_default();
        let mut reasons = error.errors.into_iter().chain(error.details).filter_map(|reason| reason.reason);
        let reason = reasons.next().or(error.status).map(|reason| shortened(&reason));
        Self { reason, message: shortened(&error.message), whole: Some(whole) }
    }

    /// The error of a call.
    pub(super) fn error(self, what: &str, status: u16, is_passing: bool) -> CallError {
        let reason = self.reason.as_ref().map(|reason| format!(" {reason}")).unwrap_or_default();
        let told = if self.message.is_empty() { String::new() } else { format!(": {}", self.message) };
        let message = format!("{what}: answered {status}{reason}{told}");
        let made = if is_passing { CallError::passing } else { CallError::fatal };
        let error = made(self.code(status), message);
        match self.whole.map(|whole| json::of_value(&whole)) {
            Some(details) if details.get().len() <= DETAILS_BYTES_MAX => error.with_details(details),
            _ => error,
        }
    }

    /// A stable word for programs.
    fn code(&self, status: u16) -> &'static str {
        match (status, kind(status, self)) {
            (403 | 429, Kind::NotDone) => "rate_limited",
            (429, _) => "quota_exceeded",
            (403, _)
                if self.is_one_of(&DAILY) || self.is_one_of(&RATE) || self.is_one_of(&["quotaExceeded"]) =>
            {
                "quota_exceeded"
            }
            (400, _) => "bad_request",
            (401, _) => "unauthorized",
            (403, _) => "forbidden",
            (404, _) => "not_found",
            (409, _) => "conflict",
            (412, _) => "precondition_failed",
            (408 | 500..=599, _) => "unavailable",
            _ => "http_status",
        }
    }

    fn is_one_of(&self, reasons: &[&str]) -> bool {
        self.reason.as_deref().is_some_and(|reason| reasons.contains(&reason))
    }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, reason: &str, message: &str, expected: Kind) {
        let body = serde_json::json!({"error": {"code": status, "message": message, "errors": [{"reason": reason}]}});
        let complaint = Complaint::read(body.to_string().as_bytes());
        assert_eq!(kind(status, &complaint), expected, "{status} {reason} {message}");
    }

    #[test]
    fn quotas_that_fill_up_again_are_told_from_those_of_the_day() {
        check(403, "rateLimitExceeded", "Rate Limit Exceeded", Kind::NotDone);
        check(403, "userRateLimitExceeded", "User Rate Limit Exceeded", Kind::NotDone);
        check(403, "rateLimitExceeded", "Quota exceeded for 'Queries per day'", Kind::Final);
        check(403, "dailyLimitExceeded", "Daily Limit Exceeded", Kind::Final);
        check(403, "quotaExceeded", "Quota exceeded for 'Queries per minute per user'", Kind::NotDone);
        check(
            403,
            "quotaExceeded",
            "The request cannot be completed, you have exceeded your quota.",
            Kind::Final,
        );
        check(403, "forbidden", "Not Authorized", Kind::Final);
        check(429, "rateLimitExceeded", "Too many concurrent requests for user", Kind::NotDone);
        check(429, "RESOURCE_EXHAUSTED", "Quota exceeded for limit 'Reads per day'", Kind::Final);
        check(503, "backendError", "", Kind::NotDone);
        check(500, "backendError", "", Kind::Perhaps);
        check(404, "notFound", "", Kind::Final);
    }

    #[test]
    fn all_shapes_of_errors_are_read() {
        let newer = br#"{"error":{"code":403,"message":"No.","status":"PERMISSION_DENIED","details":[{"@type":"x","reason":"SERVICE_DISABLED"}]}}"#;
        assert_eq!(Complaint::read(newer).reason.as_deref(), Some("SERVICE_DISABLED"));
        let oauth = Complaint::read(br#"{"error":"invalid_grant","error_description":"Bad"}"#);
        assert_eq!((oauth.reason.as_deref(), oauth.message.as_str()), (Some("invalid_grant"), "Bad"));
        assert_eq!(Complaint::read(b"<html>oops</html>").message, "<html>oops</html>");
        assert_eq!(Complaint::read(b"[1]").reason, None);
        assert_eq!(Complaint::read(br#"{"error":7}"#).message, "");
    }
}
