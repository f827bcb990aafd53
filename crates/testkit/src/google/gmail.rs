//! Mailboxes. Each is its user's alone.
//!
//! A query is words, all of which must be there: `from:`, `subject:`, `label:` and `is:` (`unread`, `read`) look where
//! they say, other words in the subject and the text, in any case. A minus in front means: must not be there.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Value, json};

use super::answers;
use super::documents::Found;
use super::reply::{Ask, Reply};
use super::tokens::Opens;
use super::world::{Message, User, World};

pub(super) fn answer(world: &World, method: &str, found: &Found, ask: &Ask, opens: Option<&Opens>) -> Reply {
    let user = match mailbox(world, found, opens) {
        Ok(user) => user,
        Err(refused) => return refused,
    };
    match method {
        "users.getProfile" => {
            let total = user.messages.len();
            Reply::ok(
                &json!({ "emailAddress": user.email, "messagesTotal": total, "threadsTotal": total, "historyId": "1" }),
            )
        }
        "users.messages.list" => list(user, ask),
        "users.messages.get" => {
            let id = found.path.get("id").map(String::as_str).unwrap_or_default();
            user.messages
                .iter()
                .find(|message| message.id == id)
                .map_or_else(Reply::not_found, |message| get(user, message, ask))
        }
        _ => answers::echo(found, ask),
    }
}

/// The mailbox that the path names, when the token is its user's.
fn mailbox<'a>(world: &'a World, found: &Found, opens: Option<&Opens>) -> Result<&'a User, Reply> {
    let named = found.path.get("userId").map(String::as_str).unwrap_or("me");
    let Some(subject) = opens.and_then(|opens| opens.subject.as_deref()) else {
        return Err(Reply::error(400, "failedPrecondition", "Precondition check failed."));
    };
    if named != "me" && !opens.is_some_and(|opens| opens.is_of(named)) {
        return Err(Reply::error(403, "forbidden", &format!("Delegation denied for {subject}")));
    }
    world.user(subject).ok_or_else(Reply::not_found)
}

fn list(user: &User, ask: &Ask) -> Reply {
    let query = ask.parameter("q").unwrap_or_default();
    let labels: Vec<&str> =
        ask.query.iter().filter(|(name, _)| name == "labelIds").map(|(_, value)| value.as_str()).collect();
    let has_labels =
        |message: &Message| labels.iter().all(|label| message.labels.iter().any(|own| own == label));
    let fit = user.messages.iter().filter(|message| has_labels(message) && matches(message, query));
    let found: Vec<Value> = fit.map(|message| json!({ "id": message.id, "threadId": message.id })).collect();
    if found.is_empty() {
        return Reply::ok(&json!({ "resultSizeEstimate": 0 }));
    }
    answers::page(ask, "", "messages", "maxResults", &found)
}

fn matches(message: &Message, query: &str) -> bool {
    query.split_whitespace().all(|word| match word.strip_prefix('-') {
        Some(word) => !has(message, word),
        None => has(message, word),
    })
}

fn has(message: &Message, word: &str) -> bool {
    let contains = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
    let is_unread = message.labels.iter().any(|label| label == "UNREAD");
    match word.split_once(':') {
        Some(("from", part)) => contains(&message.from, part),
        Some(("subject", part)) => contains(&message.subject, part),
        Some(("label", part)) => message.labels.iter().any(|label| label.eq_ignore_ascii_case(part)),
        Some(("is", "unread")) => is_unread,
        Some(("is", "read")) => !is_unread,
        _ => contains(&message.subject, word) || contains(&message.text, word),
    }
}

fn get(user: &User, message: &Message, ask: &Ask) -> Reply {
    let mut answer = json!({
        "id": message.id,
        "threadId": message.id,
        "labelIds": message.labels,
        "snippet": message.text,
        "historyId": "1",
        "internalDate": message.at_ms.to_string(),
        "sizeEstimate": message.text.len(),
    });
    let headers = [
        ("From", message.from.clone()),
        ("To", user.email.clone()),
        ("Subject", message.subject.clone()),
        ("Date", message.at_ms.to_string()),
        ("Message-ID", format!("<{}@elsewhere.example>", message.id)),
    ];
    let wanted: Vec<&str> = ask
        .query
        .iter()
        .filter(|(name, _)| name == "metadataHeaders")
        .map(|(_, value)| value.as_str())
        .collect();
    let is_wanted =
        |name: &str| wanted.is_empty() || wanted.iter().any(|known| known.eq_ignore_ascii_case(name));
    let named = |(name, value): &(&str, String)| json!({ "name": name, "value": value });
    match ask.parameter("format").unwrap_or("full") {
        "minimal" => {}
        "metadata" => {
            let kept: Vec<Value> = headers.iter().filter(|(name, _)| is_wanted(name)).map(named).collect();
            answer["payload"] = json!({ "mimeType": "text/plain", "headers": kept });
        }
        "raw" => {
            let head: Vec<String> =
                headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            answer["raw"] = json!(URL_SAFE.encode(format!("{}\r\n{}", head.concat(), message.text)));
        }
        _ => {
            let all: Vec<Value> = headers.iter().map(named).collect();
            let body = json!({ "size": message.text.len(), "data": URL_SAFE.encode(&message.text) });
            answer["payload"] = json!({ "mimeType": "text/plain", "headers": all, "body": body });
        }
    }
    Reply::ok(&answer)
}
