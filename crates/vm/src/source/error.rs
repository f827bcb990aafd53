//! A mistake in a task's text, at its place.

use super::position::{Position, snippet};

/// Why a text cannot be a task, with the place to look at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file_name}:{line}:{column}: {message}")]
pub struct SourceError {
    /// The file, as it was named at the call.
    pub file_name: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong, and where it helps what to do.
    pub message: String,
    /// The source line (shortened if it is long), and a caret below the column.
    pub snippet: Option<String>,
}

impl SourceError {
    /// A mistake at a byte offset of the source.
    pub(super) fn at(file_name: &str, source: &str, offset: usize, message: impl Into<String>) -> Self {
        let position = Position::of(source, offset);
        Self {
            file_name: file_name.to_owned(),
            line: position.line,
            column: position.column,
            message: message.into(),
            snippet: Some(snippet(source, offset)),
        }
    }

    /// A mistake of the file as a whole.
    pub(super) fn at_start(file_name: &str, message: impl Into<String>) -> Self {
        Self { file_name: file_name.to_owned(), line: 1, column: 1, message: message.into(), snippet: None }
    }
}
