//! Many calls of one API in one request: `gapi.batch([{method, params}, …])`.
//!
//! Google describes the format with each API ("Batching requests"): `multipart/mixed`, each part an HTTP request of its
//! own, each part of the answer an HTTP response. A part that fails is data, not an error of the call.

use std::sync::Arc;

use fermata_connect::http;
use fermata_model::{CallError, Json, json};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::access::Access;
use super::arguments::Options;
use super::document::Document;
use super::error::{self, Complaint, Kind};
use super::path::Path;
use super::request::{self, Call};
use super::{answer, multipart, upload};
use crate::call::{Failure, arguments};
use crate::fields::Fields;

/// Most calls of one batch. Google takes no more.
const PARTS_MAX: usize = 100;
const WHAT: &str = "tools.gapi.batch";

/// One call of a batch.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// A path such as `gmail.users.messages.get`.
    pub(super) method: String,
    /// As of a call of its own.
    #[serde(default)]
    pub(super) params: Fields,
}

/// A batch.
#[derive(Debug)]
pub(super) struct Batch {
    /// Its calls, with what their paths name.
    pub(super) parts: Vec<(Path, Fields)>,
    /// How to send them.
    pub(super) options: Options,
}

/// What became of one call.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    ok: bool,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<CallError>,
}

impl Batch {
    /// Reads the arguments of a batch.
    ///
    /// # Errors
    /// Names the argument, or the part of the batch, that is wrong.
    pub(super) fn parse(args: &Json) -> Result<Self, CallError> {
        let (parts, options) = match arguments::<Vec<Json>>(WHAT, args)?.as_slice() {
            [parts] => (Arc::clone(parts), None),
            [parts, options] => (Arc::clone(parts), Some(Arc::clone(options))),
            _ => return Err(bad("takes a list of calls, and options")),
        };
        let parts: Vec<Part> = serde_json::from_str(parts.get())
            .map_err(|error| bad(&format!("the first argument: {error}")))?;
        let options: Option<Options> = options
            .map(|options| serde_json::from_str(options.get()))
            .transpose()
            .map_err(|error| bad(&format!("the second argument: {error}")))?
            .flatten();
        let options = options.unwrap_or_default();
        options.check(WHAT)?;
        if options.all {
            return Err(bad("all is not for batches"));
        }
        Ok(Self { parts: paths(parts)?, options })
    }

    /// The API that all of them are of.
    pub(super) fn path(&self) -> Option<&Path> {
        self.parts.first().map(|(path, _)| path)
    }
}

fn paths(parts: Vec<Part>) -> Result<Vec<(Path, Fields)>, CallError> {
    if parts.is_empty() || parts.len() > PARTS_MAX {
        return Err(bad(&format!("takes 1 to {PARTS_MAX} calls, not {}", parts.len())));
    }
    let parts = parts.into_iter().map(|part| Ok((Path::parse(&part.method)?, part.params)));
    let parts = parts.collect::<Result<Vec<_>, CallError>>()?;
    let mut apis = parts.iter().map(|(path, _)| (&path.api, &path.version));
    let first = apis.next();
    if apis.any(|api| Some(api) != first) {
        return Err(bad("all calls of a batch are of one API in one version"));
    }
    if parts.iter().any(|(_, params)| params.get("media").is_some() || Call::wants_media(params)) {
        return Err(bad("media cannot be a part of a batch"));
    }
    Ok(parts)
}

/// The calls of a batch.
pub(super) fn calls<'a>(
    batch: &Batch,
    document: &'a Document,
    root: &str,
) -> Result<Vec<Call<'a>>, CallError> {
    let call = |(path, _): &(Path, Fields)| {
        let method = document.method(&path.method)?;
        Ok(Call { what: path.text(), document, method, root: root.to_owned() })
    };
    batch.parts.iter().map(call).collect()
}

