//! What connectors have in common: a request to a JSON API, its answer, and when it may be repeated.

use std::time::{Duration, SystemTime};

use fermata_connect::{http, retry};
use fermata_model::limits::OUTCOME_BYTES_MAX;
use fermata_model::{CallError, Json, json};
use serde_json::Value;
use url::Url;

use crate::call::{Answer, Attempt, Failure, Policy};
use crate::way::{Vault, Way};

/// Time of one attempt.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Most characters of a provider's own message, and of its words.
const MESSAGE_CHARS_MAX: usize = 1000;
const WORD_CHARS_MAX: usize = 100;
/// Methods that do no more when they are repeated.
const IDEMPOTENT: [&str; 4] = ["GET", "HEAD", "PUT", "DELETE"];

/// Somebody's API.
pub(crate) struct Api {
    /// The service's name.
    pub(crate) name: &'static str,
    /// The keystore value that changes the base URL, and the URL without one; empty when it has to be set.
    pub(crate) base_url: (&'static str, &'static str),
    /// Headers of every request, with references to secrets.
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

/// One request to an API.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// The HTTP method.
    pub(crate) verb: &'static str,
    /// The path after the base URL, escaped.
    pub(crate) path: String,
    /// The query, escaped; empty for none.
    pub(crate) query: String,
    /// The body, and its content type.
    pub(crate) body: Option<(&'static str, String)>,
    /// More headers.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// An idempotency key that the API honours: with one, everything may be repeated.
    pub(crate) key: Option<String>,
    /// Whether a second time does no more than the first although the HTTP method does not say so.
    pub(crate) repeats: bool,
}

/// A successful answer.
pub(crate) struct Replied {
    pub(crate) status: u16,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The body; `null` when there is none.
    pub(crate) body: Json,
}

/// How calls of connectors are treated.
pub(crate) fn policy() -> Policy {
    Policy { timeout: TIMEOUT, retry: retry::Policy::default() }
}

impl Asked {
    /// A request without query and body.
    pub(crate) fn new(verb: &'static str, path: impl Into<String>) -> Self {
        Self { verb, path: path.into(), ..Self::default() }
    }

    /// The same with a JSON body.
    pub(crate) fn json(self, text: String) -> Self {
        Self { body: Some(("application/json", text)), ..self }
    }

    /// The same with a form as its body.
    pub(crate) fn form(self, text: String) -> Self {
        Self { body: Some(("application/x-www-form-urlencoded", text)), ..self }
    }

    fn may_repeat(&self) -> bool {
        self.repeats || self.key.is_some() || IDEMPOTENT.contains(&self.verb)
    }
}

impl Api {
    /// Sends a request, and reads an answer that is a success.
    ///
    /// # Errors
    /// With the provider's own code and message, when there is one.
    pub(crate) async fn ask(&self, asked: Asked, way: &Way<'_>) -> Result<Replied, Failure> {
        let may_repeat = asked.may_repeat();
        let request = self.request(asked, way.vault)?;
        let sent = way.send(request).await;
        let response = if may_repeat { sent? } else { sent.map_err(unrepeatable)? };
        if !(200..300).contains(&response.status) {
            return Err(self.failure(&response, may_repeat));
        }
        let (status, url, headers) = (response.status, response.url, response.headers);
        let body = self.read(response.body, may_repeat)?;
        Ok(Replied { status, url, headers, body })
    }

