//! What can go wrong with the store: at opening, writing and reading.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;

/// The folder cannot be used as a store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the folder open.
    #[error("the folder {folder:?} is in use by another Fermata process{}", holder(*.pid))]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The other process, when it left its number.
        pid: Option<u32>,
    },
    /// Nothing may be written there.
    #[error("no permission to write {path:?}")]
    ReadOnly {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The disk has no room left.
    #[error("no room left on the disk for {path:?}")]
    Full {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The operating system refused something else.
    #[error("cannot {action} {path:?}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        #[source]
        source: io::Error,
    },
    /// The database file is damaged or no database.
    #[error("{path:?} is damaged or not a database: {reason}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The database was written by a newer version.
    #[error(
        "the database has schema {found}, newer than the {known} this version of Fermata knows; \
         use the version that wrote it, or a newer one"
    )]
    NewerSchema {
        /// The newest migration in the database.
        found: u32,
        /// The newest migration this program knows.
        known: u32,
    },
    /// The master key does not open the workspaces.
    #[error("the master key is not the one this database was made with")]
    WrongMasterKey,
    /// The database exists and its master key does not.
    #[error("the master key is missing: {path:?} is not there and no key was given")]
    MasterKeyMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The master key's file holds something else.
    #[error("{path:?} does not hold a master key (64 hex digits)")]
    MasterKeyMalformed {
        /// The file.
        path: PathBuf,
    },
    /// The database refused something else.
    #[error("cannot {action} {path:?}")]
    Database {
        /// What was attempted.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The database's reason.
        #[source]
        source: rusqlite::Error,
    },
}

fn holder(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

impl OpenError {
    /// Names an operating system error.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path, source: Arc::new(source) }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { path, source: Arc::new(source) }
            }
            _ => Self::Io { action, path, source },
        }
    }

    /// Names a database error.
    pub(crate) fn database(action: &'static str, path: impl Into<PathBuf>, source: rusqlite::Error) -> Self {
        let path = path.into();
        match source.sqlite_error_code() {
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::ReadOnly { path, source: Arc::new(source) }
            }
            Some(ErrorCode::DiskFull) => Self::Full { path, source: Arc::new(source) },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { path, reason: source.to_string() }
            }
            _ => Self::Database { action, path, source },
        }
    }
}

/// A group of changes was not written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// A row with this key exists.
    #[error("this {what} exists already")]
    Conflict {
        /// What the row is, such as `run`.
        what: &'static str,
        /// The database's reason.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The row to be changed does not exist.
    #[error("there is no such {what}")]
    Missing {
        /// What the row is, such as `run`.
        what: &'static str,
    },
    /// The values break a rule of the schema.
    #[error("this {what} breaks a rule of the ledger")]
    Refused {
        /// What the row is, such as `run`.
        what: &'static str,
        /// The database's reason.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// The disk is full or failing. Later groups may succeed.
    #[error("the disk did not take the changes")]
    Io {
        /// The database's reason.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// Another process has taken the store over; nothing can be written here any more.
    #[error("another process has taken over the store")]
    Deposed,
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// The database failed in another way.
    #[error("the database did not take the changes")]
    Database {
        /// The database's reason.
        #[source]
        source: Arc<rusqlite::Error>,
    },
}

impl CommitError {
    /// Names a database error met while writing a `what`.
    pub(crate) fn naming(what: &'static str, error: rusqlite::Error) -> Self {
        use rusqlite::ffi::{
            SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_ROWID, SQLITE_CONSTRAINT_UNIQUE,
        };
        let Some(failure) = error.sqlite_error().copied() else {
            return Self::Refused { what, source: Arc::new(error) };
        };
        let source = Arc::new(error);
        match (failure.code, failure.extended_code) {
            (_, SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_ROWID) => {
                Self::Conflict { what, source }
            }
            (ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch, _) => {
                Self::Refused { what, source }
            }
            _ => Self::transaction_failure(source),
        }
    }

    /// Names a database error that has nothing to do with one row.
    pub(crate) fn transaction(error: rusqlite::Error) -> Self {
        Self::transaction_failure(Arc::new(error))
    }

    fn transaction_failure(source: Arc<rusqlite::Error>) -> Self {
        match source.sqlite_error_code() {
            Some(
                ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::OutOfMemory,
            ) => Self::Io { source },
            _ => Self::Database { source },
        }
    }

    /// Whether the fault lies in the changes, so that other groups are not touched by it.
    pub(crate) fn is_of_the_changes(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Missing { .. } | Self::Refused { .. })
    }
}

/// Something could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The database failed.
    #[error("cannot read {what} from the ledger")]
    Database {
        /// What was to be read.
        what: &'static str,
        /// The database's reason.
        #[source]
        source: rusqlite::Error,
    },
    /// A row holds what nothing could have written there.
    #[error("the ledger's {what} are damaged")]
    Damaged {
        /// What was to be read.
        what: &'static str,
        /// Where and how.
        #[source]
        source: rusqlite::Error,
    },
    /// There is no such workspace.
    #[error("there is no workspace {0}")]
    NoWorkspace(fermata_model::WorkspaceId),
    /// The workspace's key does not open.
    #[error("the key of workspace {workspace} does not open")]
    Key {
        /// The workspace.
        workspace: fermata_model::WorkspaceId,
        /// Why not.
        #[source]
        source: fermata_model::seal::Broken,
    },
}

impl ReadError {
    /// Names a database error met while reading `what`.
    pub(crate) fn naming(what: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| match source {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Damaged { what, source },
            _ => Self::Database { what, source },
        }
    }
}
