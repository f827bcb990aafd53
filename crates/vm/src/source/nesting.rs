//! Measures how deep a text nests before the parser sees it.
//!
//! The parser recurses, and an overflowing stack ends the process. So this computes an upper bound of
//! its depth from the tokens alone: everything in a statement may hold everything after it, unless a
//! comma, a semicolon or a closing bracket shows that it has ended. Ordinary files come out at a few
//! hundred; the bound only has to hold, not to be tight. It also keeps the time within bounds.

use super::language::Language;
use super::tokens::{Reading, Token, Tokens};

/// Deepest nesting compiled, in tokens that may hold each other. Each costs some stack, see
/// `on_own_stack`.
pub(super) const DEPTH_MAX: usize = 30_000;

/// Most brackets within each other. Code written by people has a few dozen; some of the checks take
/// the square or the cube of it.
pub(super) const BRACKETS_MAX: usize = 256;

/// Most effort, see [`Meter::effort`]: a file at the limit takes a few seconds.
const EFFORT_MAX: usize = 80_000_000;

/// What a token costs for each `<` and `? (` that is open around it, where a bracket costs 1.
const TRY_EFFORT: usize = 4;

/// Most tokens read; a text that has two readings in places is read both ways from there.
const TOKENS_PER_BYTE: usize = 8;
const TOKENS_MIN: usize = 1_000_000;

const TOO_AMBIGUOUS: &str = "too many `/` up to here may be divisions as well as regular expressions: \
     put brackets around them";
const ESCAPED_LETTER: &str = "a name with an escape for a plain letter: write the letter itself";

/// Why a text is not given to the parser.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) offset: usize,
    pub(super) message: String,
}

/// Returns an upper bound of the parser's depth on this text, whichever way it can be read.
pub(super) fn depth_max(text: &str, language: Language) -> Result<usize, Refusal> {
    let is_typescript = language.is_typescript;
    let mut ways = vec![(Tokens::new(text, is_typescript), Meter { is_typescript, ..Meter::default() })];
    let mut deepest = 0;
    let mut tokens_left = TOKENS_MIN + TOKENS_PER_BYTE * text.len();
    while let Some((mut tokens, mut meter)) = ways.pop() {
        while let Some(token) = tokens.next() {
            let refuse = |message| Err(Refusal { offset: tokens.offset().saturating_sub(1), message });
            tokens_left = match tokens_left.checked_sub(1) {
                Some(less) => less,
                None => return refuse(TOO_AMBIGUOUS.to_owned()),
            };
            if token == Token::EscapedLetter {
                return refuse(ESCAPED_LETTER.to_owned());
            }
            if token == Token::Doubt {
                let mut other = tokens.clone();
                other.choose(Reading::Text);
                ways.push((other, meter.clone()));
                tokens.choose(Reading::Code);
                continue;
            }
            meter.count(token);
            if let Some(message) = meter.complaint() {
                return refuse(message);
            }
        }
        deepest = deepest.max(meter.deepest);
    }
    Ok(deepest)
}

/// What is open within one bracket.
#[derive(Debug, Default, Clone, Copy)]
struct Level {
    /// Tokens that hold what follows up to the end of the statement.
    statement: usize,
    /// Tokens that hold what follows up to the next comma.
    expression: usize,
    /// What was open before the last semicolon: an `else` or a `while` takes it up again.
    ended: usize,
    angles: usize,
    questions: usize,
}

impl Level {
    fn depth(&self) -> usize {
        self.statement + self.expression
    }

    fn tries(&self) -> usize {
        self.angles + self.questions
    }

    fn hold(&mut self) {
        self.statement += self.expression + 1;
        self.expression = 0;
    }

    fn end_statement(&mut self) {
        *self = Self { ended: self.depth(), ..Self::default() };
    }
}

#[derive(Debug, Default, Clone)]
struct Meter<'a> {
    is_typescript: bool,
    level: Level,
    outer: Vec<Level>,
    /// Sums over `outer`.
    outer_depth: usize,
    outer_tries: usize,
    last: Option<Token<'a>>,
    before_last: Option<Token<'a>>,
    deepest: usize,
    /// A measure of the time which the parser and its checks take: every token is read again for what
    /// is open around it. TypeScript's `a < b` and `a ? (b) : c => d` are tried as types first, with all
    /// that follows them, which is slow when they pile up.
    effort: usize,
}

