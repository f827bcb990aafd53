//! Addresses: `a@example.com`, `Ann <a@example.com>`, or an object, alone or in a list.

use lettre::Address;
use lettre::message::Mailbox;
use serde_json::Value;
use url::Host;

/// Reads the addresses of a field, which may be missing.
///
/// # Errors
/// The first that is none, with where it stands.
pub(super) fn all(written: Option<&Value>, field: &str) -> Result<Vec<Mailbox>, String> {
    match written {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(many)) => {
            many.iter().enumerate().map(|(index, each)| one(each, &format!("{field}[{index}]"))).collect()
        }
        Some(alone) => one(alone, field).map(|mailbox| vec![mailbox]),
    }
}

/// Reads one address.
///
/// # Errors
/// When it is none; with where it stands.
pub(super) fn one(written: &Value, field: &str) -> Result<Mailbox, String> {
    let mailbox = match written {
        Value::String(text) if is_plain(text) => text.trim().parse().ok(),
        Value::Object(parts) => of_parts(parts),
        _ => None,
    };
    let sendable = mailbox.and_then(|Mailbox { name, email }| Some(Mailbox::new(name, sendable(&email)?)));
    sendable.ok_or_else(|| format!("{field} is no mail address"))
}

/// A name, which may be missing, and an address.
fn of_parts(parts: &serde_json::Map<String, Value>) -> Option<Mailbox> {
    let name = match parts.get("name") {
        None | Some(Value::Null) => None,
        Some(name) => Some(name.as_str().filter(|name| is_plain(name))?.to_owned()),
    };
    let address = parts.get("address")?.as_str()?.trim().parse().ok()?;
    let has_more = parts.keys().any(|key| !matches!(key.as_str(), "name" | "address"));
    (!has_more).then(|| Mailbox::new(name.filter(|name| !name.is_empty()), address))
}

/// Whether a text can stand in one line of a header.
pub(super) fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// The address with a domain as name servers know it, unless its other part would have to be quoted.
fn sendable(address: &Address) -> Option<Address> {
    let needs_quotes = |c: char| c.is_whitespace() || c.is_control() || r#"<>()[],:;@"\"#.contains(c);
    if address.user().contains(needs_quotes) {
        return None;
    }
    let Ok(Host::Domain(domain)) = Host::parse(address.domain()) else { return None };
    Address::new(address.user(), domain).ok()
}
