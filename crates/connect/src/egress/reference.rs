//! Secret references in a text: `{{secret:NAME}}` and `{{secret:NAME|base64}}`.
//!
//! A reference is found in each of the spellings that its place allows, so that none is overlooked here
//! and understood as one elsewhere: `%7B%7Bsecret:NAME%7D%7D` in a URL is the same as the plain one.

mod coding;
mod json;

use std::ops::Range;

pub(super) use coding::Coding;
pub(super) use json::find_in_json;

use crate::error::Error;

/// The longest name of a secret, in characters.
pub const SECRET_NAME_CHARS_MAX: usize = 200;

const OPENING: &[u8] = b"{{secret:";
const BASE64: &str = "|base64";
/// A character takes at most four bytes.
const INSIDE_BYTES_MAX: usize = 4 * SECRET_NAME_CHARS_MAX + BASE64.len();

/// Where a reference stands in a text, and what it asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) place: Range<usize>,
    pub(super) name: String,
    /// The value is to be put in as its standard base64.
    pub(super) is_base64: bool,
    /// The value is to be put in as a JSON string with its quotes.
    pub(super) is_quoted: bool,
}

/// Finds all references in a text, in order.
pub(super) fn find(text: &[u8], coding: Coding) -> Result<Vec<Reference>, Error> {
    let mut references = Vec::new();
    let mut at = 0;
    while let Some(skipped) = text[at..].iter().position(|&byte| coding.may_begin(byte)) {
        at += skipped;
        at = match opened(text, at, coding) {
            None => coding.unit(text, at).map_or(text.len(), |unit| unit.next),
            Some(inside) => {
                let (inside, end) = closed(text, inside, coding)?;
                references.push(reference(at..end, &inside)?);
                end
            }
        };
    }
    Ok(references)
}

/// Where the inside of a reference begins, if one begins here.
fn opened(text: &[u8], mut at: usize, coding: Coding) -> Option<usize> {
    let mut left = OPENING;
    while !left.is_empty() {
        let unit = coding.unit(text, at)?;
        left = left.strip_prefix(unit.bytes())?;
        at = unit.next;
    }
    Some(at)
}

/// The inside of a reference, decoded, and where the reference ends.
fn closed(text: &[u8], mut at: usize, coding: Coding) -> Result<(Vec<u8>, usize), Error> {
    const UNENDED: Error = Error::bad_reference("it has no end");
    let mut inside = Vec::new();
    while inside.len() <= INSIDE_BYTES_MAX {
        if text.get(at).is_none_or(|&byte| coding.ends_at(byte)) {
            return Err(UNENDED);
        }
        let unit = coding.unit(text, at).ok_or(UNENDED)?;
        at = unit.next;
        if unit.bytes() == b"}" {
            let second = coding.unit(text, at).filter(|unit| unit.bytes() == b"}").ok_or(UNENDED)?;
            return Ok((inside, second.next));
        }
        inside.extend_from_slice(unit.bytes());
    }
    Err(Error::bad_reference("the name is too long"))
}

fn reference(place: Range<usize>, inside: &[u8]) -> Result<Reference, Error> {
    let inside = std::str::from_utf8(inside).map_err(|_| Error::bad_reference("the name is not UTF-8"))?;
    let (name, is_base64) = match inside.strip_suffix(BASE64) {
        Some(name) => (name, true),
        None => (inside, false),
    };
    if name.is_empty() {
        return Err(Error::bad_reference("the name is empty"));
    }
    if name.chars().count() > SECRET_NAME_CHARS_MAX {
        return Err(Error::bad_reference("the name is too long"));
    }
    if name.contains(|character: char| character.is_control() || character == '}') {
        return Err(Error::bad_reference("the name has a character that no name has"));
    }
    Ok(Reference { place, name: name.to_owned(), is_base64, is_quoted: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_in_every_spelling() {
        check("a {{secret:K}} b {{secret:L}}", Coding::Plain, &[(2..14, "K"), (17..29, "L")]);
        check("{{{secret:K}}}", Coding::Plain, &[(1..13, "K")]);
        check("{{ secret:K }} {secret:K} {{Secret:K}}", Coding::Plain, &[]);
        check("/a/%7B%7bsecret:K%7D}", Coding::Path, &[(3..21, "K")]);
        check("/%7B%7B%73ecret%3Aa%2Fb%7D%7D", Coding::Path, &[(1..29, "a/b")]);
        check("/%257B%257Bsecret:K%257D%257D", Coding::Path, &[]);
        check("/{{secret:a+b}}", Coding::Path, &[(1..15, "a+b")]);
        check("k=%7B%7Bsecret%3Aa+b%7D%7D", Coding::Form, &[(2..26, "a b")]);
        check("%7B%7Bsecret:K%7D%7D", Coding::Plain, &[]);
        check(r#"\u007b\u007Bsecret:\u004b\"}}"#, Coding::Json, &[(0..29, "K\"")]);
        check(r"{{secret:\ud83d\ude00}}", Coding::Json, &[(0..23, "😀")]);
        check(r"\\{{secret:K}}\ud83d", Coding::Json, &[(2..14, "K")]);
    }

    #[test]
    fn malformed_references_are_refused() {
        for (text, coding) in [
            ("{{secret:", Coding::Plain),
            ("{{secret:K", Coding::Plain),
            ("{{secret:K}", Coding::Plain),
            ("{{secret:K}x}}", Coding::Plain),
            ("{{secret:}}", Coding::Plain),
            ("{{secret:|base64}}", Coding::Plain),
            ("{{secret:a\nb}}", Coding::Plain),
            ("{{secret:K/x}}", Coding::Path),
            ("%7B%7Bsecret:K", Coding::Path),
            ("{{secret:%FF}}", Coding::Path),
            ("a={{secret:K&b=}}", Coding::Form),
            (r"{{secret:a\u0000}}", Coding::Json),
        ] {
            let refused = find(text.as_bytes(), coding).unwrap_err();
            assert_eq!(refused.code(), "bad_secret", "{text}");
        }
    }

    #[test]
    fn the_length_of_a_name_is_bounded() {
        for (count, fits) in [(1, true), (200, true), (201, false), (100_000, false)] {
            for letter in ["x", "😀"] {
                let text = format!("{{{{secret:{}|base64}}}}", letter.repeat(count));
                assert_eq!(find(text.as_bytes(), Coding::Plain).is_ok(), fits, "{count}");
            }
        }
    }

    fn check(text: &str, coding: Coding, expected: &[(Range<usize>, &str)]) {
        let found = find(text.as_bytes(), coding).unwrap();
        let found: Vec<_> = found.iter().map(|found| (found.place.clone(), found.name.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    }
}
