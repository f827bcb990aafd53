//! What was asked, and what is answered, apart from the wire.

use serde_json::{Value, json};

/// A request that was read whole.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// Such as `GET`.
    pub(super) method: String,
    /// As it was sent, still encoded.
    pub(super) path: String,
    /// Decoded, in order.
    pub(super) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    /// All of it.
    pub(super) body: Vec<u8>,
}

impl Ask {
    /// A request for a path with a query, both as they are sent.
    pub(super) fn new(method: &str, target: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = pairs(query.as_bytes());
        Self { method: method.to_owned(), path: path.to_owned(), query, headers, body }.overridden()
    }

    /// A long GET comes as a POST that says so, its query in its body.
    fn overridden(mut self) -> Self {
        if self.method == "POST" && self.header("x-http-method-override") == Some("GET") {
            "GET".clone_into(&mut self.method);
            self.query.extend(pairs(&self.body));
            self.body.clear();
        }
        self
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The pairs of a query or a form.
pub(super) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn text(status: u16, content_type: &str, text: &str) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: text.as_bytes().to_vec() }
    }

    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self::text(status, "application/json; charset=UTF-8", &value.to_string())
    }

    pub(super) fn ok(value: &Value) -> Self {
        Self::json(200, value)
    }

    pub(super) fn empty() -> Self {
        Self { status: 204, headers: Vec::new(), body: Vec::new() }
    }

    /// An error in the shape that the APIs share.
    pub(super) fn error(status: u16, reason: &str, message: &str) -> Self {
        let errors = json!([{ "message": message, "domain": "global", "reason": reason }]);
        Self::json(status, &json!({ "error": { "code": status, "message": message, "errors": errors } }))
    }

    /// An error of the token server.
    pub(super) fn no_token(error: &str, description: &str) -> Self {
        Self::json(400, &json!({ "error": error, "error_description": description }))
    }

    pub(super) fn unauthorized() -> Self {
        Self::error(401, "authError", "Request had invalid authentication credentials.")
    }

    pub(super) fn not_found() -> Self {
        Self::error(404, "notFound", "Requested entity was not found.")
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}
