//! Lines and columns of a text, counted as ECMAScript counts them: LF, CR, CR LF, U+2028 and U+2029
//! each end a line.

/// A place for people: both numbers start at 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Position {
    /// The place of a byte offset; one inside a character counts as the character's start.
    pub(super) fn of(text: &str, offset: usize) -> Self {
        let before = &text[..text.floor_char_boundary(offset)];
        let mut line = 1;
        let mut line_start = 0;
        for end in line_ends(before) {
            line += 1;
            line_start = end;
        }
        // The offset between CR and LF still lies on the line which the two end.
        if before.ends_with('\r') && text[before.len()..].starts_with('\n') {
            let start = line_ends(&before[..before.len() - 1]).last().unwrap_or(0);
            return Self { line: line - 1, column: count(&before[start..]) + 1 };
        }
        Self { line, column: count(&before[line_start..]) + 1 }
    }
}

fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX - 1)
}

/// The byte offsets at which a line has just ended, in order.
pub(super) fn line_ends(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    text.char_indices().filter_map(move |(at, character)| {
        let ends = match character {
            '\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => is_line_terminator(character),
        };
        ends.then(|| at + character.len_utf8())
    })
}

pub(super) fn is_line_terminator(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

/// Most characters of a line shown on each side of the caret.
const SNIPPET_SIDE_CHARS: usize = 60;

/// The line around an offset and a caret below it; a long line is cut on both sides.
pub(super) fn snippet(text: &str, offset: usize) -> String {
    let offset = text.floor_char_boundary(offset);
    let before = match text[..offset].rfind(is_line_terminator) {
        Some(at) => text[at..offset].trim_start_matches(is_line_terminator),
        None => &text[..offset],
    };
    let after = text[offset..].split(is_line_terminator).next().unwrap_or_default();
    let mut left: Vec<char> = before.chars().rev().take(SNIPPET_SIDE_CHARS + 1).collect();
    let left_cut = left.len() > SNIPPET_SIDE_CHARS;
    left.truncate(SNIPPET_SIDE_CHARS);
    if left_cut {
        left.push('…');
    }
    let left: String = left.into_iter().rev().map(visible).collect();
    let right: String = after.chars().take(SNIPPET_SIDE_CHARS).map(visible).collect();
    let right_cut = if after.chars().nth(SNIPPET_SIDE_CHARS).is_some() { "…" } else { "" };
    let indent: String = left.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
    format!("{left}{right}{right_cut}\n{indent}^")
}

/// Control characters could write over the terminal that shows the snippet.
fn visible(character: char) -> char {
    if character.is_control() && character != '\t' { '\u{fffd}' } else { character }
}
