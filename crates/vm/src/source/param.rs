//! One `@param` line: `{type} name - text`, with `[name=default]` for what may be left out.

use super::doc_comment::fold;

/// Deepest path read; a longer one says nothing about a real input.
const STEPS_MAX: usize = 16;

/// A line, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Param {
    /// The parameter's own name.
    pub(super) root: String,
    /// The way from there to what the line is about.
    pub(super) steps: Vec<Step>,
    pub(super) type_text: Option<String>,
    pub(super) is_optional: bool,
    pub(super) default_text: Option<String>,
    pub(super) description: String,
}

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// `.name`
    Property(String),
    /// `[]`
    Item,
}

impl Param {
    /// Reads what follows `@param`; `None` if no name is there.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim_start();
        let (type_text, rest) = match text.strip_prefix('{') {
            Some(inside) => {
                let end = closing(inside, '{', '}')?;
                (Some(inside[..end].trim().to_owned()), inside[end + 1..].trim_start())
            }
            None => (None, text),
        };
        let (name, default_text, is_optional, rest) = match rest.strip_prefix('[') {
            Some(inside) => {
                let end = closing(inside, '[', ']')?;
                let (name, default) = match inside[..end].split_once('=') {
                    Some((name, default)) => (name, Some(default.trim().to_owned())),
                    None => (&inside[..end], None),
                };
                (name.trim(), default, true, &inside[end + 1..])
            }
            None => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (&rest[..end], None, false, &rest[end..])
            }
        };
        let (root, steps) = path(name)?;
        let rest = rest.trim_start();
        let rest = rest.strip_prefix(['-', '–', '—']).unwrap_or(rest);
        Some(Self { root, steps, type_text, is_optional, default_text, description: fold(rest) })
    }
}

/// Splits `input.items[].id`.
fn path(name: &str) -> Option<(String, Vec<Step>)> {
    let name = name.strip_prefix("...").unwrap_or(name);
    let mut steps = Vec::new();
    for segment in name.split('.') {
        let key = segment.trim_end_matches("[]");
        if key.is_empty() || key.contains(['[', ']', '{', '}']) {
            return None;
        }
        steps.push(Step::Property(key.to_owned()));
        steps.extend((0..(segment.len() - key.len()) / 2).map(|_| Step::Item));
        if steps.len() > STEPS_MAX {
            return None;
        }
    }
    match steps.remove(0) {
        Step::Property(root) => Some((root, steps)),
        Step::Item => None,
    }
}

/// The byte offset of the bracket that closes one already open; quoted text does not count.
pub(super) fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if let Some(end) = quote {
            let ends = character == end && !escaped;
            escaped = character == '\\' && !escaped;
            quote = if ends { None } else { quote };
        } else if matches!(character, '"' | '\'' | '`') {
            quote = Some(character);
        } else if character == open {
            depth += 1;
        } else if character == close {
            match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return Some(at),
            }
        }
    }
    None
}
