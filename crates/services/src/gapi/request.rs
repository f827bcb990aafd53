//! One call as the request that Google's official client for Python would send.

use fermata_connect::http;
use fermata_model::CallError;
use serde_json::value::RawValue;

use super::document::{Document, Method};
use super::media::Media;
use super::{parameters, template, upload};
use crate::fields::Fields;

/// Longer URLs of a GET are sent in the body of a POST that says it is a GET.
pub(super) const URL_BYTES_MAX: usize = 2048;
/// Names of the body. The first always is; the others where the method has no such parameter.
const BODY: [&str; 3] = ["requestBody", "resource", "body"];
const JSON: &str = "application/json";
/// The header of an API that has versions within its version.
const API_VERSION: &str = "x-goog-api-version";

/// A method, and where it is.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// The path, for messages.
    pub(super) what: String,
    /// Its API.
    pub(super) document: &'a Document,
    /// What it takes.
    pub(super) method: &'a Method,
    /// The root of the API's URLs, with a slash at its end.
    pub(super) root: String,
}

impl Call<'_> {
    /// Whether it may be sent again although the first may have been acted on.
    pub(super) fn is_repeatable(&self) -> bool {
        matches!(self.method.http_method.as_str(), "GET" | "HEAD" | "PUT" | "DELETE")
    }

    /// Whether parameters ask for media in the place of JSON.
    pub(super) fn wants_media(params: &Fields) -> bool {
        params.read::<String>("alt").is_some_and(|alt| alt == "media")
    }

    fn refuse(&self, rule: impl std::fmt::Display) -> CallError {
        CallError::fatal("bad_arguments", format!("tools.gapi.{}: {rule}", self.what))
    }
}

/// Builds the request, but for its credentials.
///
/// # Errors
/// Names the argument that does not suit the method.
pub(super) fn build(call: &Call<'_>, mut params: Fields) -> Result<http::Request, CallError> {
    let (document, method) = (call.document, call.method);
    let media = params.remove("media").filter(|media| media.get() != "null");
    let media = media.map(|media| Media::parse(call, &media)).transpose()?;
    let body = body(call, &mut params)?;
    let alt = alt(call, &mut params)?;
    let mut checked =
        parameters::check(document, method, &params).map_err(|error| call.refuse(error.message))?;
    checked.query.extend(alt.map(|alt| ("alt".to_owned(), alt.to_owned())));
    let path = template::expand(&method.path, |name| checked.path.get(name).cloned())
        .map_err(|error| call.refuse(error.message))?;
    let path = path.trim_start_matches('/');

    let mut headers = vec![("accept".to_owned(), accept(method, alt).to_owned())];
    headers.extend(method.api_version.iter().map(|version| (API_VERSION.to_owned(), version.clone())));
    let base = with_slash(&format!("{}{}", call.root, document.service_path));
    let mut request = http::Request::new(method.http_method.clone(), format!("{base}{path}"));
    request.redirect = redirect(&method.http_method);
    request.headers = headers;
    match media {
        None => attach(&mut request, body),
        Some(media) => {
            request.url =
                format!("{}{path}", with_slash(&format!("{}upload/{}", call.root, document.service_path)));
            checked.query.push(("uploadType".to_owned(), upload::kind(body.as_deref()).to_owned()));
            upload::attach(&mut request, media, body.as_deref());
        }
    }
    put_query(&mut request, &checked.query);
    Ok(request)
}

/// The body, when there is one.
fn body(call: &Call<'_>, params: &mut Fields) -> Result<Option<Box<RawValue>>, CallError> {
    let mut body: Option<(&str, Box<RawValue>)> = None;
    for name in BODY {
        let is_parameter = name != BODY[0] && call.method.parameters.contains_key(name);
        let given = if is_parameter { None } else { params.remove(name) };
        let Some(value) = given.filter(|value| value.get() != "null") else { continue };
        if body.is_some() {
            return Err(call.refuse(format!("{name} is a second body; one of requestBody, resource, body")));
        }
        body = Some((name, value));
    }
    let Some((name, value)) = body else { return Ok(None) };
    if call.method.request.is_none() {
        return Err(call.refuse(format!("{name} is given, but the method takes no body")));
    }
    if !value.get().starts_with('{') {
        return Err(call.refuse(format!("{name} is an object")));
    }
    Ok(Some(wrapped(call.document, value)))
}

