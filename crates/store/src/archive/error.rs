//! What can go wrong with archives.

use std::io;
use std::path::PathBuf;

use crate::db_error::DbError;
use crate::error::OpenError;
use crate::objects::ObjectsError;

/// An archive was not made, is not whole, or was not restored.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The folder or the database cannot be used.
    #[error(transparent)]
    Place(#[from] OpenError),
    /// There is nothing to back up.
    #[error("there is no ledger in {place}")]
    NoLedger {
        /// The folder or the database.
        place: String,
    },
    /// The ledger was written by an older version.
    #[error("the ledger has schema {found}, this version of Fermata needs {known}")]
    OlderLedger {
        /// The newest migration in the database.
        found: u32,
        /// The newest migration this program knows.
        known: u32,
    },
    /// What would be copied may change meanwhile.
    #[error("the node {node} is at work on {place}")]
    AtWork {
        /// The node's name.
        node: String,
        /// The database.
        place: String,
    },
    /// There is such a file already.
    #[error("{path:?} exists")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The archive's file cannot be read or written.
    #[error("cannot {action} {path:?}")]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: io::Error,
    },
    /// The file is something else.
    #[error("{path:?} is not an archive of Fermata")]
    NotAnArchive {
        /// The file.
        path: PathBuf,
    },
    /// The archive has another format.
    #[error("{path:?} is an archive of format {found}; this version of Fermata reads format {known}")]
    OtherFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: String,
        /// The format this program knows.
        known: u32,
    },
    /// The archive was made by a newer version.
    #[error(
        "{path:?} has schema {found}, newer than the {known} this version of Fermata knows; \
         use the version that made it ({program}), or a newer one"
    )]
    NewerArchive {
        /// The file.
        path: PathBuf,
        /// The archive's schema.
        found: u32,
        /// The newest migration this program knows.
        known: u32,
        /// The version that made it.
        program: String,
    },
    /// The end of the archive is missing.
    #[error("{path:?} is cut short: its end is missing")]
    Cut {
        /// The file.
        path: PathBuf,
    },
    /// The archive is not what was written.
    #[error("{path:?} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// Something is there already.
    #[error("{place} is not empty: it has {found}")]
    NotEmpty {
        /// The folder, database or place of objects.
        place: String,
        /// What it has.
        found: String,
    },
    /// A table cannot be read.
    #[error("cannot read the table {table}")]
    Read {
        /// The table.
        table: String,
        /// The database's reason.
        #[source]
        source: DbError,
    },
    /// A table cannot be written.
    #[error("cannot write the table {table}")]
    Write {
        /// The table.
        table: String,
        /// The database's reason.
        #[source]
        source: DbError,
    },
    /// The objects cannot be read or written.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// What was written is not what is found.
    #[error("what was written to {place} differs from what was read: {what}")]
    ReadBack {
        /// The folder, database or place of objects.
        place: String,
        /// Where they differ.
        what: String,
    },
}

impl ArchiveError {
    /// Names an error of the archive's file.
    pub(super) fn file(action: &'static str, path: &std::path::Path, source: io::Error) -> Self {
        Self::File { action, path: path.into(), source }
    }
}
