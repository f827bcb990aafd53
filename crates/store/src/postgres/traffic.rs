//! What is sent to the server, counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters over all connections of a store.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    statements: AtomicU64,
    round_trips: AtomicU64,
}

impl Traffic {
    /// Statements are sent.
    pub(crate) fn sent(&self, statements: u64) {
        self.statements.fetch_add(statements, Ordering::Relaxed);
    }

    /// The server is waited for once.
    pub(crate) fn waited(&self) {
        self.round_trips.fetch_add(1, Ordering::Relaxed);
    }

    /// Statements sent so far.
    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Times the server was waited for so far.
    pub(crate) fn round_trips(&self) -> u64 {
        self.round_trips.load(Ordering::Relaxed)
    }
}
