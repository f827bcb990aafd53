//! Secret references in a JSON text, found without reading the rest of it: what is not a reference is sent
//! byte for byte, however its numbers are written and its keys are ordered.

use std::ops::Range;

use super::{Coding, OPENING, Reference, find, reference};
use crate::error::Error;

const KEY: &[u8] = b"$secret";
const OUTSIDE: Error = Error::bad_reference("in JSON it stands inside a string");

/// Finds references inside strings, and objects that are exactly `{"$secret":"NAME"}`.
///
/// A reference outside of a string is refused: it would be sent as it is.
pub(in crate::egress) fn find_in_json(text: &[u8]) -> Result<Vec<Reference>, Error> {
    let mut references = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at = match byte {
            b'"' => match string(text, at) {
                Some(inside) => {
                    references.extend(found(text, &inside)?);
                    inside.end + 1
                }
                None => return without_end(&text[at..], references),
            },
            b'{' => match object(text, at) {
                Some((name, end)) => {
                    let name = Coding::Json.decoded(&text[name]);
                    references.push(Reference { is_quoted: true, ..reference(at..end, &name)? });
                    end
                }
                None if text[at..].starts_with(OPENING) => {
                    return Err(OUTSIDE);
                }
                None => at + 1,
            },
            _ => at + 1,
        };
    }
    Ok(references)
}

/// The rest of the text is a string that has no end: no JSON, so no reference can be put in.
fn without_end(rest: &[u8], references: Vec<Reference>) -> Result<Vec<Reference>, Error> {
    if find(rest, Coding::Json)?.is_empty() { Ok(references) } else { Err(OUTSIDE) }
}

fn found(text: &[u8], inside: &Range<usize>) -> Result<Vec<Reference>, Error> {
    let mut references = find(&text[inside.clone()], Coding::Json)?;
    for reference in &mut references {
        reference.place.start += inside.start;
        reference.place.end += inside.start;
    }
    Ok(references)
}

/// What is between the quotes of the string that begins here; `None` when there is none, or no end.
fn string(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = skipped(text, at, b'"')?;
    let mut end = start;
    loop {
        match text.get(end)? {
            b'"' => return Some(start..end),
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
}

/// The name in the object `{"$secret":"NAME"}` that begins here, and the object's end.
fn object(text: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    let at = spaces(text, skipped(text, at, b'{')?);
    // The key has seven characters of at most six bytes; a longer string is not looked through.
    let near = &text[..text.len().min(at + 6 * KEY.len() + 2)];
    let key = string(near, at).filter(|key| Coding::Json.decoded(&text[key.clone()]) == KEY)?;
    let at = skipped(text, spaces(text, key.end + 1), b':')?;
    let name = string(text, spaces(text, at))?;
    let end = skipped(text, spaces(text, name.end + 1), b'}')?;
    Some((name, end))
}

fn skipped(text: &[u8], at: usize, byte: u8) -> Option<usize> {
    (text.get(at) == Some(&byte)).then_some(at + 1)
}

fn spaces(text: &[u8], at: usize) -> usize {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    at + text.iter().skip(at).take_while(|byte| is_space(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_stand_in_strings() {
        check(r#"{"a":"Bearer {{secret:K}}","{{secret:L}}":1.0e5}"#, &["{{secret:K}}", "{{secret:L}}"]);
        check(r#"["\"{{secret:K}}\\","{{secret:L}}"]"#, &["{{secret:K}}", "{{secret:L}}"]);
        check(r#"{"a":{"b":[{}]}}"#, &[]);
    }

    #[test]
    fn an_object_may_be_a_reference() {
        check(r#"{"a":{"$secret":"K"}}"#, &[r#"{"$secret":"K"}"#]);
        check("[{ \"$secret\" :\n\"K|base64\" }]", &["{ \"$secret\" :\n\"K|base64\" }"]);
        check(r#"{"\u0024secret":"K"}"#, &[r#"{"\u0024secret":"K"}"#]);
        check(r#"{"$secret":1}{"$secret":"K","b":1}{"b":1,"$secret":"K"}{"$secrets":"K"}"#, &[]);
    }

    #[test]
    fn what_would_be_sent_on_half_way_is_refused() {
        for text in [
            r#"{"a":{{secret:K}}}"#,
            "{{secret:K}}",
            r#"{"a":"{{secret:K"}"#,
            r#"{"a":"{{secret:K}}"#,
            r#"{"$secret":""}"#,
            r#"{"$secret":"{{secret:K}}"}"#,
        ] {
            assert_eq!(find_in_json(text.as_bytes()).unwrap_err().code(), "bad_secret", "{text}");
        }
    }

    fn check(text: &str, expected: &[&str]) {
        let found = find_in_json(text.as_bytes()).unwrap();
        let found: Vec<_> = found.iter().map(|found| &text[found.place.clone()]).collect();
        assert_eq!(found, expected, "{text}");
    }
}
