//! Counts a source map's columns as the engine and people do.
//!
//! The printer counts UTF-16 units on both sides. The engine's stack frames count bytes of UTF-8, and
//! error messages count characters. All three agree in ASCII, which is most files.

use oxc_sourcemap::{SourceMap, SourceMapParts, Token};

/// The map as JSON, from bytes of `code` to characters of `source`; without the source's text.
pub(super) fn for_engine(map: SourceMap<'_>, source: &str, code: &str) -> String {
    let in_source = WideCharacters::of(source);
    let in_code = WideCharacters::of(code);
    let tokens = map.get_tokens().map(|token| {
        Token::new(
            token.get_dst_line(),
            in_code.bytes(token.get_dst_line(), token.get_dst_col()),
            token.get_src_line(),
            in_source.characters(token.get_src_line(), token.get_src_col()),
            Some(0),
            None,
        )
    });
    let tokens = tokens.collect();
    let parts = map.into_parts();
    SourceMap::from_parts(SourceMapParts { tokens, names: Vec::new(), source_contents: Vec::new(), ..parts })
        .to_json_string()
}

/// The characters of a text that are not ASCII, each with the differences it makes on its line.
struct WideCharacters(Vec<Wide>);

#[derive(Clone, Copy)]
struct Wide {
    line: u32,
    /// The UTF-16 column behind the character.
    column_end: u32,
    /// How much more bytes, and how much less characters than UTF-16 units the line has up to there.
    bytes_more: u32,
    characters_less: u32,
}

impl WideCharacters {
    fn of(text: &str) -> Self {
        let mut found = Vec::new();
        let mut now = Wide { line: 0, column_end: 0, bytes_more: 0, characters_less: 0 };
        let mut characters = if text.is_ascii() { "" } else { text }.chars().peekable();
        while let Some(character) = characters.next() {
            let ends_line = match character {
                '\r' => characters.peek() != Some(&'\n'),
                _ => super::position::is_line_terminator(character),
            };
            if ends_line {
                now = Wide { line: now.line + 1, column_end: 0, bytes_more: 0, characters_less: 0 };
                continue;
            }
            let units = if character.len_utf16() == 2 { 2 } else { 1 };
            now.column_end += units;
            if !character.is_ascii() {
                now.bytes_more += if character.len_utf8() == 2 { 1 } else { 2 };
                now.characters_less += units - 1;
                found.push(now);
            }
        }
        Self(found)
    }

    fn last_before(&self, line: u32, column: u32) -> Option<&Wide> {
        let behind = self.0.partition_point(|wide| (wide.line, wide.column_end) <= (line, column));
        self.0[..behind].last().filter(|wide| wide.line == line)
    }

    fn bytes(&self, line: u32, column: u32) -> u32 {
        column + self.last_before(line, column).map_or(0, |wide| wide.bytes_more)
    }

    fn characters(&self, line: u32, column: u32) -> u32 {
        column - self.last_before(line, column).map_or(0, |wide| wide.characters_less)
    }
}
