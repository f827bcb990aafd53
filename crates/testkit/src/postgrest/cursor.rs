//! Reads a text of the query from its beginning to its end, and tells where it cannot go on.

use super::error::{Error, Result};

/// Brackets within brackets.
const DEPTH_MAX: usize = 20;

/// A place in a text.
pub(super) struct Cursor<'a> {
    /// What the text is, such as `select parameter`.
    what: &'static str,
    text: &'a str,
    /// In bytes.
    at: usize,
    depth: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(what: &'static str, text: &'a str) -> Self {
        Self { what, text, at: 0, depth: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest().is_empty()
    }

    /// Goes on behind this text, where it stands here.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let is_here = self.rest().starts_with(text);
        if is_here {
            self.at += text.len();
        }
        is_here
    }

    /// The symbols from here on that are such.
    pub(super) fn take(&mut self, is_such: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|symbol| !is_such(symbol)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    pub(super) fn blanks(&mut self) {
        self.take(|symbol| matches!(symbol, ' ' | '\t'));
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<()> {
        if self.eat(text) { Ok(()) } else { Err(self.unexpected(&format!("\"{text}\""))) }
    }

    pub(super) fn end(&self) -> Result<()> {
        if self.is_at_end() { Ok(()) } else { Err(self.unexpected("end of input")) }
    }

    /// Tries one way of reading; where it fails, this is as before.
    pub(super) fn attempt<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.at;
        let found = read(self);
        if found.is_none() {
            self.at = before;
        }
        found
    }

    /// Reads what stands in brackets, separated by commas; at least one.
    pub(super) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        self.blanks();
        self.expect("(")?;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.fault(format!("more than {DEPTH_MAX} brackets within each other")));
        }
        let items = self.items(&mut item)?;
        self.expect(")")?;
        self.blanks();
        self.depth -= 1;
        Ok(items)
    }

    /// Reads what is separated by commas; at least one.
    pub(super) fn items<T>(&mut self, item: &mut impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = Vec::new();
        loop {
            items.push(item(self)?);
            if !self.eat(",") {
                return Ok(items);
            }
        }
    }

    /// A name: in double quotes, or of letters, digits, `_`, `$`, blanks inside and hyphens.
    pub(super) fn name(&mut self) -> Result<String> {
        if let Some(quoted) = self.attempt(Self::quoted) {
            return Ok(quoted);
        }
        let rest = self.rest();
        let is_part = |(index, symbol): (usize, char)| {
            symbol.is_alphanumeric()
                || matches!(symbol, '_' | '$' | ' ')
                || symbol == '-' && !rest[index..].starts_with("->")
        };
        let length = rest.char_indices().find(|part| !is_part(*part)).map_or(rest.len(), |(index, _)| index);
        let name = rest[..length].trim();
        if name.is_empty() {
            return Err(self.unexpected("field name (* or [a..z0..9_$])"));
        }
        self.at += length;
        Ok(name.to_owned())
    }

    /// A text in double quotes, in which a backslash stands before what is meant as it is.
    pub(super) fn quoted(&mut self) -> Option<String> {
        let mut symbols = self.rest().char_indices();
        symbols.next().filter(|(_, symbol)| *symbol == '"')?;
        let mut text = String::new();
        loop {
            match symbols.next()? {
                (index, '"') => {
                    self.at += index + 1;
                    return Some(text);
                }
                (_, '\\') => text.push(symbols.next()?.1),
                (_, symbol) => text.push(symbol),
            }
        }
    }

    pub(super) fn unexpected(&self, expected: &str) -> Error {
        let found = self.peek().map_or_else(|| "end of input".to_owned(), |symbol| format!("\"{symbol}\""));
        self.fault(format!("unexpected {found} expecting {expected}"))
    }

    /// The error of this place.
    pub(super) fn fault(&self, details: String) -> Error {
        let column = self.text[..self.at].chars().count() + 1;
        let Self { what, text, .. } = self;
        Error::syntax(format!("\"failed to parse {what} ({text})\" (line 1, column {column})"), details)
    }
}
