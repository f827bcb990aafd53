//! The templates of paths in discovery documents: `{name}` and `{+name}` of RFC 6570; documents have no others.
//!
//! Values come from outside, so what would change the path itself is refused or encoded: segments of dots, and,
//! other than the RFC has it for `{+name}`, `?` and `#`.

use fermata_model::CallError;

/// What a value may be made of without being encoded: unreserved characters of RFC 3986.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// What stays as it is in `{+name}`: reserved characters too, but those that end a path.
fn is_kept(byte: u8) -> bool {
    is_unreserved(byte) || b":/[]@!$&'()*+,;=".contains(&byte)
}

/// Fills a template in. `value` gives the value of a name.
///
/// # Errors
/// When a value is missing, empty, or would lead to another path; when the template is none.
pub(super) fn expand(template: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, CallError> {
    let mut path = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let broken = || CallError::fatal("bad_document", format!("{template:?} is no path template"));
        let (expression, behind) = after.split_once('}').ok_or_else(broken)?;
        let (name, is_reserved) = match expression.strip_prefix('+') {
            Some(name) => (name, true),
            None => (expression, false),
        };
        let value = value(name).ok_or_else(broken)?;
        path.push_str(before);
        path.push_str(&if is_reserved { reserved(name, &value)? } else { simple(name, &value)? });
        rest = behind;
    }
    path.push_str(rest);
    Ok(path)
}

/// Encodes text as a name or a value of a query, as HTML forms do.
pub(super) fn query(text: &str) -> String {
    encoded(text, is_unreserved).replace("%20", "+")
}

fn simple(name: &str, value: &str) -> Result<String, CallError> {
    if value.is_empty() || matches!(value, "." | "..") {
        return Err(leads_elsewhere(name));
    }
    Ok(encoded(value, is_unreserved))
}

/// Keeps slashes and what is encoded already.
fn reserved(name: &str, value: &str) -> Result<String, CallError> {
    let is_dots =
        |segment: &str| matches!(segment.replace("%2e", ".").replace("%2E", ".").as_str(), "." | "..");
    if value.is_empty() || value.split('/').any(is_dots) {
        return Err(leads_elsewhere(name));
    }
    let mut text = String::with_capacity(value.len());
    for (at, piece) in value.split('%').enumerate() {
        if at > 0 {
            let is_encoded = piece.len() >= 2 && piece.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
            text.push_str(if is_encoded { "%" } else { "%25" });
        }
        text.push_str(&encoded(piece, is_kept));
    }
    Ok(text)
}

fn encoded(text: &str, keep: fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if keep(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn leads_elsewhere(name: &str) -> CallError {
    let message = format!("{name} is a part of the path: it may not be empty, nor a segment of it . or ..");
    CallError::fatal("bad_arguments", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, value: &str, expected: Option<&str>) {
        assert_eq!(expand(template, |_| Some(value.to_owned())).ok().as_deref(), expected, "{value}");
    }

    #[test]
    fn values_stay_inside_their_place() {
        check("v1/{a}/x", "me@example.com", Some("v1/me%40example.com/x"));
        check("v1/{a}/x", "a/../b ?#%é", Some("v1/a%2F..%2Fb%20%3F%23%25%C3%A9/x"));
        check("v1/{a}/x", "..", None);
        check("v1/{a}/x", "", None);
        check("v1/{+a}/x", "people/me", Some("v1/people/me/x"));
        check("v1/{+a}/x", "a b:c*%2Fd%zz?alt=media#e", Some("v1/a%20b:c*%2Fd%25zz%3Falt=media%23e/x"));
        check("v1/{+a}/x", "a/%2E./b", None);
        check("v1/{+a", "a", None);
    }

    #[test]
    fn queries_are_encoded_as_forms_are() {
        assert_eq!(query("a b&c=d+*~'"), "a+b%26c%3Dd%2B%2A~%27");
    }
}
