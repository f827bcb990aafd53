//! Files: the methods of `storage` and of `storage.from(bucket)`, and how their responses are read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fermata_connect::http::{Body, Response};
use fermata_model::{CallError, Json, json};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::chain::Chain;
use super::errors::{self, is_ok, reason};
use super::outcome;
use super::plan::Plan;
use super::site::{Area, Site};
use super::{buckets, files};

/// How the response of the storage server is read.
pub(super) struct Files {
    pub(super) form: Form,
    /// Whether an error fails the call.
    pub(super) throws: bool,
}

/// What the result holds.
pub(super) enum Form {
    /// What the server says.
    Whole,
    /// The place of a file that was uploaded.
    Uploaded { path: String },
    /// The place of a file that was copied.
    Copied,
    /// What is known of a file, with names as JavaScript writes them.
    Known,
    /// An address that is valid for a while.
    Signed { query: String },
    /// The file itself.
    File,
    /// An address that is known without asking.
    Public { path: String, query: String },
}

/// Reads `storage.…(…)`.
pub(super) fn plan(chain: &mut Chain<'_>) -> Result<Plan, CallError> {
    chain.expect(&["storage"])?.only_read()?;
    match chain.peek() {
        Some(step) if step.name == "from" => files::plan(chain),
        _ => buckets::plan(chain),
    }
}

impl Files {
    /// `{ data, error }`, or the error of a call that was to fail with one.
    pub(super) fn result(&self, response: &Response, site: &Site) -> Result<Json, CallError> {
        if let Form::Public { .. } = self.form {
            return self.known(site);
        }
        if !is_ok(response) {
            return self.failed(error(response));
        }
        if let Form::File = self.form {
            return outcome(&json!({ "data": file(response), "error": null }));
        }
        let Ok(body) = serde_json::from_slice::<Value>(&response.body) else {
            return self.failed(errors::named("StorageUnknownError", "The response is not JSON"));
        };
        let data = match &self.form {
            Form::Known => camel(body),
            Form::Uploaded { path } => errors::object([
                ("path", Some(path.as_str().into())),
                ("id", body.get("Id").cloned()),
                ("fullPath", body.get("Key").cloned()),
            ]),
            Form::Copied => errors::object([("path", body.get("Key").cloned())]),
            Form::Signed { query } => {
                let place = body.get("signedURL").and_then(Value::as_str).unwrap_or("undefined");
                let mark = if query.is_empty() { "" } else { "&" };
                json!({ "signedUrl": encode_uri(&format!("{}{place}{mark}{query}", site.root(Area::Storage)?)) })
            }
            _ => body,
        };
        outcome(&json!({ "data": data, "error": null }))
    }

    /// The result that needs no response.
    pub(super) fn known(&self, site: &Site) -> Result<Json, CallError> {
        let Form::Public { path, query } = &self.form else { return Ok(json::null()) };
        let mark = if query.is_empty() { "" } else { "?" };
        let address = encode_uri(&(site.root(Area::Storage)? + path));
        outcome(&json!({ "data": { "publicUrl": format!("{address}{mark}{query}") } }))
    }

    /// The result where no response came.
    pub(super) fn unreached(&self, message: &str) -> Option<Json> {
        let error = errors::named("StorageUnknownError", message);
        (!self.throws).then(|| json::of_value(&json!({ "data": null, "error": error })))
    }

    fn failed(&self, error: Value) -> Result<Json, CallError> {
        if !self.throws {
            return outcome(&json!({ "data": null, "error": error }));
        }
        let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let codes = [text("code"), text("statusCode"), "bad_answer".to_owned()];
        let code = codes.into_iter().find(|code| !code.is_empty()).unwrap_or_default();
        let failed = CallError { name: text("name"), ..CallError::fatal(&code, text("message")) };
        Err(failed.with_details(json::of_value(&error)))
    }
}

fn error(response: &Response) -> Value {
    let status = response.status;
    let parts = |message: String, status_code: Value, code: Option<Value>| {
        errors::object([
            ("name", Some("StorageApiError".into())),
            ("message", Some(message.into())),
            ("status", Some(status.into())),
            ("statusCode", Some(status_code)),
            ("code", code),
        ])
    };
    let Ok(body) = serde_json::from_slice::<Value>(&response.body) else {
        let message = reason(response, &format!("HTTP {status} error"));
        return parts(message, status.to_string().into(), None);
    };
    let truthy =
        |name: &str| body.get(name).filter(|value| !matches!(value.as_str(), Some("")) && !value.is_null());
    let status_code = truthy("statusCode").or_else(|| truthy("code")).cloned();
    let status_code = status_code.unwrap_or_else(|| status.to_string().into());
    parts(errors::message(&body), status_code, body.get("code").cloned())
}

/// A file: its text where it is text, else its bytes.
fn file(response: &Response) -> Value {
    let kind = errors::header(response, "content-type").unwrap_or_default();
    let size = response.body.len();
    match std::str::from_utf8(&response.body) {
        Ok(text) => json!({ "type": kind, "size": size, "text": text }),
        Err(_) => json!({ "type": kind, "size": size, "base64": BASE64.encode(&response.body) }),
    }
}

/// The same with `last_modified` for `lastModified`, at every depth.
fn camel(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(camel).collect(),
        Value::Object(fields) => {
            let renamed = fields.into_iter().map(|(name, value)| (camel_name(&name), camel(value)));
            Value::Object(renamed.collect())
        }
        other => other,
    }
}

fn camel_name(name: &str) -> String {
    let mut renamed = String::with_capacity(name.len());
    let mut symbols = name.chars().peekable();
    while let Some(symbol) = symbols.next() {
        let is_mark = matches!(symbol, '-' | '_');
        let letter = symbols.next_if(|next| is_mark && next.is_ascii_alphabetic());
        renamed.push(letter.map_or(symbol, |letter| letter.to_ascii_uppercase()));
    }
    renamed
}

/// `encodeURI`.
fn encode_uri(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for symbol in text.chars() {
        if symbol.is_ascii_alphanumeric() || ";,/?:@&=+$-_.!~*'()#".contains(symbol) {
            encoded.push(symbol);
        } else {
            let mut bytes = [0; 4];
            for byte in symbol.encode_utf8(&mut bytes).bytes() {
                encoded.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    encoded
}

/// The bytes that a text in base64 stands for.
pub(super) fn bytes(text: &str) -> Option<Body> {
    BASE64.decode(text).ok().map(Body::Bytes)
}

/// Parameters as they stand in a URL.
pub(super) fn parameters(pairs: &[(&str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
