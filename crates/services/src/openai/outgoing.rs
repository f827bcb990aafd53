//! A call as an HTTP request.

use fermata_connect::http;
use fermata_model::CallError;
use serde_json::{Value, json};
use url::Url;

use super::arguments::Call;
use super::paths::Gives;
use super::provider::{self, Provider};
use crate::encode::{self, Lists, Style};
use crate::fields::{Fields, raw};
use crate::way::Vault;

/// Writes the request of a call.
///
/// # Errors
/// When a setting in the keystore is missing or wrong.
pub(super) fn request(call: &mut Call, vault: &dyn Vault, key: &str) -> Result<http::Request, CallError> {
    provider::apply_preset(call, vault)?;
    let provider = Provider::find(call.options.provider.as_deref(), vault)?;
    let mut request = http::Request::new(call.path.verb, address(&provider.base_url, call)?);
    request.headers = provider.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut set = |name: &str, value: &str| request.headers.push((name.to_owned(), value.to_owned()));
    let own = call.path.header;
    set("accept", own.filter(|(name, _)| *name == "accept").map_or("application/json", |(_, value)| value));
    if let Some((name, value)) = own.filter(|(name, _)| *name != "accept") {
        set(name, value);
    }
    if let Some(body) = &mut call.body {
        complete(body, call.path.gives, call.streamed);
        set("content-type", "application/json");
        request.body = Some(http::Body::Text(body.to_text()));
    }
    request.headers.extend(std::mem::take(&mut call.options.headers));
    if call.path.verb == "POST" {
        request.idempotency_key = Some(key.to_owned());
    }
    request.timeout = Some(call.options.policy().timeout);
    Ok(request)
}

/// Puts in what the official SDK puts in, and asks a stream for its usage.
fn complete(body: &mut Fields, gives: Gives, streamed: bool) {
    match gives {
        Gives::Embeddings if body.get("encoding_format").is_none() => {
            body.set_text("encoding_format", "base64")
        }
        Gives::Chat | Gives::Text if streamed => {
            let mut options: Value = body.read("stream_options").unwrap_or_else(|| json!({}));
            if let Some(options) = options.as_object_mut() {
                options.entry("include_usage").or_insert(Value::Bool(true));
            }
            body.set("stream_options", raw(&options));
        }
        _ => {}
    }
}

/// The base URL with the call's path; a query of the base URL stays, as some gateways need one.
fn address(base_url: &str, call: &Call) -> Result<String, CallError> {
    let bad = |why: String| CallError::fatal("bad_setting", format!("The base URL of tools.openai: {why}"));
    let mut url = Url::parse(base_url).map_err(|error| bad(error.to_string()))?;
    if url.cannot_be_a_base() {
        return Err(bad("it is no http or https URL".into()));
    }
    let path = format!("{}{}", url.path().trim_end_matches('/'), call.url);
    url.set_path(&path);
    url.set_fragment(None);
    let own = encode::pairs(&call.query, Lists::Brackets);
    let own =
        own.map_err(|why| CallError::fatal("bad_arguments", format!("tools.openai: the query: {why}")))?;
    let own = encode::joined(&own, Style::Strict);
    let query = match (url.query().unwrap_or_default(), own.as_str()) {
        ("", own) => own.to_owned(),
        (base, "") => base.to_owned(),
        (base, own) => format!("{base}&{own}"),
    };
    url.set_query((!query.is_empty()).then_some(query.as_str()));
    Ok(url.into())
}
