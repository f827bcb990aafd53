//! What can go wrong with the store: at opening, writing and reading.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::db_error::{DbError, DbErrorKind};
use crate::objects::ObjectsError;
use crate::open::DatabaseUrl;

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
        source: DbError,
    },
    /// The server of the database does not answer.
    #[error("the database {url} cannot be reached")]
    Unreachable {
        /// The database.
        url: DatabaseUrl,
        /// Why not.
        #[source]
        source: DbError,
    },
    /// The server does not accept the user or the password.
    #[error("the database {url} refuses the login: check user and password")]
    Login {
        /// The database.
        url: DatabaseUrl,
        /// The server's reason.
        #[source]
        source: DbError,
    },
    /// The server has no such database.
    #[error("there is no such database: {url}; make it with createdb")]
    NoDatabase {
        /// The database.
        url: DatabaseUrl,
        /// The server's reason.
        #[source]
        source: DbError,
    },
    /// The server is older than what Fermata needs.
    #[error("the database {url} is PostgreSQL {found}; Fermata needs 15 or later")]
    OldServer {
        /// The database.
        url: DatabaseUrl,
        /// The server's version.
        found: String,
    },
    /// The place for objects makes no sense, or cannot be made.
    #[error("the object store cannot be opened")]
    Objects {
        /// Why not.
        #[source]
        source: ObjectsError,
    },
    /// The database was written by an older version.
    #[error(
        "the database has schema {found}, this version of Fermata needs {known}; \
         bring it up to date with: fermata migrate up"
    )]
    OlderSchema {
        /// The newest migration in the database.
        found: u32,
        /// The newest migration this program knows.
        known: u32,
    },
    /// The PostgreSQL server refused something else.
    #[error("cannot {action} the database {url}")]
    Server {
        /// What was attempted.
        action: &'static str,
        /// The database.
        url: DatabaseUrl,
        /// The server's reason.
        #[source]
        source: DbError,
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

    /// Names an error of the database file.
    pub(crate) fn database(action: &'static str, path: impl Into<PathBuf>, source: DbError) -> Self {
        let path = path.into();
        match source.kind() {
            DbErrorKind::ReadOnly => Self::ReadOnly { path, source: Arc::new(source) },
            DbErrorKind::Full => Self::Full { path, source: Arc::new(source) },
            DbErrorKind::Corrupt => Self::Corrupt { path, reason: source.to_string() },
            _ => Self::Database { action, path, source },
        }
    }

    /// Names an error of a PostgreSQL server.
    pub(crate) fn server(action: &'static str, url: &DatabaseUrl, source: DbError) -> Self {
        let url = url.clone();
        match source.kind() {
            DbErrorKind::Unavailable | DbErrorKind::Busy => Self::Unreachable { url, source },
            DbErrorKind::Login => Self::Login { url, source },
            DbErrorKind::NoDatabase => Self::NoDatabase { url, source },
            _ => Self::Server { action, url, source },
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
        source: DbError,
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
        source: DbError,
    },
    /// The disk is full or failing. Later groups may succeed.
    #[error("the disk did not take the changes")]
    Io {
        /// The database's reason.
        #[source]
        source: DbError,
    },
    /// The database cannot be reached, or stopped in the middle. Whether the changes were written is
    /// not known. Later groups may succeed.
    #[error("the database cannot be reached")]
    Unavailable {
        /// The database's reason.
        #[source]
        source: DbError,
    },
    /// Another process has taken the store over; nothing can be written here any more.
    #[error("another process has taken over the store")]
    Deposed,
    /// The object store did not take a payload; nothing was written.
    #[error("the object store did not take the payload")]
    Objects {
        /// The object store's reason.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// A group before it in its chain was not written.
    #[error("a change before it was not written")]
    CutOff,
    /// The store is closed.
    #[error("the store is closed")]
    Closed,
    /// The database failed in another way.
    #[error("the database did not take the changes")]
    Database {
        /// The database's reason.
        #[source]
        source: DbError,
    },
}

impl CommitError {
    /// Names a database error met while writing a `what`.
    pub(crate) fn naming(what: &'static str, source: DbError) -> Self {
        match source.kind() {
            DbErrorKind::Conflict => Self::Conflict { what, source },
            DbErrorKind::Refused => Self::Refused { what, source },
            DbErrorKind::Missing => Self::Missing { what },
            _ => Self::transaction(source),
        }
    }

    /// Names a database error that has nothing to do with one row.
    pub(crate) fn transaction(source: DbError) -> Self {
        match source.kind() {
            DbErrorKind::Full | DbErrorKind::Disk | DbErrorKind::ReadOnly => Self::Io { source },
            DbErrorKind::Unavailable => Self::Unavailable { source },
            DbErrorKind::Deposed => Self::Deposed,
            _ => Self::Database { source },
        }
    }

    /// Whether the fault lies in the changes, so that other groups are not touched by it.
    pub(crate) fn is_of_the_changes(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Missing { .. } | Self::Refused { .. } | Self::CutOff)
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
        source: DbError,
    },
    /// A row holds what nothing could have written there.
    #[error("the ledger's {what} are damaged")]
    Damaged {
        /// What was to be read.
        what: &'static str,
        /// Where and how.
        #[source]
        source: DbError,
    },
    /// The database cannot be reached. The same again may succeed.
    #[error("the database cannot be reached")]
    Unavailable {
        /// Why not.
        #[source]
        source: DbError,
    },
    /// A payload cannot be had from the object store.
    #[error("the object store does not give a payload")]
    Objects {
        /// The object store's reason.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
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
    pub(crate) fn naming(what: &'static str) -> impl FnOnce(DbError) -> Self {
        move |source| match source.kind() {
            DbErrorKind::Damaged => Self::Damaged { what, source },
            DbErrorKind::Unavailable => Self::Unavailable { source },
            _ => Self::Database { what, source },
        }
    }
}

/// What nobody needs any more could not be removed. The same again may succeed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// It could not be found out what that is.
    #[error("cannot find what is to be removed")]
    Read {
        /// Why not.
        #[source]
        source: ReadError,
    },
    /// The ledger still has it.
    #[error("cannot remove rows from the ledger")]
    Commit {
        /// Why.
        #[source]
        source: CommitError,
    },
    /// The object store cannot be gone through, or still has it.
    #[error("cannot remove objects from the object store")]
    Objects {
        /// Why not.
        #[source]
        source: ObjectsError,
    },
}
