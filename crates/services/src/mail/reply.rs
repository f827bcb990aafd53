//! What a server says: a number of three digits and some text, in one line or several (RFC 5321, section 4.2).

/// Longest line of a reply in bytes: twice what the standard allows.
pub(super) const LINE_BYTES_MAX: usize = 1_024;
/// Most lines of a reply.
pub(super) const LINES_MAX: usize = 100;
/// How much of a reply's text errors show, in characters.
const SHOWN_CHARS_MAX: usize = 500;

/// A reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// From 200 to 599.
    pub(super) status: u16,
    /// The texts of its lines.
    pub(super) lines: Vec<String>,
}

/// A line of a reply.
pub(super) struct Line {
    pub(super) status: u16,
    pub(super) text: String,
    pub(super) is_last: bool,
}

impl Line {
    /// Reads a line; `None` when it is none of a reply.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let (digits, rest) = line.split_at_checked(3)?;
        let status = std::str::from_utf8(digits).ok()?.parse().ok()?;
        let is_last = match rest.first() {
            Some(b'-') => false,
            Some(b' ') | None => true,
            Some(_) => return None,
        };
        let text = String::from_utf8_lossy(rest.get(1..).unwrap_or_default()).into_owned();
        (200..600).contains(&status).then_some(Self { status, text, is_last })
    }
}

impl Reply {
    /// Whether the server does what it was asked for.
    pub(super) fn is_positive(&self) -> bool {
        self.status < 400
    }

    /// Whether it may do it later.
    pub(super) fn is_passing(&self) -> bool {
        (400..500).contains(&self.status)
    }

    /// The text, for people.
    pub(super) fn text(&self) -> String {
        let text = self.lines.join(" ");
        text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS_MAX).collect()
    }

    /// What follows a keyword in the lines after the first; empty where nothing does.
    pub(super) fn keyword(&self, keyword: &str) -> Option<&str> {
        self.lines.iter().skip(1).find_map(|line| {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            word.eq_ignore_ascii_case(keyword).then_some(rest.trim())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Reply};

    #[test]
    fn lines_are_read_or_refused() {
        for (line, status, is_last) in [("250 ok", 250, true), ("250-SIZE 1", 250, false), ("354", 354, true)]
        {
            let read = Line::read(line.as_bytes()).unwrap();
            assert_eq!((read.status, read.is_last), (status, is_last), "{line}");
        }
        for line in ["", "25", "25x ok", "250_ok", "150 no", "600 no", "+50 ok", " 50 ok"] {
            assert!(Line::read(line.as_bytes()).is_none(), "{line}");
        }
    }

    #[test]
    fn keywords_are_found_behind_the_greeting() {
        let lines = ["AUTH of example", "size 1000", "Auth PLAIN LOGIN", "8BITMIME"].map(str::to_owned);
        let reply = Reply { status: 250, lines: lines.into() };
        assert_eq!(reply.keyword("SIZE"), Some("1000"));
        assert_eq!(reply.keyword("AUTH"), Some("PLAIN LOGIN"));
        assert_eq!(reply.keyword("8BITMIME"), Some(""));
        assert_eq!(reply.keyword("STARTTLS"), None);
    }
}
