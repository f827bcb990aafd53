//! What is sent and what comes back, as a task sees it: close to the web's `fetch`.
//!
//! The URL, header values and a body of text may refer to secrets; see [`crate::egress`].
//! Header values are text of code points up to U+00FF, one byte each, as in `fetch`.
//! Neither type prints its headers or body, which may hold secrets.

use std::fmt;
use std::time::Duration;

/// One request.
#[derive(Clone)]
pub struct Request {
    /// An absolute `http` or `https` URL without credentials; a fragment is ignored.
    pub url: String,
    /// The method. The six that `fetch` normalises may be in any case.
    pub method: String,
    /// Name and value pairs, sent in this order. Headers that frame the message are refused.
    pub headers: Vec<(String, String)>,
    /// The body. Text gets a plain-text `Content-Type` unless the headers name one.
    pub body: Option<Body>,
    /// What to do when the server answers with a redirect.
    pub redirect: Redirect,
    /// The time for the whole exchange; the policy's limit applies when it is shorter.
    pub timeout: Option<Duration>,
    /// Sent as `Idempotency-Key` unless the headers hold one; the same on every attempt.
    pub idempotency_key: Option<String>,
}

impl Request {
    /// Makes a request without headers or body that follows redirects.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Request {
        Request {
            url: url.into(),
            method: method.into(),
            headers: Vec::new(),
            body: None,
            redirect: Redirect::Follow,
            timeout: None,
            idempotency_key: None,
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

/// A request's body.
#[derive(Clone)]
pub enum Body {
    /// Sent as UTF-8, with the secrets it refers to.
    Text(String),
    /// Sent as it is: references to secrets in it are not looked for.
    Bytes(Vec<u8>),
}

/// What to do with a redirect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Redirect {
    /// Go where the server says, under the same policy, up to its number of redirects.
    #[default]
    Follow,
    /// Hand the redirect back as the response.
    Manual,
    /// Fail.
    Error,
}

/// A complete response, whatever its status.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The standard phrase for the status, empty when there is none.
    pub status_text: String,
    /// The URL that answered, after redirects, without a fragment; references to secrets are still references.
    pub url: String,
    /// Name (lower case) and value pairs; a header sent twice is here twice.
    pub headers: Vec<(String, String)>,
    /// The whole body as it came, not decompressed.
    pub body: Vec<u8>,
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
