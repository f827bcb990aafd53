//! Errors of either database, told apart by what they mean for Fermata.

use std::error::Error;
use std::sync::Arc;

/// An error of the database. Clones are cheap.
#[derive(Debug, Clone)]
pub struct DbError {
    kind: DbErrorKind,
    source: Arc<dyn Error + Send + Sync>,
}

/// What an error of the database means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DbErrorKind {
    /// A row with this key exists.
    Conflict,
    /// The row to be changed is not there.
    Missing,
    /// The values break a rule of the schema.
    Refused,
    /// The disk has no room left.
    Full,
    /// The disk fails, or may not be written.
    Disk,
    /// The database file may not be written.
    ReadOnly,
    /// The database is damaged, or none.
    Corrupt,
    /// The database cannot be reached, or stopped in the middle.
    Unavailable,
    /// Others stood in the way; the same again can succeed.
    Busy,
    /// The login was refused.
    Login,
    /// There is no such database.
    NoDatabase,
    /// Another process or node has taken over what was to be written.
    Deposed,
    /// This commit was made before, though nobody was told.
    Committed,
    /// A cell holds what nothing could have written there.
    Damaged,
    /// Anything else.
    Other,
}

impl DbError {
    /// An error of this kind.
    pub(crate) fn new(kind: DbErrorKind, source: impl Error + Send + Sync + 'static) -> Self {
        Self { kind, source: Arc::new(source) }
    }

    /// The error for a cell of column `at`, counted from 0, that holds what its type cannot be.
    pub(crate) fn damaged(at: usize, source: impl Error + Send + Sync + 'static) -> Self {
        Self::new(DbErrorKind::Damaged, Damaged { at, source: Box::new(source) })
    }

    /// What it means.
    pub fn kind(&self) -> DbErrorKind {
        self.kind
    }
}

impl std::fmt::Display for DbError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.source, f)
    }
}

impl Error for DbError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.source()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("column {at} of a row is damaged")]
struct Damaged {
    at: usize,
    source: Box<dyn Error + Send + Sync>,
}
