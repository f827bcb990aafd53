//! The forms in which a secret's value is written: those in which it is sent, and those in which a server
//! may give it back.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What JavaScript's `encodeURIComponent` encodes.
const COMPONENT: &AsciiSet = &RESERVED.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');
/// What stays in a path beside that.
const PATH: &AsciiSet = &COMPONENT
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

/// How a server writes a JSON string beyond what it must escape.
#[derive(Clone, Copy)]
struct Escapes {
    /// Everything beyond ASCII, as Python does.
    beyond_ascii: bool,
    /// The slash, as PHP does.
    slash: bool,
}

/// For a segment of a path, and for a name or a value in a query or a form.
pub(super) fn percent(value: &str) -> Zeroizing<String> {
    percent_by(value, RESERVED)
}

/// The standard base64, padded.
pub(super) fn base64(value: &str) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(value))
}

/// For the inside of a JSON string (RFC 8259, section 7).
pub(super) fn json(value: &str) -> Zeroizing<String> {
    json_by(value, Escapes { beyond_ascii: false, slash: false })
}

/// For header values: one byte for each character up to U+00FF, `None` where there are others.
pub(super) fn latin1(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    for character in text.chars() {
        bytes.push(u8::try_from(character).ok()?);
    }
    Some(bytes)
}

/// All the forms that are looked for in a response. ASCII letters count in either case.
pub(super) fn all(value: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = vec![Zeroizing::new(value.as_bytes().to_vec())];
    forms.extend(latin1(value));
    forms.push(bytes(&base64(value)));
    for set in [RESERVED, COMPONENT, PATH, NON_ALPHANUMERIC] {
        forms.push(bytes(&percent_by(value, set)));
    }
    forms.push(Zeroizing::new(
        url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().into(),
    ));
    for (beyond_ascii, slash) in [(false, false), (true, false), (false, true), (true, true)] {
        forms.push(bytes(&json_by(value, Escapes { beyond_ascii, slash })));
    }
    for offset in 0..3 {
        forms.extend(inside_base64(value, offset));
    }
    forms
}

fn bytes(text: &Zeroizing<String>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(text.as_bytes().to_vec())
}

/// What is sure to stand in the base64 of a longer text in which the value begins at a place that gives this
/// remainder by three: the digits that hold nothing but the value.
fn inside_base64(value: &str, offset: usize) -> [Zeroizing<Vec<u8>>; 2] {
    let mut text = Zeroizing::new(vec![0; offset]);
    text.reserve_exact(value.len());
    text.extend_from_slice(value.as_bytes());
    let (start, end) = ((offset * 8).div_ceil(6), text.len() * 8 / 6);
    [STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|alphabet| {
        let digits = Zeroizing::new(alphabet.encode(&*text));
        Zeroizing::new(digits.as_bytes()[start..end].to_vec())
    })
}

fn percent_by(value: &str, set: &'static AsciiSet) -> Zeroizing<String> {
    // Made large enough at once, so that no copy is left behind by growing. So below.
    let mut encoded = Zeroizing::new(String::with_capacity(3 * value.len()));
    encoded.extend(percent_encode(value.as_bytes(), set));
    encoded
}

fn json_by(value: &str, escapes: Escapes) -> Zeroizing<String> {
    let mut escaped = Zeroizing::new(String::with_capacity(6 * value.len()));
    for character in value.chars() {
        match character {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\x08' => escaped.push_str("\\b"),
            '\x0c' => escaped.push_str("\\f"),
            '/' if escapes.slash => escaped.push_str("\\/"),
            '\0'..' ' => unicode(&mut escaped, character),
            '\u{7f}'.. if escapes.beyond_ascii => unicode(&mut escaped, character),
            _ => escaped.push(character),
        }
    }
    escaped
}

fn unicode(escaped: &mut String, character: char) {
    for half in character.encode_utf16(&mut [0; 2]) {
        // Writing to a string never fails.
        let _ = write!(escaped, "\\u{half:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_escapes_are_those_of_the_standard() {
        assert_eq!(json("a\"\\/\u{1}\n\u{e9}\u{1f600}").as_str(), "a\\\"\\\\/\\u0001\\n\u{e9}\u{1f600}");
        let every = Escapes { beyond_ascii: true, slash: true };
        assert_eq!(json_by("/\u{e9}\u{1f600}\u{7f}", every).as_str(), r"\/\u00e9\ud83d\ude00\u007f");
    }

    #[test]
    fn what_stands_in_a_longer_base64_is_known() {
        for before in ["", "a", "ab", "abc", "user:"] {
            let whole = STANDARD.encode(format!("{before}s3cr?t>key{before}"));
            let known = inside_base64("s3cr?t>key", before.len() % 3);
            let [standard, _] = known.map(|digits| String::from_utf8(digits.to_vec()).unwrap());
            assert!(whole.contains(&standard), "{whole} {standard}");
            assert!(standard.len() >= 12, "{standard}");
        }
    }
}
