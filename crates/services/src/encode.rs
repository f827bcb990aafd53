//! Texts in URLs and forms, as the official clients write them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::RawValue;
use url::form_urlencoded;

use crate::fields::Fields;

/// RFC 3986's unreserved characters stay as they are.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What JavaScript's `encodeURIComponent` leaves as it is.
const COMPONENT: &AsciiSet = &UNRESERVED.remove(b'!').remove(b'\'').remove(b'(').remove(b')').remove(b'*');
/// As [`UNRESERVED`], and the brackets of nested names.
const BRACKETS: &AsciiSet = &UNRESERVED.remove(b'[').remove(b']');
/// What stays as it is in one segment of a path: RFC 3986's `pchar`.
const SEGMENT: &AsciiSet = &COMPONENT
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// The most levels of objects and lists within each other.
const DEPTH_MAX: usize = 20;
/// The most bytes of names and values together.
const PAIRS_BYTES_MAX: usize = 4 << 20;

/// How the items of a list are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    /// `name[]=a&name[]=b`.
    Brackets,
    /// `name[0]=a&name[1]=b`.
    Numbers,
    /// `name=a&name=b`.
    Repeated,
}

/// Which characters are escaped, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// All but RFC 3986's unreserved ones.
    Strict,
    /// As JavaScript's `encodeURIComponent`.
    Component,
    /// As [`Style::Strict`], but brackets stay readable.
    Readable,
    /// As HTML forms: a space is a plus sign.
    Form,
}

/// One segment of a path; `None` for what would be another path: nothing, a dot, two dots.
pub(crate) fn segment(text: &str) -> Option<String> {
    let is_dots = matches!(text.to_ascii_lowercase().replace("%2e", ".").as_str(), "" | "." | "..");
    (!is_dots).then(|| utf8_percent_encode(text, SEGMENT).to_string())
}

/// As [`segment`], with all but RFC 3986's unreserved characters escaped (RFC 6570, simple expansion).
pub(crate) fn strict_segment(text: &str) -> Option<String> {
    segment(text).map(|_| utf8_percent_encode(text, UNRESERVED).to_string())
}

/// The pairs of an object: nested ones as `a[b]`, lists as said, `null` as an empty text.
///
/// # Errors
/// When objects lie too deep within each other, or the pairs are too large: a long name is written once for
/// each thing in it.
pub(crate) fn pairs(object: &Fields, lists: Lists) -> Result<Vec<(String, String)>, &'static str> {
    let mut pairs = Pairs { lists, list: Vec::new(), left: PAIRS_BYTES_MAX };
    for (name, value) in object.members() {
        pairs.add(name.to_owned(), value, DEPTH_MAX)?;
    }
    Ok(pairs.list)
}

/// Pairs so far, and how many bytes they may still have.
struct Pairs {
    lists: Lists,
    list: Vec<(String, String)>,
    left: usize,
}

impl Pairs {
    fn add(&mut self, name: String, value: &RawValue, depth: usize) -> Result<(), &'static str> {
        let depth = depth.checked_sub(1).ok_or("the parameters lie too deep within each other")?;
        if let Ok(object) = serde_json::from_str::<Fields>(value.get()) {
            for (key, value) in object.members() {
                self.add(format!("{name}[{key}]"), value, depth)?;
            }
        } else if let Ok(items) = serde_json::from_str::<Vec<Box<RawValue>>>(value.get()) {
            for (number, item) in items.iter().enumerate() {
                let name = match self.lists {
                    Lists::Brackets => format!("{name}[]"),
                    Lists::Numbers => format!("{name}[{number}]"),
                    Lists::Repeated => name.clone(),
                };
                self.add(name, item, depth)?;
            }
        } else {
            let value = plain(value);
            let left = self.left.checked_sub(name.len() + value.len());
            self.left = left.ok_or("the parameters are too large")?;
            self.list.push((name, value));
        }
        Ok(())
    }
}

/// A value as text: a text itself, nothing for `null`, JSON for the rest.
pub(crate) fn plain(value: &RawValue) -> String {
    match value.get() {
        "null" => String::new(),
        text => serde_json::from_str(text).unwrap_or_else(|_| text.to_owned()),
    }
}

/// Pairs as a query or a form.
pub(crate) fn joined(pairs: &[(String, String)], style: Style) -> String {
    let set = match style {
        Style::Strict => UNRESERVED,
        Style::Component => COMPONENT,
        Style::Readable => BRACKETS,
        Style::Form => return form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish(),
    };
    let pair = |(name, value): &(String, String)| {
        format!("{}={}", utf8_percent_encode(name, set), utf8_percent_encode(value, set))
    };
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_cannot_become_another_path() {
        assert_eq!(segment("a/b?c#d é").as_deref(), Some("a%2Fb%3Fc%23d%20%C3%A9"));
        assert_eq!(segment("ft:gpt@v1").as_deref(), Some("ft:gpt@v1"));
        for text in ["", ".", "..", "%2e", ".%2E"] {
            assert_eq!(segment(text), None, "{text}");
        }
    }

    #[test]
    fn nested_values_are_named_by_brackets() {
        let object: Fields =
            serde_json::from_str(r#"{ "z": { "b": [1, true], "c": null }, "a": "x y", "e": [] }"#).unwrap();
        let text = |lists, style| joined(&pairs(&object, lists).unwrap(), style);
        assert_eq!(
            text(Lists::Brackets, Style::Strict),
            "z%5Bb%5D%5B%5D=1&z%5Bb%5D%5B%5D=true&z%5Bc%5D=&a=x%20y"
        );
        assert_eq!(text(Lists::Numbers, Style::Readable), "z[b][0]=1&z[b][1]=true&z[c]=&a=x%20y");
        assert_eq!(text(Lists::Repeated, Style::Form), "z%5Bb%5D=1&z%5Bb%5D=true&z%5Bc%5D=&a=x+y");
    }

    #[test]
    fn hostile_objects_are_refused() {
        let refused = |text: &str| pairs(&serde_json::from_str(text).unwrap(), Lists::Numbers).is_err();
        assert!(refused(&format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000))));
        assert!(refused(&format!(r#"{{"{}":[{}0]}}"#, "n".repeat(400_000), "0,".repeat(100_000))));
        assert!(!refused(&format!(r#"{{"a":{}{}}}"#, "[".repeat(18), "]".repeat(18))));
    }

    #[test]
    fn styles_differ_in_what_they_escape() {
        let pairs = [("q".to_owned(), "it's [7]*".to_owned())];
        assert_eq!(joined(&pairs, Style::Strict), "q=it%27s%20%5B7%5D%2A");
        assert_eq!(joined(&pairs, Style::Component), "q=it's%20%5B7%5D*");
        assert_eq!(joined(&pairs, Style::Readable), "q=it%27s%20[7]%2A");
        assert_eq!(joined(&pairs, Style::Form), "q=it%27s+%5B7%5D*");
    }
}
