//! Turns a request's headers into what goes on the wire, and a response's back.

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};

use crate::error::Error;
use crate::http::{Body, Request};
use crate::redact::Redactor;

/// Headers that frame a message or belong to one connection; the gate sets them where they are due.
const FORBIDDEN: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// How many headers a request may have.
pub const HEADERS_MAX: usize = 256;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain;charset=UTF-8");

/// Builds the headers of a request, its defaults included.
pub(super) fn outgoing(request: &Request) -> Result<HeaderMap, Error> {
    if let Some((name, _)) = request.headers.get(HEADERS_MAX) {
        return Err(Error::BadHeader { name: name.clone() });
    }
    let mut headers = HeaderMap::with_capacity(request.headers.len() + 2);
    for (name, value) in &request.headers {
        let refused = || Error::BadHeader { name: name.clone() };
        let key = permitted(name).ok_or_else(refused)?;
        let value = encoded(value).ok_or_else(refused)?;
        headers.append(key, value);
    }
    if let Some(key) = &request.idempotency_key {
        let refused = || Error::BadHeader { name: IDEMPOTENCY_KEY.to_string() };
        let value = encoded(key).ok_or_else(refused)?;
        headers.entry(IDEMPOTENCY_KEY).or_insert(value);
    }
    if matches!(request.body, Some(Body::Text(_))) {
        headers.entry(CONTENT_TYPE).or_insert(TEXT);
    }
    Ok(headers)
}

/// Hands a response's headers over, one character per byte, without the secrets that the request held.
pub(super) fn incoming(headers: &HeaderMap, redactor: &Redactor) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = redactor.bytes(value.as_bytes());
            (redactor.text(name.as_str()), value.into_iter().map(char::from).collect())
        })
        .collect()
}

/// Tells whether a body is anything else than the bytes that it stands for.
pub(super) fn is_encoded(headers: &HeaderMap) -> bool {
    let lists = [(CONTENT_ENCODING, "identity"), (TRANSFER_ENCODING, "chunked")];
    lists.iter().any(|(name, plain)| headers.get_all(name).iter().any(|list| !is_only(list, plain)))
}

fn is_only(list: &HeaderValue, plain: &str) -> bool {
    let Ok(list) = list.to_str() else { return false };
    list.split(',').map(str::trim).all(|word| word.is_empty() || word.eq_ignore_ascii_case(plain))
}

fn permitted(name: &str) -> Option<HeaderName> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let forbidden = FORBIDDEN.contains(&name.as_str()) || name.as_str().starts_with("proxy-");
    (!forbidden).then_some(name)
}

fn encoded(value: &str) -> Option<HeaderValue> {
    let trimmed = value.trim_matches([' ', '\t', '\r', '\n']);
    let bytes: Vec<u8> = trimmed.chars().map(u8::try_from).collect::<Result<_, _>>().ok()?;
    HeaderValue::from_bytes(&bytes).ok()
}
