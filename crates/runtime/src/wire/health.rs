//! Health and counters over the wire.

use fermata_store as store;
use serde::Serialize;
use utoipa::ToSchema;

/// How the server is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health<'a> {
    /// `ok`, or `stopping`.
    #[schema(value_type = String, example = "ok")]
    pub(crate) status: &'static str,
    /// The server's version.
    pub(crate) version: &'a str,
    /// Counters of the store.
    pub(crate) store: StoreStats,
    /// Counters of the engine.
    #[schema(value_type = serde_json::Value)]
    pub(crate) engine: fermata_engine::Stats,
}

/// Counters since the server started.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stats {
    /// Counters of the engine.
    #[schema(value_type = serde_json::Value)]
    pub(crate) engine: fermata_engine::Stats,
    /// Counters of the store.
    pub(crate) store: StoreStats,
}

/// What the store has written since the server started.
#[derive(Serialize, ToSchema)]
pub(crate) struct StoreStats {
    /// Transactions committed.
    commits: u64,
    /// Groups of changes written.
    groups: u64,
    /// Changes in those groups.
    changes: u64,
    /// Rows written after merging the changes of one row.
    rows_written: u64,
    /// Statements sent, reading ones included, where the database is a server.
    statements: u64,
    /// Times an answer of the database was waited for, where it is a server.
    round_trips: u64,
    /// Present size of the database and its write-ahead log.
    size_bytes: u64,
}

impl From<store::Stats> for StoreStats {
    fn from(stats: store::Stats) -> Self {
        Self {
            commits: stats.commits,
            groups: stats.groups,
            changes: stats.changes,
            rows_written: stats.rows_written,
            statements: stats.statements,
            round_trips: stats.round_trips,
            size_bytes: stats.size_bytes,
        }
    }
}