/// Sends a batch and sorts out what came back.
pub(super) async fn send(batch: &Batch, calls: &[Call<'_>], access: &Access<'_>) -> Result<Json, Failure> {
    let is_repeatable = calls.iter().all(Call::is_repeatable);
    let mut request = compose(batch, calls)?;
    request.timeout = Some(batch.options.timeout());
    let response = access.send(request, is_repeatable).await?;
    if response.status != 200 {
        return Err(error::failure(WHAT, is_repeatable, &response));
    }
    let unreadable = || {
        let failure =
            CallError::passing("bad_answer", format!("{WHAT}: the answer is not multipart/mixed")).into();
        error::unanswered(failure, is_repeatable)
    };
    let parts = multipart::responses(&response, PARTS_MAX).ok_or_else(unreadable)?;
    let mut outcomes: Vec<Option<Outcome>> = calls.iter().map(|_| None).collect();
    for (at, part) in parts.into_iter().enumerate() {
        let number = part.number.unwrap_or(at);
        if let (Some(place), Some(call)) = (outcomes.get_mut(number), calls.get(number)) {
            *place = Some(outcome(call, part));
        }
    }
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|found| found.unwrap_or_else(missing)).collect();
    let value = json::of(&outcomes).map_err(|error| CallError::fatal("bad_answer", error.to_string()))?;
    Ok(answer::within("batch", value)?)
}

/// The request of a batch, but for its credentials.
pub(super) fn compose(batch: &Batch, calls: &[Call<'_>]) -> Result<http::Request, CallError> {
    let Some(first) = calls.first() else { return Err(bad("has no calls")) };
    if first.document.batch_path.is_empty() {
        return Err(bad(&format!("{} has no batches", first.document.name)));
    }
    let requests = calls.iter().zip(&batch.parts);
    let requests = requests.map(|(call, (_, params))| request::build(call, params.clone()));
    let parts = requests.map(|request| Ok(multipart::request(&first.root, &request?)));
    let parts = parts.collect::<Result<Vec<String>, CallError>>()?;
    let boundary = upload::boundary(&parts.iter().map(String::as_bytes).collect::<Vec<_>>());
    let url = format!("{}{}", first.root, first.document.batch_path.trim_start_matches('/'));
    let mut request = http::Request::new("POST", url);
    request.headers.push(("content-type".to_owned(), format!("multipart/mixed; boundary=\"{boundary}\"")));
    request.body = Some(http::Body::Text(body(&boundary, &parts)));
    request.redirect = http::Redirect::Error;
    Ok(request)
}

fn body(boundary: &str, parts: &[String]) -> String {
    let mut body = String::new();
    for (number, part) in parts.iter().enumerate() {
        let head = "Content-Type: application/http\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: binary";
        body.push_str(&format!("--{boundary}\r\n{head}\r\nContent-ID: <call+{number}>\r\n\r\n{part}\r\n"));
    }
    body + &format!("--{boundary}--\r\n")
}

fn outcome(call: &Call<'_>, part: multipart::Part) -> Outcome {
    let status = part.status;
    if !(200..300).contains(&status) {
        let complaint = Complaint::read(part.body.as_bytes());
        let is_passing = match error::kind(status, &complaint) {
            Kind::NotDone => true,
            Kind::Perhaps => call.is_repeatable(),
            Kind::Final => false,
        };
        let error = complaint.error(&format!("tools.gapi.{}", call.what), status, is_passing);
        return Outcome { ok: false, status, data: None, error: Some(error) };
    }
    let text = if part.body.trim().is_empty() { "{}".to_owned() } else { part.body };
    // What is no JSON is handed over as text.
    let data = RawValue::from_string(text).unwrap_or_else(|_| crate::fields::raw(""));
    Outcome { ok: true, status, data: Some(data), error: None }
}

fn missing() -> Outcome {
    let message = format!("{WHAT}: the answer has no part for this call");
    Outcome { ok: false, status: 0, data: None, error: Some(CallError::passing("bad_answer", message)) }
}

fn bad(rule: &str) -> CallError {
    CallError::fatal("bad_arguments", format!("{WHAT}: {rule}"))
}
