//! One request on the wire, and the one that a redirect turns it into. Pure: nothing is sent here.
//!
//! Methods, bodies and headers change as the Fetch standard says (section 4.4, HTTP-redirect fetch).

use bytes::Bytes;
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, COOKIE, HeaderMap,
    HeaderValue,
};
use reqwest::{Method, StatusCode};
use url::Url;

use super::headers;
use super::policy::Policy;
use super::reference::{Coding, find};
use crate::error::{Direction, Error};
use crate::http::{Body, Request};

/// A request that is ready to be sent.
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Payload>,
    /// A redirect led from https to http, where everybody on the way can read.
    pub(super) is_exposed: bool,
}

/// A request's body. References to secrets are in none of these parts replaced yet; see `fill`.
pub(super) enum Payload {
    /// May refer to secrets.
    Text(Bytes),
    /// Is sent as it is.
    Bytes(Bytes),
}

impl Hop {
    /// Reads a caller's request. Whether its host may be asked is checked when it is sent.
    pub(super) fn first(request: Request, policy: &Policy) -> Result<Hop, Error> {
        let headers = headers::outgoing(&request)?;
        Ok(Hop {
            method: method(&request.method)?,
            url: without_fragment(Url::parse(&request.url).map_err(unreadable)?),
            headers,
            body: request.body.map(|body| bounded(body, policy.request_bytes_max)).transpose()?,
            is_exposed: false,
        })
    }

    /// Makes the request that a redirect with this status and target asks for.
    pub(super) fn redirected(mut self, status: StatusCode, location: &HeaderValue) -> Result<Hop, Error> {
        let location = String::from_utf8_lossy(location.as_bytes());
        let target = without_fragment(self.url.join(&location).map_err(unreadable)?);
        check_own(&self.url, &location)?;
        if becomes_get(status, &self.method) {
            self.method = Method::GET;
            self.body = None;
            self.drop_headers([CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE]);
        }
        if target.origin() != self.url.origin() {
            self.drop_headers([AUTHORIZATION, COOKIE]);
        }
        self.is_exposed = target.scheme() == "http" && (self.is_exposed || self.url.scheme() == "https");
        self.url = target;
        Ok(self)
    }

    fn drop_headers<const COUNT: usize>(&mut self, names: [reqwest::header::HeaderName; COUNT]) {
        for name in names {
            self.headers.remove(name);
        }
    }
}

/// Tells whether a status asks the client to go elsewhere.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn becomes_get(status: StatusCode, method: &Method) -> bool {
    match status.as_u16() {
        301 | 302 => method == Method::POST,
        303 => method != Method::GET && method != Method::HEAD,
        _ => false,
    }
}

fn method(text: &str) -> Result<Method, Error> {
    let upper = text.to_ascii_uppercase();
    let text = match upper.as_str() {
        "CONNECT" | "TRACE" | "TRACK" => return Err(Error::BadMethod),
        "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT" => &upper,
        _ => text,
    };
    Method::from_bytes(text.as_bytes()).map_err(|_| Error::BadMethod)
}

fn bounded(body: Body, limit: usize) -> Result<Payload, Error> {
    let (size, payload) = match body {
        Body::Text(text) => (text.len(), Payload::Text(text.into())),
        Body::Bytes(bytes) => (bytes.len(), Payload::Bytes(bytes.into())),
    };
    if size > limit {
        return Err(Error::TooLarge { direction: Direction::Request, limit });
    }
    Ok(payload)
}

/// Refuses a target that refers to secrets by itself: only the task says where they go. References in
/// the path that a relative target keeps are the task's.
fn check_own(from: &Url, location: &str) -> Result<(), Error> {
    let mut bare = from.clone();
    bare.set_path("/");
    bare.set_query(None);
    let own = bare.join(location).map_err(unreadable)?;
    let refers = |text: &str, coding| !find(text.as_bytes(), coding).is_ok_and(|found| found.is_empty());
    if refers(own.path(), Coding::Path) || refers(own.query().unwrap_or_default(), Coding::Form) {
        return Err(Error::bad_url("a redirect may not refer to a secret"));
    }
    Ok(())
}

fn without_fragment(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

fn unreadable(cause: url::ParseError) -> Error {
    Error::BadUrl { reason: "it cannot be read", source: Some(cause) }
}
