//! Batches: each part is answered as if it had come alone. The answers come in the opposite order, as they may.

use super::reply::{Ask, Reply};
use super::state::State;

/// Most parts that Google takes.
const PARTS_MAX: usize = 100;
const BOUNDARY: &str = "batch_fermata_test";

pub(super) fn answer(state: &State, ask: &Ask) -> Reply {
    let bad = |message: &str| Reply::error(400, "badRequest", message);
    let kind = ask.header("content-type").unwrap_or_default();
    let Some(boundary) = kind.strip_prefix("multipart/mixed; boundary=") else {
        return bad("Failed to parse batch request");
    };
    let text = String::from_utf8_lossy(&ask.body);
    let delimiter = format!("--{}", boundary.trim_matches('"'));
    let parts: Vec<&str> =
        text.split(delimiter.as_str()).skip(1).take_while(|part| !part.starts_with("--")).collect();
    if parts.is_empty() || parts.len() > PARTS_MAX {
        return bad("The batch has no parts, or too many");
    }
    let mut body = String::new();
    for part in parts.iter().rev() {
        let Some((id, inner)) = request(part, ask) else { return bad("Failed to parse a part of the batch") };
        body.push_str(&written(&id, &state.answer(&inner)));
    }
    body.push_str(&format!("--{BOUNDARY}--\r\n"));
    Reply::text(200, &format!("multipart/mixed; boundary={BOUNDARY}"), &body)
}

/// The request in a part, with the credentials of the whole where it has none of its own.
fn request(part: &str, outer: &Ask) -> Option<(String, Ask)> {
    let part = part.trim_start_matches("\r\n").replace("\r\n", "\n");
    let (head, message) = part.split_once("\n\n")?;
    let head = headers(head);
    if !head.contains(&("content-type".to_owned(), "application/http".to_owned())) {
        return None;
    }
    let (_, id) = head.into_iter().find(|(name, _)| name == "content-id")?;
    let (first, rest) = message.split_once('\n')?;
    let (head, body) = rest.split_once("\n\n").unwrap_or((rest, ""));
    let mut headers = headers(head);
    if !headers.iter().any(|(name, _)| name == "authorization") {
        headers.extend(outer.headers.iter().filter(|(name, _)| name == "authorization").cloned());
    }
    let mut words = first.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    Some((id, Ask::new(method, target, headers, body.trim_end_matches('\n').as_bytes().to_vec())))
}

fn headers(head: &str) -> Vec<(String, String)> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect()
}

fn written(id: &str, reply: &Reply) -> String {
    let id = id.trim_start_matches('<');
    let mut text =
        format!("--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <response-{id}\r\n\r\n");
    text.push_str(&format!("HTTP/1.1 {} Told\r\n", reply.status));
    for (name, value) in &reply.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("\r\n{}\r\n", String::from_utf8_lossy(&reply.body)));
    text
}
