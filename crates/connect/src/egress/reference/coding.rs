//! How the characters of a text are written at the place where it stands.

/// How the characters of a text are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::egress) enum Coding {
    /// As they are.
    Plain,
    /// Percent-encoded, in segments separated by `/`.
    Path,
    /// Percent-encoded with `+` for a space, in pairs separated by `&`.
    Form,
    /// As inside a JSON string.
    Json,
}

/// One character, or one byte of a character, of the decoded text.
pub(super) struct Unit {
    bytes: [u8; 4],
    length: usize,
    /// Where the next one begins in the text as it is written.
    pub(super) next: usize,
}

impl Unit {
    fn byte(byte: u8, next: usize) -> Unit {
        Unit { bytes: [byte, 0, 0, 0], length: 1, next }
    }

    fn character(character: char, next: usize) -> Unit {
        let mut bytes = [0; 4];
        let length = character.encode_utf8(&mut bytes).len();
        Unit { bytes, length, next }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Coding {
    /// Tells whether a reference may begin with this byte.
    pub(super) fn may_begin(self, byte: u8) -> bool {
        match self {
            Coding::Plain => byte == b'{',
            Coding::Path | Coding::Form => matches!(byte, b'{' | b'%'),
            Coding::Json => matches!(byte, b'{' | b'\\'),
        }
    }

    /// Tells whether this byte, as it is written, ends the part of the text that a reference may take.
    pub(super) fn ends_at(self, byte: u8) -> bool {
        match self {
            Coding::Plain | Coding::Json => false,
            Coding::Path => byte == b'/',
            Coding::Form => byte == b'&',
        }
    }

    /// Reads the unit that begins here; `None` at the end. What is no proper escape stands for itself.
    pub(super) fn unit(self, text: &[u8], at: usize) -> Option<Unit> {
        let byte = *text.get(at)?;
        let escaped = match (self, byte) {
            (Coding::Path | Coding::Form, b'%') => hex(text, at + 1, 2)
                .and_then(|code| u8::try_from(code).ok())
                .map(|code| Unit::byte(code, at + 3)),
            (Coding::Form, b'+') => Some(Unit::byte(b' ', at + 1)),
            (Coding::Json, b'\\') => json_escape(text, at),
            _ => None,
        };
        Some(escaped.unwrap_or(Unit::byte(byte, at + 1)))
    }

    /// The whole text, decoded.
    pub(super) fn decoded(self, text: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::with_capacity(text.len());
        let mut at = 0;
        while let Some(unit) = self.unit(text, at) {
            decoded.extend_from_slice(unit.bytes());
            at = unit.next;
        }
        decoded
    }
}

/// RFC 8259, section 7. A surrogate without its other half stands for U+FFFD.
fn json_escape(text: &[u8], at: usize) -> Option<Unit> {
    let short = match text.get(at + 1)? {
        b'b' => b'\x08',
        b'f' => b'\x0c',
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unicode_escape(text, at),
        other => *other,
    };
    Some(Unit::byte(short, at + 2))
}

fn unicode_escape(text: &[u8], at: usize) -> Option<Unit> {
    let first = hex(text, at + 2, 4)?;
    let second = || text[at + 6..].starts_with(b"\\u").then(|| hex(text, at + 8, 4)).flatten();
    if let (0xd800..0xdc00, Some(second @ 0xdc00..0xe000)) = (first, second()) {
        let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return char::from_u32(code).map(|character| Unit::character(character, at + 12));
    }
    Some(Unit::character(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), at + 6))
}

fn hex(text: &[u8], at: usize, digits: usize) -> Option<u32> {
    let digits = text.get(at..at + digits)?;
    digits.iter().try_fold(0, |code, &digit| Some(code * 16 + char::from(digit).to_digit(16)?))
}
