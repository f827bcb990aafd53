//! The database behind a store, whichever it is.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::db_error::DbError;
use crate::folder::Folder;
use crate::postgres::connection::Server;
use crate::postgres::lease::News;
use crate::postgres::writer::NodeKey;
use crate::sql::Read;
use crate::{postgres, sqlite};

/// How the database is read.
#[expect(clippy::large_enum_variant, reason = "a process has one")]
pub(crate) enum Backend {
    Sqlite(sqlite::readers::Readers),
    Postgres(Shared),
}

/// A database that nodes share, and this node among them.
pub(crate) struct Shared {
    pub(crate) readers: postgres::readers::Readers,
    pub(crate) server: Server,
    pub(crate) node: NodeKey,
    /// How long this node may be silent.
    pub(crate) lease: Duration,
    /// This node may write nothing more.
    pub(crate) deposed: Arc<AtomicBool>,
    /// The store is being closed.
    pub(crate) closing: Arc<AtomicBool>,
    /// What the lease learns, for whoever asks.
    pub(crate) news: Arc<News>,
    /// Signs of life are being given.
    pub(crate) gives_signs: AtomicBool,
}

impl Shared {
    pub(crate) fn new(server: Server, node: NodeKey, lease: Duration) -> Self {
        Self {
            readers: postgres::readers::Readers::new(server.clone()),
            server,
            node,
            lease,
            deposed: Arc::default(),
            closing: Arc::default(),
            news: Arc::default(),
            gives_signs: AtomicBool::new(false),
        }
    }
}

impl Backend {
    /// The embedded database of a folder.
    pub(crate) fn sqlite(folder: &Arc<Folder>) -> Self {
        Self::Sqlite(sqlite::readers::Readers::new(folder.database()))
    }

    /// Runs `query` on a connection of its own. It may run twice, when a connection is lost.
    pub(crate) fn read<T>(
        &self,
        mut query: impl FnMut(&mut dyn Read) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        match self {
            Self::Sqlite(readers) => {
                let reader = readers.take().map_err(sqlite::named)?;
                query(&mut sqlite::Reading(&reader))
            }
            Self::Postgres(shared) => shared.readers.with(|connection| query(connection)),
        }
    }

    /// Closes the connections that nobody uses.
    pub(crate) fn close(&self) {
        match self {
            Self::Sqlite(readers) => readers.close(),
            Self::Postgres(shared) => shared.readers.close(),
        }
    }
}
