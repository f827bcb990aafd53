//! Splits a text into tokens, just well enough to measure its nesting before the parser sees it.
//!
//! What counts is never to mistake code for the inside of a string, a comment or a regular
//! expression, for then nesting would go unseen. Where only a parser could tell the two apart the
//! reader stops at a [`Token::Doubt`], and whoever asks has it go on both ways. Where no parser could
//! go on, as at a string without an end or brackets that do not match, the tokens end.

use super::position::is_line_terminator;

/// One token; the text of words is kept, as keywords matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    /// A number, string, regular expression, or the end of a template.
    Literal,
    /// One of `( [ {`; also `{` for the `${` in a template.
    Open(char),
    /// One of `) ] }`.
    Close(char),
    /// Any other character of code, one at a time.
    Sign(char),
    /// A name with an escape for a plain letter, which could hide a keyword.
    EscapedLetter,
    /// What follows has two readings: [`Tokens::choose`] one.
    Doubt,
}

/// How to go on behind a [`Token::Doubt`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// A `/` divides; `<!--` and `-->` are operators.
    Code,
    /// A `/` begins a regular expression; `<!--` and `-->` begin a comment.
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Square,
    /// `(`; whether a statement follows its end, as after `if (…)`.
    Round {
        heads_statement: bool,
    },
    /// `{`; whether it is surely the block of a statement.
    Curly {
        is_block: bool,
    },
    Template,
}

/// What the next `/` begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slash {
    Division,
    RegExp,
    Unknown,
}

/// An iterator over the tokens of a text.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    is_typescript: bool,
    brackets: Vec<Bracket>,
    slash: Slash,
    /// Whether a line ended since the last token.
    newline: bool,
    /// The last two tokens, latest first.
    last: Last<'a>,
    before_last: Last<'a>,
    /// Whether the last `}` ended a `${`, so that template text follows.
    in_template: bool,
    /// How to read what the last doubt was about.
    reading: Option<Reading>,
}

