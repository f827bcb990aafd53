//! What methods answer: those of the small world, and an echo for the rest.

use serde_json::{Value, json};

use super::documents::Found;
use super::reply::{Ask, Reply};
use super::tokens::Opens;
use super::world::World;
use super::{directory, gmail};

/// Answers a request that is valid and allowed.
pub(super) fn answer(world: &World, found: &Found, ask: &Ask, opens: Option<&Opens>) -> Reply {
    let id = found.id();
    match id.split_once('.') {
        Some(("gmail", method)) => gmail::answer(world, method, found, ask, opens),
        Some(("directory", method)) => directory::answer(world, method, found, ask, opens),
        Some(("calendar", "calendarList.list")) => Reply::ok(&json!({
            "kind": "calendar#calendarList",
            "items": [{ "kind": "calendar#calendarListEntry", "id": "primary", "summary": "Work", "primary": true }],
        })),
        Some(("calendar", "events.list")) => page(ask, "calendar#events", "items", "maxResults", &events()),
        Some(("drive", "files.list")) => page(ask, "drive#fileList", "files", "pageSize", &files()),
        Some(("drive", "files.get")) => file(found, ask),
        Some(("drive", "files.export")) => Reply::text(200, "text/plain", "exported text"),
        _ => echo(found, ask),
    }
}

/// What was asked, with the kind that the answer's schema names.
pub(super) fn echo(found: &Found, ask: &Ask) -> Reply {
    let Some(reference) = found.method["response"]["$ref"].as_str() else { return Reply::empty() };
    let kind = &found.api.document["schemas"][reference]["properties"]["kind"]["default"];
    let body: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let query: Vec<Value> = ask.query.iter().map(|(name, value)| json!([name, value])).collect();
    let asked = json!({
        "method": found.id(),
        "path": found.path,
        "query": query,
        "headers": ask.headers,
        "body": body,
        "bytes": ask.body.len(),
    });
    let mut answer = json!({ "echo": asked });
    if kind.is_string() {
        answer["kind"] = kind.clone();
    }
    Reply::ok(&answer)
}

/// One page of a list. Tokens of pages are where the next one begins.
pub(super) fn page(ask: &Ask, kind: &str, list: &str, size: &str, all: &[Value]) -> Reply {
    let usual = if size == "pageSize" || list == "messages" || list == "users" { 100 } else { 250 };
    let size = ask.parameter(size).and_then(|size| size.parse().ok()).unwrap_or(usual);
    let from: usize = match ask.parameter("pageToken").map(str::parse) {
        None => 0,
        Some(Ok(from)) if from <= all.len() => from,
        Some(_) => return Reply::error(400, "invalid", "Invalid pageToken"),
    };
    let until = (from + size).min(all.len());
    let mut answer = json!({});
    if !kind.is_empty() {
        answer["kind"] = json!(kind);
    }
    // Google leaves lists out that have nothing in them.
    if until > from {
        answer[list] = json!(all[from..until]);
    }
    if until < all.len() {
        answer["nextPageToken"] = json!(until.to_string());
    }
    Reply::ok(&answer)
}

fn events() -> Vec<Value> {
    let event = |number: u32| json!({ "kind": "calendar#event", "id": format!("e{number}"), "summary": format!("Event {number}") });
    (0..5).map(event).collect()
}

fn files() -> Vec<Value> {
    let file = |number: u32| json!({ "kind": "drive#file", "id": format!("f{number}"), "name": format!("File {number}") });
    (0..7).map(file).collect()
}

fn file(found: &Found, ask: &Ask) -> Reply {
    let Some(id) = found.path.get("fileId") else { return Reply::not_found() };
    let Some(file) = files().into_iter().find(|file| file["id"] == id.as_str()) else {
        return Reply::not_found();
    };
    match ask.parameter("alt") {
        Some("media") if id == "f0" => {
            let mut reply = Reply::text(200, "image/png", "");
            reply.body = vec![0x89, b'P', b'N', b'G', 0xff];
            reply
        }
        Some("media") => Reply::text(200, "text/plain", "what is in it"),
        _ => Reply::ok(&file),
    }
}