    fn request(&self, asked: Asked, vault: &dyn Vault) -> Result<http::Request, CallError> {
        let (setting, otherwise) = self.base_url;
        let base_url = vault.value(setting)?.unwrap_or_else(|| otherwise.to_owned());
        if base_url.is_empty() {
            let message = format!("The keystore has no value {setting}");
            return Err(CallError::fatal("setting_missing", message));
        }
        let bad = || {
            CallError::fatal("bad_setting", format!("The keystore value {setting} is no http or https URL"))
        };
        let base = Url::parse(&base_url).ok().filter(Url::has_host).ok_or_else(bad)?;
        let mut url = format!("{}{}", base.as_str().trim_end_matches('/'), asked.path);
        if !asked.query.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&asked.query);
        }
        let mut request = http::Request::new(asked.verb, url);
        for (name, value) in self.headers {
            if !asked.headers.iter().any(|(own, _)| own == name) {
                request.headers.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        request.headers.extend(asked.headers.into_iter().map(|(name, value)| (name.to_owned(), value)));
        if let Some((kind, text)) = asked.body {
            if !request.headers.iter().any(|(name, _)| name == "content-type") {
                request.headers.push(("content-type".to_owned(), kind.to_owned()));
            }
            request.body = Some(http::Body::Text(text));
        }
        request.idempotency_key = asked.key;
        request.timeout = Some(TIMEOUT);
        Ok(request)
    }

    fn read(&self, body: Vec<u8>, may_repeat: bool) -> Result<Json, CallError> {
        if body.len() > OUTCOME_BYTES_MAX {
            let bytes = body.len();
            let message = format!("The answer takes {bytes} bytes; the limit is {OUTCOME_BYTES_MAX}");
            return Err(CallError::fatal("response_too_large", message));
        }
        let text = String::from_utf8(body).unwrap_or_else(|_| "no UTF-8".into());
        if text.trim().is_empty() {
            return Ok(json::null());
        }
        json::parse(text).map_err(|error| {
            let message = format!("The answer of {} cannot be read: {error}", self.name);
            let mut error = CallError::passing("bad_answer", message);
            error.retryable = may_repeat;
            error
        })
    }

    /// The failure that a response with a status of an error stands for.
    pub(crate) fn failure(&self, response: &http::Response, may_repeat: bool) -> Failure {
        let (status, headers) = (response.status, &response.headers);
        let told: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let code = word(&told).unwrap_or_else(|| format!("http_{status}"));
        let message = match message(&told) {
            Some(message) => format!("{} answered {status}: {message}", self.name),
            None => format!("{} answered {status}", self.name),
        };
        let limited = is_limited(status, headers);
        let passing = limited || status == 503 || (may_repeat && retry::is_retryable_status(status));
        let made = if passing { CallError::passing } else { CallError::fatal };
        let details = json::of_value(&serde_json::json!({ "status": status, "code": code }));
        let retry_after =
            retry::after(headers, SystemTime::now()).or_else(|| until_reset(headers).filter(|_| limited));
        Failure { error: made(&code, message).with_details(details), retry_after, last_answer: None }
    }
}

/// The failure of a request that may do more the second time: when it went out and its answer is not known, it
/// is not sent again.
pub(crate) fn unrepeatable(mut failure: Failure) -> Failure {
    failure.error.retryable &= !matches!(failure.error.code.as_str(), "timeout" | "body");
    failure
}

/// Too many requests: by status, or as GitHub says it, with 403 and a limit of which nothing remains.
fn is_limited(status: u16, headers: &[(String, String)]) -> bool {
    let spent =
        || header(headers, "x-ratelimit-remaining") == Some("0") || header(headers, "retry-after").is_some();
    status == 429 || (status == 403 && spent())
}

/// The time until a limit is lifted, where its instant is told in seconds since 1970.
fn until_reset(headers: &[(String, String)]) -> Option<Duration> {
    let at = header(headers, "x-ratelimit-reset")?.parse().ok()?;
    let at = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(at))?;
    at.duration_since(SystemTime::now()).ok()
}

/// The value of a header.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim())
}

/// The provider's word for what went wrong.
fn word(told: &Value) -> Option<String> {
    let places = ["/error/code", "/error/type", "/code", "/category", "/error"];
    let word = places.iter().find_map(|place| told.pointer(place)?.as_str())?;
    let is_word = !word.is_empty() && word.len() <= WORD_CHARS_MAX && !word.contains(char::is_whitespace);
    is_word.then(|| word.to_owned())
}

/// The provider's sentence about what went wrong.
fn message(told: &Value) -> Option<String> {
    let places = ["/error/message", "/message", "/error"];
    let message = places.iter().find_map(|place| told.pointer(place)?.as_str())?;
    Some(message.chars().take(MESSAGE_CHARS_MAX).collect())
}

/// Makes the one request that a call is, and reads its answer.
pub(crate) fn attempt<'a>(
    api: &'static Api,
    asked: Result<Asked, CallError>,
    way: &'a Way<'a>,
    read: fn(Replied) -> Result<Answer, CallError>,
) -> Attempt<'a> {
    Box::pin(async move { Ok(read(api.ask(asked?, way).await?)?) })
}

/// The body is the answer.
pub(crate) fn body(replied: Replied) -> Result<Answer, CallError> {
    Ok(replied.body.into())
}