type Last<'a> = Option<Token<'a>>;

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str, is_typescript: bool) -> Self {
        let at = if text.starts_with("#!") { text.find(is_line_terminator).unwrap_or(text.len()) } else { 0 };
        Self {
            text,
            at,
            is_typescript,
            brackets: Vec::new(),
            slash: Slash::RegExp,
            newline: true,
            last: None,
            before_last: None,
            in_template: false,
            reading: None,
        }
    }

    /// The byte offset behind the last token.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    /// Keeps the last two tokens, for what depends on them.
    fn emit(&mut self, token: Token<'a>) -> Token<'a> {
        self.before_last = self.last.replace(token);
        self.newline = false;
        token
    }

    /// Decides what a [`Token::Doubt`] left open.
    pub(super) fn choose(&mut self, reading: Reading) {
        self.reading = Some(reading);
    }

    fn token(&mut self) -> Option<Token<'a>> {
        if !self.skip_blanks() {
            return Some(Token::Doubt);
        }
        let character = self.peek()?;
        match character {
            '"' | '\'' => self.string(character),
            '`' => {
                self.bump();
                self.template()
            }
            '(' | '[' | '{' => Some(self.open(character)),
            ')' | ']' | '}' => self.close(character),
            '/' => self.slash(),
            '0'..='9' => Some(self.number()),
            _ if is_word_part(character) || character == '\\' => self.word(),
            _ => Some(self.sign(character)),
        }
    }

    /// Skips white space and comments. False if an HTML-like comment may begin here: only in scripts
    /// it does.
    fn skip_blanks(&mut self) -> bool {
        loop {
            let rest = self.rest();
            let is_html = rest.starts_with("<!--") || (self.newline && rest.starts_with("-->"));
            if rest.starts_with("//") || (is_html && self.reading == Some(Reading::Text)) {
                self.reading = None;
                self.at += rest.find(is_line_terminator).unwrap_or(rest.len());
            } else if let Some(inside) = rest.strip_prefix("/*") {
                let length = inside.find("*/").map_or(rest.len(), |end| end + 4);
                self.newline |= rest[..length].contains(is_line_terminator);
                self.at += length;
            } else if is_html {
                return self.reading.take().is_some();
            } else {
                match self.peek() {
                    Some(blank) if is_blank(blank) => {
                        self.newline |= is_line_terminator(blank);
                        self.bump();
                    }
                    _ => return true,
                }
            }
        }
    }

    fn string(&mut self, quote: char) -> Option<Token<'a>> {
        self.bump();
        loop {
            match self.peek() {
                None | Some('\n' | '\r') => return None,
                Some('\\') => {
                    self.bump();
                    self.at += if self.rest().starts_with("\r\n") { 1 } else { 0 };
                }
                Some(character) if character == quote => {
                    self.bump();
                    self.slash = Slash::Division;
                    return Some(self.emit(Token::Literal));
                }
                Some(_) => {}
            }
            self.bump();
        }
    }

    /// The text of a template up to its end or to its next `${`.
    fn template(&mut self) -> Option<Token<'a>> {
        loop {
            match self.peek() {
                None => return None,
                Some('\\') => self.bump(),
                Some('`') => {
                    self.bump();
                    self.slash = Slash::Division;
                    return Some(self.emit(Token::Literal));
                }
                Some('$') if self.rest().starts_with("${") => {
                    self.at += 2;
                    self.brackets.push(Bracket::Template);
                    self.slash = Slash::RegExp;
                    return Some(self.emit(Token::Open('{')));
                }
                Some(_) => {}
            }
            self.bump();
        }
    }

    fn open(&mut self, character: char) -> Token<'a> {
        let bracket = match character {
            '[' => Bracket::Square,
            '(' => Bracket::Round { heads_statement: self.heads_statement() },
            _ => Bracket::Curly { is_block: self.begins_block() },
        };
        self.bump();
        self.brackets.push(bracket);
        self.slash = Slash::RegExp;
        self.emit(Token::Open(character))
    }

    /// Whether the words before `(` make it the head of a statement: `if (…)`, `for await (…)`.
    fn heads_statement(&self) -> bool {
        match (self.before_last, self.last) {
            (Some(Token::Sign('.')), _) => false,
            (Some(Token::Word("for")), Some(Token::Word("await"))) => true,
            (_, Some(Token::Word(word))) => matches!(word, "if" | "while" | "for" | "with"),
            _ => false,
        }
    }

    /// Whether `{` follows the head of a statement. Set by the `)` before it: only there a regular
    /// expression may follow a `)`.
    fn begins_block(&self) -> bool {
        match self.last {
            Some(Token::Close(')')) => self.slash == Slash::RegExp,
            Some(Token::Word("else")) => self.before_last != Some(Token::Sign('.')),
            _ => false,
        }
    }

    fn close(&mut self, character: char) -> Option<Token<'a>> {
        self.bump();
        let opened = self.brackets.pop()?;
        self.in_template = opened == Bracket::Template;
        self.slash = match (opened, character) {
            (Bracket::Square, ']') | (Bracket::Round { heads_statement: false }, ')') => Slash::Division,
            (Bracket::Round { heads_statement: true }, ')') => Slash::RegExp,
            (Bracket::Curly { is_block: true }, '}') => Slash::RegExp,
            (Bracket::Curly { is_block: false } | Bracket::Template, '}') => Slash::Unknown,
            _ => return None,
        };
        Some(self.emit(Token::Close(character)))
    }

    fn slash(&mut self) -> Option<Token<'a>> {
        // Behind a line break even an operand may be the end of a statement, or of a type.
        let is_open = self.slash == Slash::Unknown || (self.slash == Slash::Division && self.newline);
        match self.reading.take() {
            Some(Reading::Code) => Some(self.sign('/')),
            Some(Reading::Text) => self.reg_exp(),
            None if is_open => Some(self.open_slash()),
            None if self.slash == Slash::RegExp => self.reg_exp(),
            None => Some(self.sign('/')),
        }
    }

    /// A `/` with two readings. Often one of them cannot be, or they come to the same.
    fn open_slash(&mut self) -> Token<'a> {
        let Some(length) = reg_exp_length(self.rest()) else {
            return self.sign('/');
        };
        let (inside, behind) = self.rest().split_at(length);
        let is_inert =
            length <= INERT_BYTES_MAX && !inside.contains(['"', '\'', '`', '(', ')', '[', ']', '{', '}']);
        if !is_inert || behind.starts_with(['/', '*']) {
            return Token::Doubt;
        }
        self.at += length;
        self.slash = Slash::Unknown;
        self.emit(Token::Literal)
    }

    fn reg_exp(&mut self) -> Option<Token<'a>> {
        self.at += reg_exp_length(self.rest())?;
        while self.peek().is_some_and(is_word_part) {
            self.bump();
        }
        self.slash = Slash::Division;
        Some(self.emit(Token::Literal))
    }

    fn number(&mut self) -> Token<'a> {
        while self.peek().is_some_and(|c| is_word_part(c) || c == '.') {
            self.bump();
        }
        self.slash = Slash::Division;
        self.emit(Token::Literal)
    }

    fn word(&mut self) -> Option<Token<'a>> {
        let start = self.at;
        loop {
            match self.peek() {
                Some('\\') => {
                    let (character, length) = escaped_character(self.rest())?;
                    if character.is_ascii() {
                        return Some(Token::EscapedLetter);
                    }
                    self.at += length;
                }
                Some(character) if is_word_part(character) => self.bump(),
                _ => break,
            }
        }
        let word = &self.text[start..self.at];
        let is_member = self.last == Some(Token::Sign('.'));
        self.slash = if is_member { Slash::Division } else { slash_after_word(word, self.is_typescript) };
        Some(self.emit(Token::Word(word)))
    }

    fn sign(&mut self, character: char) -> Token<'a> {
        let doubled = matches!(character, '+' | '-') && self.rest()[1..].starts_with(character);
        let on_line = self.slash == Slash::Division && !self.newline;
        self.slash = match character {
            // Behind an operand and on its line these belong to it: `a++`, and in TypeScript `a!`.
            '+' | '-' if doubled && on_line => Slash::Division,
            '+' | '-' if doubled && self.slash == Slash::Unknown => Slash::Unknown,
            _ if self.is_typescript => self.slash_after_typescript_sign(character, on_line),
            _ => Slash::RegExp,
        };
        self.bump();
        if doubled {
            self.bump();
        }
        self.emit(Token::Sign(character))
    }

    /// In TypeScript some signs may end a type: `f<T>`, `T?`, `*`; and `a!` is an operand.
    fn slash_after_typescript_sign(&self, character: char, on_line: bool) -> Slash {
        match character {
            '!' if on_line && !self.rest().starts_with("!=") => Slash::Division,
            '!' if self.slash == Slash::Unknown => Slash::Unknown,
            '>' if self.last != Some(Token::Sign('=')) => Slash::Unknown,
            '?' if self.last != Some(Token::Sign('?')) => Slash::Unknown,
            '*' if self.slash != Slash::Division => Slash::Unknown,
            _ => Slash::RegExp,
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let token = if std::mem::take(&mut self.in_template) { self.template() } else { self.token() };
        if token.is_none() {
            self.at = self.text.len();
        }
        token
    }
}

