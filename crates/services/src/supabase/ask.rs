//! One request that a chain asks for, without the address and the keys.

use std::time::Duration;

use fermata_connect::http::{Body, Redirect, Request};
use fermata_model::CallError;
use url::Url;

use super::chain::{Step, bad, secret};
use super::headers::Headers;
use super::query::Query;
use super::site::{Area, Site};

/// The time for one exchange.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);
/// What a reference to a secret begins with. The gate would put the secret in its place, so none may come from
/// the task: what it writes it could read again.
const REFERENCE: &str = "{{secret:";

/// One request.
#[derive(Clone)]
pub(super) struct Ask {
    area: Area,
    pub(super) method: &'static str,
    /// What follows the area's address; the URL parser encodes what has to be.
    path: String,
    pub(super) query: Query,
    pub(super) headers: Headers,
    /// The schema of a request for tables.
    pub(super) schema: Option<String>,
    pub(super) body: Option<Body>,
    /// Whether asking twice does no more than asking once.
    pub(super) is_read: bool,
    pub(super) timeout: Duration,
    /// Whether the other side may be told the key by which it can tell a repetition.
    pub(super) has_idempotency_key: bool,
}

impl Ask {
    pub(super) fn new(area: Area, method: &'static str, path: String) -> Self {
        Self {
            area,
            method,
            path,
            query: Query::default(),
            headers: Headers::default(),
            schema: None,
            body: None,
            is_read: matches!(method, "GET" | "HEAD"),
            timeout: TIMEOUT,
            has_idempotency_key: false,
        }
    }

    /// The same with a body of JSON.
    pub(super) fn with_json(mut self, json: String) -> Self {
        self.headers.set("content-type", "application/json");
        self.body = Some(Body::Text(json));
        self
    }

    /// Refuses what the task may not send.
    pub(super) fn check(&self) -> Result<(), CallError> {
        let body = match &self.body {
            None => false,
            Some(Body::Text(text)) => text.contains(REFERENCE),
            Some(Body::Bytes(bytes)) => {
                bytes.windows(REFERENCE.len()).any(|part| part == REFERENCE.as_bytes())
            }
        };
        let pairs = self.query.pairs().iter().chain(self.headers.pairs());
        let texts = pairs.flat_map(|(name, value)| [name, value]).chain([&self.path]);
        if body || texts.chain(&self.schema).any(|text| text.contains(REFERENCE)) {
            return Err(secret());
        }
        Ok(())
    }

    /// The request to this site.
    pub(super) fn request(&self, site: &Site, idempotency_key: &str) -> Result<Request, CallError> {
        let mut url = Url::parse(&(site.root(self.area)? + &self.path))
            .map_err(|error| bad(format!("the address cannot be written: {error}")))?;
        let query = self.query.encoded();
        match (query.as_str(), url.query()) {
            ("", _) => {}
            (query, None | Some("")) => url.set_query(Some(query)),
            (query, Some(before)) => {
                let both = format!("{before}&{query}");
                url.set_query(Some(&both));
            }
        }
        let mut request = Request::new(self.method, url);
        request.headers = self.all_headers(site).pairs().to_vec();
        request.body = self.body.clone();
        request.redirect = Redirect::Error;
        request.timeout = Some(self.timeout);
        request.idempotency_key = self.has_idempotency_key.then(|| idempotency_key.to_owned());
        Ok(request)
    }

    fn all_headers(&self, site: &Site) -> Headers {
        let mut headers = self.headers.clone();
        let schema = self.schema.as_deref().or(site.default_schema());
        if let (Area::Rest, Some(schema)) = (self.area, schema) {
            let name =
                if matches!(self.method, "GET" | "HEAD") { "accept-profile" } else { "content-profile" };
            headers.set(name, schema);
        }
        for (name, value) in site.keys() {
            if headers.get(name).is_none() {
                headers.set(name, value);
            }
        }
        headers
    }
}

/// A name that is one segment of a path, such as a table's.
pub(super) fn segment(step: &Step<'_>, index: usize, what: &str) -> Result<String, CallError> {
    let name = path(step, index, what)?;
    if name.contains('/') {
        return Err(step.bad(&format!("{what} cannot hold a slash")));
    }
    Ok(name)
}

/// A path whose segments are all names.
pub(super) fn path(step: &Step<'_>, index: usize, what: &str) -> Result<String, CallError> {
    let value = step.arg(index);
    if value.kind() != super::js::Kind::Text {
        return Err(step.bad(&format!("{what} has to be a text")));
    }
    let path = value.text()?;
    if path.trim().is_empty() {
        return Err(step.bad(&format!("{what} is empty")));
    }
    let is_dots =
        |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.contains(['\\', '?', '#']) || path.chars().any(char::is_control) || path.split('/').any(is_dots) {
        return Err(step.bad(&format!("{what} cannot be part of a URL's path")));
    }
    Ok(path)
}