impl<'a> Meter<'a> {
    fn count(&mut self, token: Token<'a>) {
        self.count_question(token);
        self.add(token);
        self.deepest = self.deepest.max(self.outer_depth + self.level.depth());
        let tries = if self.is_typescript { self.outer_tries + self.level.tries() } else { 0 };
        self.effort += self.outer.len() + TRY_EFFORT * tries;
        self.before_last = self.last.replace(token);
    }

    fn complaint(&self) -> Option<String> {
        if self.deepest > DEPTH_MAX {
            return Some(format!("the code nests too deeply: more than {DEPTH_MAX} levels up to here"));
        }
        if self.outer.len() > BRACKETS_MAX {
            let message = format!("the code nests too deeply: more than {BRACKETS_MAX} brackets are open");
            return Some(message);
        }
        (self.effort > EFFORT_MAX).then(|| {
            let what = if self.is_typescript { "compile it to JavaScript first" } else { "split it" };
            format!("too much of the file lies within brackets and `<` up to here: {what}")
        })
    }

    fn add(&mut self, token: Token<'a>) {
        match token {
            Token::Doubt | Token::EscapedLetter => {}
            Token::Open(_) => self.open(),
            Token::Close(_) => self.close(),
            Token::Word(word) => self.word(word),
            Token::Sign(';') => self.level.end_statement(),
            Token::Sign(',') => {
                self.level.expression = 0;
                self.level.questions = 0;
            }
            Token::Sign('<') if self.is_typescript => {
                self.level.hold();
                self.level.angles += 1;
            }
            Token::Sign('>') if self.last != Some(Token::Sign('=')) => {
                self.level.expression += 1;
                self.level.angles = self.level.angles.saturating_sub(1);
            }
            Token::Sign(':') if self.ends_label() => self.level.hold(),
            Token::Sign(_) | Token::Literal => self.level.expression += 1,
        }
    }

    /// `? (`, `? <` and `? async` may begin the parameters of an arrow function.
    fn count_question(&mut self, token: Token<'a>) {
        let begins = matches!(token, Token::Open('(') | Token::Sign('<') | Token::Word("async"));
        if begins && self.last == Some(Token::Sign('?')) {
            self.level.questions += 1;
        }
    }

    fn open(&mut self) {
        self.level.expression += 1;
        self.outer_depth += self.level.depth();
        self.outer_tries += self.level.tries();
        self.outer.push(std::mem::take(&mut self.level));
    }

    fn close(&mut self) {
        if let Some(level) = self.outer.pop() {
            self.level = level;
            self.outer_depth -= level.depth();
            self.outer_tries -= level.tries();
        }
        self.level.expression += 1;
    }

    fn word(&mut self, word: &str) {
        let is_member = self.last == Some(Token::Sign('.'));
        if self.last == Some(Token::Sign(';')) && matches!(word, "else" | "while") {
            self.level.statement = self.level.ended;
        }
        if self.last == Some(Token::Close('}')) && begins_statement(word) {
            self.level.end_statement();
        }
        if !is_member && holds_statement(word) {
            self.level.hold();
        } else {
            self.level.expression += 1;
        }
    }

    /// Whether the `:` ends a label, as in `a: b: for (…)`; those of objects and types do not nest.
    fn ends_label(&self) -> bool {
        let begins = match self.before_last {
            None | Some(Token::Close('}' | ')') | Token::Open('{') | Token::Sign(';' | ':')) => true,
            Some(Token::Word(word)) => matches!(word, "else" | "do"),
            _ => false,
        };
        begins && matches!(self.last, Some(Token::Word(_)))
    }
}

/// Words after which a whole statement or class may follow.
fn holds_statement(word: &str) -> bool {
    matches!(
        word,
        "if" | "else"
            | "for"
            | "while"
            | "do"
            | "with"
            | "switch"
            | "try"
            | "catch"
            | "finally"
            | "class"
            | "extends"
            | "implements"
    )
}

/// Words that behind a `}` show that what it belongs to has ended.
fn begins_statement(word: &str) -> bool {
    matches!(
        word,
        "function"
            | "async"
            | "class"
            | "static"
            | "var"
            | "const"
            | "return"
            | "throw"
            | "if"
            | "for"
            | "switch"
            | "try"
            | "import"
            | "export"
    )
}
