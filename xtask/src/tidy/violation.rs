//! One place where a rule is not kept.

use std::fmt;

/// Where, and what is wrong there.
#[derive(Debug)]
pub(super) struct Violation {
    /// The file, from the repository's root.
    pub(super) path: String,
    /// The line, counted from 1.
    pub(super) line: usize,
    /// What is wrong.
    pub(super) message: String,
    /// Shown, but nothing fails for it.
    pub(super) is_warning: bool,
}

impl Violation {
    /// A rule is broken.
    pub(super) fn error(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into(), is_warning: false }
    }

    /// A rule may soon be broken.
    pub(super) fn warning(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { is_warning: true, ..Self::error(path, line, message) }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_warning { "warning: " } else { "" };
        write!(f, "{}:{}: {kind}{}", self.path, self.line, self.message)
    }
}
