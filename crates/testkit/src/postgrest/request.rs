//! What is asked: of what, and in which way.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::error::{Error, Result};
use super::form::Form;
use super::prefer::Prefer;
use super::query::{Query, Window};
use crate::http_peer::Seen;

/// Where Supabase has it; it may also be asked without.
pub(super) const PREFIX: &str = "/rest/v1";

/// A request, read.
pub(super) struct Request {
    pub(super) verb: Verb,
    /// The table or the function.
    pub(super) name: String,
    pub(super) schema: String,
    pub(super) query: Query,
    pub(super) prefer: Prefer,
    pub(super) form: Form,
    /// Nothing is answered but the head.
    pub(super) is_head: bool,
    pub(super) body: String,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Read,
    Insert,
    Update,
    Delete,
    /// A function is called; by a read it may not write.
    Call {
        is_read: bool,
    },
}

impl Request {
    /// Reads a request; the first of the schemas is meant where it names none.
    pub(super) fn read(seen: &Seen, schemas: &[String]) -> Result<Self> {
        let (is_call, name) = target(&seen.path)?;
        let verb = verb(&seen.method, is_call)?;
        let is_read = matches!(verb, Verb::Read | Verb::Call { is_read: true });
        let profile = seen.header(if is_read { "accept-profile" } else { "content-profile" });
        let body = String::from_utf8(seen.body.clone());
        let prefer =
            seen.headers.iter().filter(|(name, _)| name == "prefer").map(|(_, value)| value.as_str());
        let mut query = Query::read(&seen.query, is_call)?;
        if let (true, Some(window)) = (is_read, seen.header("range").and_then(range)) {
            query.windows.push((Vec::new(), window?));
        }
        Ok(Self {
            verb,
            name,
            schema: schema(profile, schemas)?,
            query,
            prefer: Prefer::read(prefer),
            form: Form::read(seen.header("accept"))?,
            is_head: seen.method == "HEAD",
            body: body.map_err(|_| Error::body("Empty or invalid json"))?,
        })
    }
}

fn target(path: &str) -> Result<(bool, String)> {
    let invalid = || Error::new(404, "PGRST125", "Invalid path specified in request URL");
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    let path = path.strip_prefix('/').ok_or_else(invalid)?;
    let name = path.strip_prefix("rpc/");
    let decoded = percent_decode_str(name.unwrap_or(path)).decode_utf8().map_err(|_| invalid())?;
    if decoded.is_empty() || decoded.contains(['/', '\0']) {
        return Err(invalid());
    }
    Ok((name.is_some(), decoded.into_owned()))
}

fn verb(method: &str, is_call: bool) -> Result<Verb> {
    match (method, is_call) {
        ("GET" | "HEAD", true) => Ok(Verb::Call { is_read: true }),
        ("POST", true) => Ok(Verb::Call { is_read: false }),
        (_, true) => Err(Error::new(405, "PGRST101", format!("Cannot use the {method} method on RPC"))),
        ("GET" | "HEAD", false) => Ok(Verb::Read),
        ("POST", false) => Ok(Verb::Insert),
        ("PATCH", false) => Ok(Verb::Update),
        ("DELETE", false) => Ok(Verb::Delete),
        _ => Err(Error::new(405, "PGRST117", format!("Unsupported HTTP method: {method}"))),
    }
}

fn schema(profile: Option<&str>, schemas: &[String]) -> Result<String> {
    let found = match profile {
        None => schemas.first(),
        Some(profile) => schemas.iter().find(|schema| *schema == profile),
    };
    found.cloned().ok_or_else(|| {
        let error = Error::new(406, "PGRST106", format!("Invalid schema: {}", profile.unwrap_or_default()));
        error.hint(format!("Only the following schemas are exposed: {}", schemas.join(", ")))
    })
}

/// The header `Range`, such as `0-9` or `10-`; another form is as none.
fn range(text: &str) -> Option<Result<Window>> {
    let (from, to) = text.split_once('-')?;
    let offset: u64 = from.parse().ok()?;
    if to.is_empty() {
        return Some(Ok(Window { limit: None, offset }));
    }
    let to: u64 = to.parse().ok()?;
    let backwards = || {
        let details =
            "The lower boundary must be lower than or equal to the upper boundary in the Range header.";
        Error::new(416, "PGRST103", "Requested range not satisfiable").details(details)
    };
    let limit = to.checked_sub(offset).and_then(|rows| rows.checked_add(1));
    Some(limit.ok_or_else(backwards).map(|limit| Window { limit: Some(limit), offset }))
}

/// The rows of a body.
pub(super) struct Payload {
    pub(super) is_list: bool,
    /// The names that each row has.
    pub(super) names: Vec<String>,
}

impl Payload {
    /// Reads a body of one row or of many. Many have all the same names, unless the names are given.
    pub(super) fn read(body: &str, given: Option<&[String]>) -> Result<Self> {
        let invalid = || Error::body("Empty or invalid json");
        let value: Value = serde_json::from_str(body).map_err(|_| invalid())?;
        let names = |row: &Value| -> Result<BTreeSet<String>> {
            Ok(row.as_object().ok_or_else(invalid)?.keys().cloned().collect())
        };
        let is_list = value.is_array();
        let rows = value.as_array().map_or_else(|| std::slice::from_ref(&value), Vec::as_slice);
        let all = rows.iter().map(names).collect::<Result<Vec<_>>>()?;
        if given.is_none() && all.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(Error::body("All object keys must match"));
        }
        let first = || all.first().map(|names| names.iter().cloned().collect()).unwrap_or_default();
        Ok(Self { is_list, names: given.map_or_else(first, <[String]>::to_vec) })
    }
}