/// APIs of an older kind have the body in a field of its own.
fn wrapped(document: &Document, body: Box<RawValue>) -> Box<RawValue> {
    let has_data = || serde_json::from_str::<Fields>(body.get()).is_ok_and(|fields| fields.has("data"));
    if !document.has_data_wrapper() || has_data() {
        return body;
    }
    let mut outer = Fields::default();
    outer.set("data", body);
    crate::fields::raw(&outer)
}

/// The form of the answer: JSON, or media where the task asks for it. Methods that answer with neither take none.
fn alt(call: &Call<'_>, params: &mut Fields) -> Result<Option<&'static str>, CallError> {
    let wanted = params.read::<String>("alt");
    params.remove("alt");
    match wanted.as_deref() {
        Some("media") if call.method.supports_media_download => Ok(Some("media")),
        Some("media") => Err(call.refuse("alt is media, but the method has no media to answer with")),
        None | Some("json") => Ok(call.method.response.as_ref().map(|_| "json")),
        Some(_) => Err(call.refuse("alt is json or media")),
    }
}

fn accept(method: &Method, alt: Option<&str>) -> &'static str {
    if method.response.is_some() && alt == Some("json") { JSON } else { "*/*" }
}

/// Only reading follows a redirect: what was asked to be changed is changed here or nowhere.
fn redirect(method: &str) -> http::Redirect {
    if method == "GET" { http::Redirect::Follow } else { http::Redirect::Error }
}

fn with_slash(url: &str) -> String {
    if url.ends_with('/') { url.to_owned() } else { format!("{url}/") }
}

fn attach(request: &mut http::Request, body: Option<Box<RawValue>>) {
    if let Some(body) = body {
        request.headers.push(("content-type".to_owned(), JSON.to_owned()));
        request.body = Some(http::Body::Text(body.get().to_owned()));
    }
}

fn put_query(request: &mut http::Request, query: &[(String, String)]) {
    let pairs =
        query.iter().map(|(name, value)| format!("{}={}", template::query(name), template::query(value)));
    let query = pairs.collect::<Vec<_>>().join("&");
    if query.is_empty() {
        return;
    }
    if request.method == "GET" && request.url.len() + 1 + query.len() > URL_BYTES_MAX {
        "POST".clone_into(&mut request.method);
        request.headers.push(("x-http-method-override".to_owned(), "GET".to_owned()));
        request.headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        request.body = Some(http::Body::Text(query));
        return;
    }
    request.url = format!("{}?{query}", request.url);
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;

    fn document(more: &str) -> Document {
        let text = format!(
            r#"{{"name": "x", "version": "v1", "rootUrl": "https://x.googleapis.com/", {more}
            "methods": {{"m": {{"httpMethod": "POST", "path": "/m", "request": {{}}, "apiVersion": "2026-01-01"}}}}}}"#
        );
        Document::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn versions_within_a_version_and_wrapped_bodies_are_as_the_document_says() {
        let arguments = fermata_model::json::parse(r#"[{"requestBody": {"a": 1.0}}]"#.into()).unwrap();
        let request = document("").request("m", &arguments).unwrap();
        assert_eq!(request.url, "https://x.googleapis.com/m");
        assert!(request.headers.contains(&("x-goog-api-version".to_owned(), "2026-01-01".to_owned())));
        let body = |request: fermata_connect::http::Request| match request.body {
            Some(fermata_connect::http::Body::Text(text)) => text,
            _ => String::new(),
        };
        assert_eq!(body(request), r#"{"a": 1.0}"#);
        let wrapped = document(r#""features": ["dataWrapper"],"#).request("m", &arguments).unwrap();
        assert_eq!(body(wrapped), r#"{"data":{"a": 1.0}}"#);
    }
}