/// Longest regular expression that may be taken for a division as well without being read twice.
const INERT_BYTES_MAX: usize = 64;

/// The length of the regular expression which the text begins with, up to its second `/`.
fn reg_exp_length(text: &str) -> Option<usize> {
    let (mut in_class, mut escaped) = (false, false);
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if is_line_terminator(character) => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The character of a `\uXXXX` or `\u{X}`, and the length of that.
fn escaped_character(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("\\u")?;
    let (digits, length) = match digits.strip_prefix('{') {
        Some(inside) => {
            let end = inside.find('}')?;
            (&inside[..end], end + 4)
        }
        None => (digits.get(..4)?, 6),
    };
    let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
    Some((character, length))
}

fn is_blank(character: char) -> bool {
    character.is_whitespace() || character == '\u{feff}'
}

fn is_word_part(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character, '_' | '$' | '#')
        || (!character.is_ascii() && !is_blank(character))
}

/// Keywords that want an operand; most other words are one.
fn slash_after_word(word: &str, is_typescript: bool) -> Slash {
    match word {
        "void" if is_typescript => Slash::Unknown,
        "return" | "typeof" | "instanceof" | "in" | "new" | "delete" | "void" | "throw" | "case" | "do"
        | "else" | "extends" | "default" => Slash::RegExp,
        "await" | "yield" | "of" => Slash::Unknown,
        _ => Slash::Division,
    }
}
