//! The word that a statement begins with.

/// Words of statements that would end or split the transaction of the call, or need the connection for themselves.
const REFUSED: [&str; 18] = [
    "abort",
    "attach",
    "begin",
    "commit",
    "copy",
    "deallocate",
    "detach",
    "end",
    "execute",
    "listen",
    "prepare",
    "release",
    "rollback",
    "savepoint",
    "start",
    "unlisten",
    "vacuum",
    "checkpoint",
];
/// Words of statements that mostly read.
const READS: [&str; 7] = ["select", "values", "with", "table", "show", "explain", "pragma"];

/// What a statement is, as far as its first word tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beginning<'a> {
    /// There is none: nothing but spaces and comments.
    Nothing,
    /// With a word that no call may have.
    Refused(&'a str),
    /// As statements do that mostly read.
    Read,
    /// Any other.
    Other,
}

/// What the text begins with.
pub(super) fn beginning(text: &str) -> Beginning<'_> {
    let text = without_space(text);
    let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let word = &text[..end];
    let is_in = |words: &[&str]| words.iter().any(|each| each.eq_ignore_ascii_case(word));
    match word {
        "" if text.is_empty() => Beginning::Nothing,
        "" if text.starts_with('(') => Beginning::Read,
        _ if is_in(&REFUSED) => Beginning::Refused(word),
        _ if is_in(&READS) => Beginning::Read,
        _ => Beginning::Other,
    }
}

/// Leaves out spaces, comments and empty statements, as PostgreSQL does: its comments nest, and a carriage return ends
/// a line. SQLite tells by itself which statement it has.
fn without_space(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, ';' | '\u{b}'));
        text = if let Some(rest) = text.strip_prefix("--") {
            rest.split_once(['\n', '\r']).map_or("", |(_, rest)| rest)
        } else if text.starts_with("/*") {
            after_comment(text)
        } else {
            return text;
        };
    }
}

fn after_comment(text: &str) -> &str {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_u32, 0);
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return text.get(at..).unwrap_or_default();
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::{Beginning, beginning};

    #[test]
    fn the_first_word_is_found_behind_comments() {
        for text in
            ["select 1", " SELECT 1", "\n-- x\n/* a /* b */ c */ ; select", "(select 1)", "with a as (b) c"]
        {
            assert_eq!(beginning(text), Beginning::Read, "{text}");
        }
        for text in ["commit", "\u{b}; ;COMMIT", "--x\rcommit/*\n*/", "/**/commit", "/*/*/**/*/*/commit;"] {
            assert!(matches!(beginning(text), Beginning::Refused(_)), "{text}");
        }
        for text in ["", " ", "--", "-- select", "/* select", "/* /* */ select", ";;"] {
            assert_eq!(beginning(text), Beginning::Nothing, "{text}");
        }
        for text in ["insert into t values (1)", "committed", "selected", "1", "$1"] {
            assert_eq!(beginning(text), Beginning::Other, "{text}");
        }
    }
}
